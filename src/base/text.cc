#include "base/text.h"

#include <array>

namespace cortex {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\v\f";
constexpr std::string_view kHexDigits = "0123456789abcdef";

// Size in bytes of the character at `text[0]`, 0 when it is not well-formed UTF-8.
std::size_t character_size(std::string_view text) {
  for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (is_valid_utf8(text.substr(0, size))) return size;
  }
  return 0;
}

// Value of one well-formed character.
std::uint32_t decode(std::string_view character) {
  constexpr std::array<std::uint32_t, 5> kLeadMask = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t value = static_cast<unsigned char>(character[0]) & kLeadMask[character.size()];
  for (const char c : character.substr(1)) {
    value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  }
  return value;
}

// Characters that steer a terminal or reorder the line around them: C0, DEL, C1, line and
// paragraph separators, and the bidirectional controls.
bool is_unprintable(std::uint32_t c) {
  struct Range {
    std::uint32_t first, last;
  };
  constexpr Range kRanges[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C},
                               {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};
  for (const Range& range : kRanges) {
    if (c >= range.first && c <= range.last) return true;
  }
  return false;
}

void append_escape(std::string& out, std::uint32_t c) {
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += kHexDigits[(c >> shift) & 0xFU];
}

// What else Unicode calls white space: next line, no-break space, ogham space, the spaces of
// typography, line and paragraph separator, ideographic space.
constexpr std::string_view kWideBlanks[] = {"\u0085", "\u00A0", "\u1680", "\u2000", "\u2001",
                                            "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
                                            "\u2007", "\u2008", "\u2009", "\u200A", "\u2028",
                                            "\u2029", "\u202F", "\u205F", "\u3000"};

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

enum class Edge : std::uint8_t { kFront, kBack };

// Bytes of the white space at that edge of the text, 0 when there is none.
std::size_t blank_at(Edge edge, std::string_view text) {
  if (text.empty()) return 0;
  const char outermost = edge == Edge::kFront ? text.front() : text.back();
  if (is_ascii(outermost)) return kBlanks.contains(outermost) ? 1 : 0;
  for (const std::string_view blank : kWideBlanks) {
    if (edge == Edge::kFront ? text.starts_with(blank) : text.ends_with(blank)) return blank.size();
  }
  return 0;
}

}  // namespace

std::span<const std::string_view> wide_blanks() { return kWideBlanks; }

std::string_view trim(std::string_view text) {
  while (const std::size_t size = blank_at(Edge::kFront, text)) text.remove_prefix(size);
  while (const std::size_t size = blank_at(Edge::kBack, text)) text.remove_suffix(size);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string to_lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower_ascii(c);
  return out;
}

namespace {

// Appends `text` with everything that could steer a terminal as an escape, and `escaped` characters
// behind a backslash; cut after `bytes_max` with an ellipsis.
void append_neutralised(std::string& out, std::string_view text, std::string_view escaped,
                        std::size_t bytes_max) {
  std::size_t used = 0;
  while (used < text.size()) {
    const std::string_view rest = text.substr(used);
    const std::size_t size = character_size(rest);
    const std::size_t step = size == 0 ? 1 : size;
    if (used + step > bytes_max) {
      out += "\xE2\x80\xA6";
      return;
    }
    used += step;
    if (size == 0) {
      append_utf8(out, 0xFFFD);
      continue;
    }
    const std::string_view character = rest.substr(0, size);
    const std::uint32_t value = decode(character);
    if (is_unprintable(value)) {
      append_escape(out, value);
      continue;
    }
    if (size == 1 && escaped.find(character.front()) != std::string_view::npos) out += '\\';
    out += character;
  }
}

}  // namespace

std::string quoted(std::string_view text, std::size_t bytes_max) {
  std::string out = "\"";
  append_neutralised(out, text, "\"\\", bytes_max);
  out += '"';
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  append_neutralised(out, text, "", text.size());
  return out;
}

std::string with_thousands(std::uint64_t n) {
  std::string out = std::to_string(n);
  for (std::size_t at = out.size(); at > 3;) {
    at -= 3;
    out.insert(at, 1, ',');
  }
  return out;
}

std::string counted(std::uint64_t n, std::string_view noun) {
  return cat(with_thousands(n), " ", noun, n == 1 ? "" : "s");
}

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {" kB", " MB", " GB", " TB", " PB", " EB"};
  if (bytes < 1000) return cat(bytes, " B");
  std::uint64_t tenth = 100;  // bytes in a tenth of the unit
  for (std::size_t unit = 0;; ++unit, tenth *= 1000) {
    const std::uint64_t tenths = bytes / tenth + (bytes % tenth >= tenth / 2 ? 1 : 0);
    if (tenths >= 10'000 && unit + 1 < kUnits.size()) continue;
    return cat(tenths / 10, '.', tenths % 10, kUnits[unit]);
  }
}

}  // namespace cortex
