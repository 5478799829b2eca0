// The snippet of `memory search`: the stretch of a claim around the first match, with the places
// that matched. Matching ignores case in all scripts; cuts lie between what readers take for
// characters; ranges are bytes of the text as it is written, whatever case folding does to lengths.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cortex::retrieval {

struct SnippetV1 {
  std::string window;      // a stretch of the claim
  bool truncated = false;  // something was cut before or after it
  // Bytes of `window`, ascending; ranges that touch stay apart, ranges that overlap are one.
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
};

// O(claim) per term of the query.
SnippetV1 snippet_v1(std::string_view claim, std::string_view query);

}  // namespace cortex::retrieval
