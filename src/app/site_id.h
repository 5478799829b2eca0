// `cortex_site_id`: which data folder this is. The deployment id says where it lies, which may be
// the same on many machines; this one is drawn at random when `init` makes the folder's files, and
// an intent to restore may be bound to it.
#pragma once

#include <optional>
#include <string>

#include "app/services.h"
#include "base/result.h"

namespace cortex::app {

// "site:" and 32 hexadecimal digits; nothing where `init` of an older version or another program
// made the folder. kPrecondition for a file that cannot be read or holds something else.
Result<std::optional<std::string>> read_site_id(Services& services, const std::string& data_dir);

// Draws one where there is none. It is there, whole and to last, when this returns.
Status make_site_id(Services& services, const std::string& data_dir);

}  // namespace cortex::app
