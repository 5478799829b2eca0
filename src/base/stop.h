// Being called off: whoever asked for a long operation may lose interest in it. The operation looks
// at its token between two blocks, rows or requests, where stopping leaves nothing half done, and
// ends with kCalledOffToken. A token that nobody can stop, the default, costs a null check.
#pragma once

#include <stop_token>
#include <string_view>

#include "base/result.h"

namespace cortex {

inline constexpr std::string_view kCalledOffToken = "called_off";

inline Error called_off() {
  return make_error(Code::kPrecondition, "the operation was called off",
                    "nothing was changed that the ledger does not hold",
                    "ask again if it is wanted", kCalledOffToken);
}

// An error once the operation was called off.
inline Status go_on(const std::stop_token& stop) {
  if (stop.stop_requested()) return called_off();
  return {};
}

}  // namespace cortex
