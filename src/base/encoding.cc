// Hex and base64.
#include <array>
#include <cstring>

#include "base/text.h"

namespace cortex {
namespace {

using Bytes = std::vector<std::uint8_t>;
using DecodeTable = std::array<std::uint8_t, 256>;

constexpr std::uint8_t kBadDigit = 0xFF;
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr DecodeTable table_of(std::string_view alphabet) {
  DecodeTable table{};
  table.fill(kBadDigit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}

// Both characters of each byte: one look-up a byte, for the two hashes of every row.
constexpr auto kHexPairs = [] {
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kHex[i >> 4U], kHex[i & 0x0FU]};
  return pairs;
}();

constexpr DecodeTable kFromHex = table_of(kHex);
constexpr DecodeTable kFromStandard = table_of(kStandard);
constexpr DecodeTable kFromUrl = table_of(kUrl);

std::uint8_t look_up(const DecodeTable& table, char c) {
  return table[static_cast<unsigned char>(c)];
}

std::string encode_64(std::span<const std::uint8_t> bytes, std::string_view alphabet, bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  const auto put = [&](std::uint32_t group, unsigned shift) {
    out.push_back(alphabet[(group >> shift) & 0x3FU]);
  };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group =
        static_cast<std::uint32_t>(bytes[i] << 16U | bytes[i + 1] << 8U) | bytes[i + 2];
    for (const unsigned shift : {18U, 12U, 6U, 0U}) put(group, shift);
  }
  const std::size_t rest = bytes.size() - i;
  if (rest == 0) return out;
  std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16U;
  if (rest == 2) group |= static_cast<std::uint32_t>(bytes[i + 1]) << 8U;
  put(group, 18);
  put(group, 12);
  if (rest == 2) put(group, 6);
  if (padded) out.append(3 - rest, '=');
  return out;
}

// `text` carries no padding. With `exact`, bits that belong to no byte must be zero.
std::optional<Bytes> decode_64(std::string_view text, const DecodeTable& table, bool exact) {
  if (text.size() % 4 == 1) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::uint8_t value = look_up(table, c);
    if (value == kBadDigit) return std::nullopt;
    group = (group << 6U) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::uint8_t>(group >> bits));
      group &= (1U << bits) - 1U;
    }
  }
  if (exact && group != 0) return std::nullopt;
  return out;
}

}  // namespace

void to_hex(std::span<const std::uint8_t> bytes, char* out) {
  for (const std::uint8_t b : bytes) {
    std::memcpy(out, kHexPairs[b].data(), 2);
    out += 2;
  }
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string out(bytes.size() * 2, '\0');
  to_hex(bytes, out.data());
  return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes out(text.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint8_t high = look_up(kFromHex, text[2 * i]);
    const std::uint8_t low = look_up(kFromHex, text[2 * i + 1]);
    if (high == kBadDigit || low == kBadDigit) return std::nullopt;
    out[i] = static_cast<std::uint8_t>(high << 4U | low);
  }
  return out;
}

bool is_lower_hex(std::string_view text) {
  for (const char c : text) {
    if (look_up(kFromHex, c) == kBadDigit) return false;
  }
  return true;
}

bool is_hash_hex(std::string_view text) {
  constexpr std::size_t kHashDigits = 64;
  return text.size() == kHashDigits && is_lower_hex(text);
}

std::string to_base64(std::span<const std::uint8_t> bytes) {
  return encode_64(bytes, kStandard, true);
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode_64(text, kFromStandard, true);
}

std::string to_base64url(std::span<const std::uint8_t> bytes) {
  return encode_64(bytes, kUrl, false);
}

std::optional<Bytes> from_base64url(std::string_view text) {
  return decode_64(text, kFromUrl, false);
}

}  // namespace cortex
