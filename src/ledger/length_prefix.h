// Numbers and lengths in what is hashed or signed, highest byte first.
#pragma once

#include <climits>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cortex::ledger {

// All bytes of the type: eight of a std::uint64_t.
template <std::unsigned_integral Number>
void append_big_endian(std::string& out, Number n) {
  for (std::size_t shift = sizeof n * CHAR_BIT; shift > 0; shift -= CHAR_BIT) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(n >> (shift - CHAR_BIT))));
  }
}

// lp(x) of docs/formats.md: u64be(len(x)) x.
inline void append_sized(std::string& out, std::string_view text) {
  append_big_endian(out, std::uint64_t{text.size()});
  out.append(text);
}

}  // namespace cortex::ledger
