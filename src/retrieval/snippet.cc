#include "retrieval/snippet.h"

#include <algorithm>

#include "base/text.h"
#include "retrieval/unicode.h"

namespace cortex::retrieval {
namespace {

using ByteSpan = std::pair<std::size_t, std::size_t>;
constexpr std::size_t kContextBytes = 60;  // shown before the first match

// Ill-formed bytes as U+FFFD, so that what follows works on well-formed text.
std::string well_formed(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_at(text, at);
    append_utf8(out, c.value);
    at += c.size;
  }
  return out;
}

// A cluster border at or before `at`: two ASCII characters are never one cluster, but for CR LF.
std::size_t sure_border(std::string_view text, std::size_t at) {
  for (; at > 0; --at) {
    if (at == text.size()) continue;
    const auto before = static_cast<unsigned char>(text[at - 1]);
    const auto here = static_cast<unsigned char>(text[at]);
    if (before < 0x80 && here < 0x80 && !(before == '\r' && here == '\n')) break;
  }
  return at;
}

std::size_t border_before(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  std::size_t border = sure_border(text, at);
  for (;;) {
    const std::size_t next = grapheme_end(text, border);
    if (next > at) return border;
    border = next;
  }
}

std::size_t border_after(std::string_view text, std::size_t at) {
  const std::size_t border = border_before(text, at);
  return border == at ? at : grapheme_end(text, border);
}

bool is_whitespace(char c) { return c == ' ' || c == '\n' || c == '\t'; }

// Start of the window of `bytes_max` bytes that holds the most different terms; ties: the first.
std::size_t best_start(const std::vector<Token>& matches, std::size_t bytes_max) {
  std::size_t best = 0, best_count = 0;
  std::vector<Term> seen;
  constexpr std::size_t kMatchesMax = 2000;
  const std::size_t count = std::min(matches.size(), kMatchesMax);
  for (std::size_t i = 0; i < count; ++i) {
    seen.clear();
    for (std::size_t j = i; j < count && matches[j].end - matches[i].begin <= bytes_max; ++j) {
      if (std::ranges::find(seen, matches[j].term) == seen.end()) seen.push_back(matches[j].term);
    }
    if (seen.size() > best_count) {
      best_count = seen.size();
      best = matches[i].begin;
    }
  }
  return best;
}

struct Window {
  std::size_t begin, end;
};

Window window_of(std::string_view text, std::size_t first_match, std::size_t bytes_max) {
  const std::size_t context = std::min(kContextBytes, bytes_max / 4);
  std::size_t begin = 0;
  if (first_match > context && text.size() > bytes_max) {
    begin = first_match - context;
    begin = std::min(begin, text.size() - bytes_max);
    const std::size_t blank = text.find_first_of(" \n\t", begin);
    if (begin > 0 && blank < first_match) begin = blank + 1;
    begin = border_before(text, begin);
  }
  std::size_t end = begin;
  while (end < text.size()) {
    const std::size_t next = grapheme_end(text, end);
    if (next - begin > bytes_max && end > begin) break;
    end = next;
  }
  if (end < text.size()) {
    std::size_t blank = end;
    while (blank > begin && !is_whitespace(text[blank - 1])) --blank;
    if (blank > begin + (end - begin) / 2 && sure_border(text, blank) == blank) end = blank;
  }
  return {begin, end};
}

}  // namespace

Snippet make_snippet(Analyzer& analyzer, std::string_view text, std::span<const Term> terms,
                     std::size_t bytes_max) {
  const bool searched_all = text.size() <= kSnippetSearched;
  const std::string clean = well_formed(text.substr(0, kSnippetSearched));
  std::vector<Token> tokens, matches;
  analyzer.analyze(clean, tokens);
  for (const Token& token : tokens) {
    if (std::ranges::find(terms, token.term) != terms.end()) matches.push_back(token);
  }
  const Window window = window_of(clean, best_start(matches, bytes_max), bytes_max);
  Snippet out;
  out.text = clean.substr(window.begin, window.end - window.begin);
  out.cut_before = window.begin > 0;
  out.cut_after = window.end < clean.size() || !searched_all;
  for (const Token& match : matches) {
    if (match.begin < window.begin || match.end > window.end) continue;
    const ByteSpan range{border_before(clean, match.begin) - window.begin,
                         border_after(clean, match.end) - window.begin};
    if (range.second > out.text.size() || range.first >= range.second) continue;
    if (!out.ranges.empty() && range.first <= out.ranges.back().second) {
      out.ranges.back().second = std::max(out.ranges.back().second, range.second);
    } else {
      out.ranges.push_back(range);
    }
  }
  return out;
}

}  // namespace cortex::retrieval
