// Bech32 (BIP 173): text with a checksum for keys that people copy. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cortex::crypto {

// "age1..." for prefix "age"; lower case.
std::string to_bech32(std::string_view prefix, std::span<const std::uint8_t> bytes);

struct Bech32 {
  std::string prefix;  // lower case
  std::vector<std::uint8_t> bytes;
};
// Either case, not mixed; no limit of 90 characters, as age has none. Nullopt for everything else:
// another character, a wrong checksum, bits left over that are not zero.
std::optional<Bech32> from_bech32(std::string_view text);

}  // namespace cortex::crypto
