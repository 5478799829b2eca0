// "file:" URIs for SQLite.
#pragma once

#include <string>
#include <string_view>

namespace cortex::sqlite {

// A URI that SQLite opens as exactly the file `path` (relative or absolute, any bytes but NUL), so
// that no character of a path ('?', '#', '%', a leading colon) is read as syntax. `query` is
// appended as is ("mode=ro&immutable=1") and may be empty.
std::string file_uri(std::string_view path, std::string_view query);

}  // namespace cortex::sqlite
