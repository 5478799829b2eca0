// The bearer token of the HTTP transport: in a private file, so that whoever may read it may come
// in. It stays the same from start to start, for the configuration of clients.
#pragma once

#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"

namespace cortex::mcp {

inline constexpr std::string_view kBearerFileName = "cortex_mcp_token";

// Reads the file; makes it, mode 0600, when it is missing. Errors: kPrecondition when others may
// read it, when it holds no token (32 to 512 letters, digits and -._~+/=), or cannot be made.
Result<std::string> bearer_token(fs::FileSystem& fs, Random& random, const std::string& path);

// Whether `given` is the token, which is not empty. Time depends on the length of `given` alone.
bool same_token(std::string_view token, std::string_view given);

}  // namespace cortex::mcp
