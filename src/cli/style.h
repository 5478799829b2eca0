// Words in colour and aligned columns, for people. Colour only where the terminal takes it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cortex::cli {

enum class Tint { kNone, kBold, kDim, kGood, kWarn, kBad };

std::string tinted(std::string_view text, Tint tint, bool colour);

// "events.jsonl   " : padded on the right to `width` columns, counted in code points.
std::string padded(std::string_view text, std::size_t width);
// printable(), but lines stay lines and tabs stay tabs.
std::string printable_lines(std::string_view text);
// Cut to `width` code points with an ellipsis at the end; nothing in it steers the terminal.
std::string fitted(std::string_view text, std::size_t width);

}  // namespace cortex::cli
