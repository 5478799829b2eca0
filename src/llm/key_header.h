// Keys that are sent as the value of an HTTP header. Internal to this room.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/result.h"
#include "llm/wire.h"

namespace cortex::llm {

// A key with a line end or another control character would write headers of its own. The message
// does not show it.
inline Status check_key(std::string_view key) {
  const bool plain = std::ranges::all_of(key, [](char c) { return c > ' ' && c < '\x7F'; });
  return plain ? Status() : invalid_request("the API key has characters that no key has");
}

}  // namespace cortex::llm
