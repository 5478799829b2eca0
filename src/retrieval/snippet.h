// The part of a text that a hit shows, with the places that matched. All cuts lie between grapheme
// clusters, so that no character a reader sees is torn, whatever the script.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "retrieval/analyzer.h"

namespace cortex::retrieval {

struct Snippet {
  std::string text;  // a stretch of the original
  // Byte ranges of `text`, ascending, apart, begin < end.
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  bool cut_before = false, cut_after = false;
};

// Around the densest place of `terms` in `text`; its beginning when none is there. At most
// `bytes_max` bytes, or one grapheme cluster when that is longer. Ill-formed bytes become U+FFFD.
// O(text, up to kSnippetSearched bytes).
inline constexpr std::size_t kSnippetSearched = 256U << 10;
Snippet make_snippet(Analyzer& analyzer, std::string_view text, std::span<const Term> terms,
                     std::size_t bytes_max);

}  // namespace cortex::retrieval
