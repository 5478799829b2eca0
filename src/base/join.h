// Texts one after another with something in between.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace cortex {

// join({"a", "b"}, ", ") is "a, b". Of any range whose elements `text_of` makes texts of.
template <class Range, class TextOf = std::identity>
std::string join(const Range& range, std::string_view separator, const TextOf& text_of = {}) {
  std::string out;
  bool is_first = true;
  for (const auto& one : range) {
    if (!is_first) out += separator;
    out += std::invoke(text_of, one);
    is_first = false;
  }
  return out;
}

}  // namespace cortex
