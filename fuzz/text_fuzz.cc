// Text helpers: encodings are inverse to each other and strict, UTF-8 is what the standard says,
// and quoted() is safe to print whatever it is given.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "fuzz/require.h"

namespace {

using cortex::fuzz::require;
using Bytes = std::vector<std::uint8_t>;

// Encoders: what they write reads back.
void check_bytes(std::span<const std::uint8_t> data) {
  const Bytes bytes(data.begin(), data.end());
  const std::string hex = cortex::to_hex(data);
  require(cortex::is_lower_hex(hex) && hex.size() == 2 * data.size());
  require(cortex::from_hex(hex) == bytes);
  const std::string standard = cortex::to_base64(data);
  require(standard.size() == (data.size() + 2) / 3 * 4);
  require(cortex::from_base64(standard) == bytes);
  const std::string url = cortex::to_base64url(data);
  require(url.find_first_of("+/=") == std::string::npos);
  require(cortex::from_base64url(url) == bytes);
}

// Decoders: what they accept is what the encoder writes (base64url: up to unused bits).
void check_decoding(std::string_view text) {
  if (const auto bytes = cortex::from_hex(text)) require(cortex::to_hex(*bytes) == text);
  if (const auto bytes = cortex::from_base64(text)) require(cortex::to_base64(*bytes) == text);
  if (const auto bytes = cortex::from_base64url(text)) {
    const std::string again = cortex::to_base64url(*bytes);
    require(again.size() == text.size());
    require(cortex::from_base64url(again) == bytes);
    const std::size_t whole = bytes->size() / 3 * 4;
    require(again.substr(0, whole) == text.substr(0, whole));
  }
}

// Decodes one scalar value by the definition of UTF-8; 0 bytes when there is none.
std::size_t scalar_size(std::string_view text, std::uint32_t& value) {
  const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  const std::size_t size = lead < 0x80             ? 1
                           : (lead & 0xE0) == 0xC0 ? 2
                           : (lead & 0xF0) == 0xE0 ? 3
                           : (lead & 0xF8) == 0xF0 ? 4
                                                   : 0;
  if (size == 0 || size > text.size()) return 0;
  value = size == 1 ? lead : lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xC0U) != 0x80U) return 0;
    value = value << 6U | (at(i) & 0x3FU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  return value < kLeast[size] || value > 0x10FFFF || surrogate ? 0 : size;
}

void check_utf8(std::string_view text) {
  std::string copy;
  std::size_t used = 0;
  while (used < text.size()) {
    std::uint32_t value = 0;
    const std::size_t size = scalar_size(text.substr(used), value);
    if (size == 0) break;
    cortex::append_utf8(copy, value);
    used += size;
  }
  require(cortex::is_valid_utf8(text) == (used == text.size()));
  require(copy == text.substr(0, used));
}

void check_quoted(std::string_view text, std::size_t bytes_max) {
  const std::string out = cortex::quoted(text, bytes_max);
  require(out.size() >= 2 && out.front() == '"' && out.back() == '"');
  require(cortex::fuzz::is_printable(out) && out.find('\n') == std::string::npos);
  const std::string_view inside = std::string_view(out).substr(1, out.size() - 2);
  for (std::size_t i = 0; i < inside.size(); ++i) {
    require(inside[i] != '"');
    if (inside[i] == '\\') require(++i < inside.size());
  }
  require(inside.size() <= 6 * bytes_max + 3);
}

void check_shapes(std::string_view text) {
  const std::string_view inner = cortex::trim(text);
  require(cortex::trim(inner) == inner);
  require(text.find(inner) != std::string_view::npos);
  const char separator = text.empty() ? ',' : text.front();
  std::string joined;
  for (const std::string_view part : cortex::split(text, separator)) {
    require(part.find(separator) == std::string_view::npos);
    joined += cortex::cat(part, separator);
  }
  joined.pop_back();
  require(joined == text);
  const std::string lower = cortex::to_lower_ascii(text);
  require(lower.size() == text.size() && cortex::to_lower_ascii(lower) == lower);
  require(cortex::is_valid_utf8(lower) == cortex::is_valid_utf8(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_bytes({data, size});
  check_decoding(text);
  check_utf8(text);
  check_quoted(text, 200);
  check_quoted(text, size == 0 ? 0 : data[0]);
  check_shapes(text);
  return 0;
}
