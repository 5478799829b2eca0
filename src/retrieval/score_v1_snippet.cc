#include "retrieval/score_v1_snippet.h"

#include <algorithm>

#include "retrieval/unicode.h"

namespace cortex::retrieval {
namespace {

constexpr std::size_t kCharsBefore = 40;
constexpr std::size_t kCharsMax = 240;
constexpr std::size_t kTermBytesMin = 2;

using ByteRange = std::pair<std::size_t, std::size_t>;

// Text without case, and for every byte of it the place in the original it comes from.
struct Folded {
  std::string text;
  std::vector<std::size_t> origin;  // one more than bytes: the last is the original's size
};

Folded fold(std::string_view text) {
  Folded out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_at(text, at);
    append_folded(out.text, c.value, false);
    out.origin.resize(out.text.size(), at);
    at += c.size;
  }
  out.origin.push_back(text.size());
  return out;
}

bool is_part_of_word(char32_t c) { return classify(c) != CharClass::kSpace; }

std::vector<std::string> terms_of(std::string_view query) {
  std::vector<std::string> terms;
  std::string word;
  const auto finish = [&] {
    if (word.size() >= kTermBytesMin) {
      std::string term = folded(word, false);
      if (std::ranges::find(terms, term) == terms.end()) terms.push_back(std::move(term));
    }
    word.clear();
  };
  for (std::size_t at = 0; at < query.size();) {
    const CodePoint c = decode_at(query, at);
    if (is_part_of_word(c.value)) {
      word += query.substr(at, c.size);
    } else {
      finish();
    }
    at += c.size;
  }
  finish();
  return terms;
}

// Where the clusters begin, and the end of the text.
std::vector<std::size_t> clusters_of(std::string_view text) {
  std::vector<std::size_t> out;
  for (std::size_t at = 0; at < text.size(); at = std::max(at + 1, grapheme_end(text, at))) {
    out.push_back(at);
  }
  out.push_back(text.size());
  return out;
}

std::size_t first_match(const Folded& claim, const std::vector<std::string>& terms) {
  std::size_t first = std::string::npos;
  for (const std::string& term : terms) first = std::min(first, claim.text.find(term));
  return first == std::string::npos ? 0 : claim.origin[first];
}

// The byte behind the character that the folded byte before `end` comes from.
std::size_t origin_end(const Folded& folded_text, std::size_t end) {
  const std::size_t last = folded_text.origin[end - 1];
  std::size_t at = end;
  while (folded_text.origin[at] == last && at + 1 < folded_text.origin.size()) ++at;
  return folded_text.origin[at];
}

std::vector<ByteRange> ranges_in(std::string_view window, const std::vector<std::string>& terms) {
  const Folded text = fold(window);
  std::vector<ByteRange> found;
  for (const std::string& term : terms) {
    for (std::size_t at = text.text.find(term); at != std::string::npos;
         at = text.text.find(term, at + term.size())) {
      found.emplace_back(text.origin[at], origin_end(text, at + term.size()));
    }
  }
  std::ranges::stable_sort(found, {}, &ByteRange::first);
  std::vector<ByteRange> merged;
  for (const ByteRange& range : found) {
    if (!merged.empty() && range.first < merged.back().second) {
      merged.back().second = std::max(merged.back().second, range.second);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

}  // namespace

SnippetV1 snippet_v1(std::string_view claim, std::string_view query) {
  const std::vector<std::string> terms = terms_of(query);
  const std::size_t match = first_match(fold(claim), terms);
  const std::vector<std::size_t> clusters = clusters_of(claim);
  const auto behind = std::ranges::upper_bound(clusters, match);
  const auto at = static_cast<std::size_t>(behind - clusters.begin()) - 1;
  const std::size_t start = at > kCharsBefore ? at - kCharsBefore : 0;
  const std::size_t end = std::min(start + kCharsMax, clusters.size() - 1);
  SnippetV1 out;
  out.window = claim.substr(clusters[start], clusters[end] - clusters[start]);
  out.truncated = start > 0 || clusters[end] < claim.size();
  out.ranges = ranges_in(out.window, terms);
  return out;
}

}  // namespace cortex::retrieval
