#include "cli/style.h"

#include "base/text.h"

namespace cortex::cli {
namespace {

constexpr std::string_view kCodes[] = {"",         "\x1b[1m",  "\x1b[2m",
                                       "\x1b[32m", "\x1b[33m", "\x1b[31m"};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += is_continuation(c) ? 0U : 1U;
  return count;
}

}  // namespace

std::string tinted(std::string_view text, Tint tint, bool colour) {
  if (!colour || tint == Tint::kNone) return std::string(text);
  return cat(kCodes[static_cast<std::size_t>(tint)], text, "\x1b[0m");
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t used = code_points(text);
  return cat(text, std::string(used < width ? width - used : 0, ' '));
}

std::string printable_lines(std::string_view text) {
  std::string out;
  for (;;) {
    const std::size_t end = text.find_first_of("\n\t");
    out += printable(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += text[end];
    text.remove_prefix(end + 1);
  }
}

std::string fitted(std::string_view text, std::size_t width) {
  std::string safe = printable(text);
  if (code_points(safe) <= width) return safe;
  std::string out;
  std::size_t used = 0;
  for (const char c : safe) {
    if (!is_continuation(c) && ++used >= width) break;
    out += c;
  }
  return out + "\xE2\x80\xA6";
}

}  // namespace cortex::cli
