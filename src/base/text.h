// Text helpers: concatenation, hex, base64, UTF-8, splitting. Pure functions, no locale.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cortex {

namespace text_detail {
inline void append(std::string& out, std::string_view s) { out.append(s); }
inline void append(std::string& out, char c) { out.push_back(c); }
template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, char> && !std::is_same_v<T, bool>)
void append(std::string& out, T n) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, n).ptr;
  out.append(buffer, end);
}
}  // namespace text_detail

// cat("rows=", 3, ", path ", path): strings, characters and integers joined without separators.
template <class... Args>
std::string cat(const Args&... args) {
  std::string out;
  (text_detail::append(out, args), ...);
  return out;
}

// Lower-case hex, two characters a byte.
std::string to_hex(std::span<const std::uint8_t> bytes);
void to_hex(std::span<const std::uint8_t> bytes, char* out);  // writes 2 * bytes.size() characters
// Lower-case only; nullopt on any other character or an odd length.
std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);
bool is_lower_hex(std::string_view text);
bool is_hash_hex(
    std::string_view text);  // 64 of them: 32 bytes, such as an event_hash or a SHA-256

// RFC 4648. Standard alphabet, padded; decoding is strict about padding.
std::string to_base64(std::span<const std::uint8_t> bytes);
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);
// URL alphabet, unpadded. Decoding: length mod 4 != 1, '=' rejected, unused trailing bits ignored
// (docs/formats.md, 6.3).
std::string to_base64url(std::span<const std::uint8_t> bytes);
std::optional<std::vector<std::uint8_t>> from_base64url(std::string_view text);

// True when the bytes are well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
// O(n), fast on ASCII.
bool is_valid_utf8(std::string_view bytes);
// Appends the UTF-8 form of a Unicode scalar value.
void append_utf8(std::string& out, std::uint32_t code_point);

// White space at both ends goes: that of ASCII and wide_blanks().
std::string_view trim(std::string_view text);
// What else Unicode calls white space, each character in UTF-8.
std::span<const std::string_view> wide_blanks();
inline bool is_blank(std::string_view text) { return trim(text).empty(); }
std::vector<std::string_view> split(std::string_view text, char separator);
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char to_lower_ascii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string to_lower_ascii(std::string_view text);

// For messages: double quotes around, `"` and `\` escaped, control characters as \u00xx, cut after
// `bytes_max` (at a character border) with an ellipsis. Never prints a terminal escape.
std::string quoted(std::string_view text, std::size_t bytes_max = 200);
// The same without quotes, backslashes and limit: for columns of a table.
std::string printable(std::string_view text);

// "1 row", "0 rows", "1,234 rows".
std::string counted(std::uint64_t n, std::string_view noun);

// "1,234,567" and "12.3 MB" (decimal units, one fraction digit from 1 kB on), for people only.
std::string with_thousands(std::uint64_t n);
std::string human_bytes(std::uint64_t bytes);

}  // namespace cortex
