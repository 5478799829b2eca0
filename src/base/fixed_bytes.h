// Bytes of one length only: keys, hashes, signatures, as they come out of a decoder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cortex {

// The bytes as an array; nullopt when there are not exactly as many as it holds. Not for secrets:
// nobody wipes the copies. O(bytes).
template <class Array>
std::optional<Array> fixed_bytes(std::span<const std::uint8_t> bytes) {
  Array out{};
  if (bytes.size() != out.size()) return std::nullopt;
  std::ranges::copy(bytes, out.begin());
  return out;
}

// Of text: what a file holds.
template <class Array>
std::optional<Array> fixed_bytes(std::string_view text) {
  return fixed_bytes<Array>(
      std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

// What was decoded, if anything: fixed_bytes<crypto::PublicKey>(from_hex(text)).
template <class Array>
std::optional<Array> fixed_bytes(const std::optional<std::vector<std::uint8_t>>& decoded) {
  return decoded ? fixed_bytes<Array>(std::span<const std::uint8_t>(*decoded)) : std::nullopt;
}

}  // namespace cortex
