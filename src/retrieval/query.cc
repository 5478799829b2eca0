#include "retrieval/query.h"

#include <algorithm>

#include "base/text.h"
#include "retrieval/document.h"
#include "retrieval/related_words.h"

namespace cortex::retrieval {
namespace {

Asks asked(std::string_view text) {
  const std::string lower = " " + to_lower_ascii(text.substr(0, 200)) + " ";
  const auto says = [&](std::string_view word) { return lower.find(word) != std::string::npos; };
  if (says(" when ") || says(" what date ") || says(" which month ") || says(" which year ") ||
      says(" what time ")) {
    return Asks::kWhen;
  }
  return says(" how many ") || says(" how long ") || says(" how much ") || says(" how old ") ||
                 says(" how often ")
             ? Asks::kHowMany
             : Asks::kOther;
}

}  // namespace

Query parse_query(Analyzer& analyzer, std::string_view text, std::int64_t now) {
  Query query;
  query.cut = text.size() > kQueryBytesMax;
  std::size_t size = std::min(text.size(), kQueryBytesMax);
  while (query.cut && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  query.text = text.substr(0, size);
  std::vector<Token> tokens;
  const Language language = analyzer.analyze(query.text, tokens);
  std::size_t small = 0;
  for (const Token& token : tokens) {
    small += token.stop ? 1 : 0;
    if (token.stop) continue;
    const auto same = std::ranges::find(query.terms, token.term, &QueryTerm::term);
    if (same != query.terms.end()) {
      ++same->count;
    } else if (query.terms.size() < kQueryTermsMax) {
      query.terms.push_back({token.term, token.field, token.begin, token.end, 1});
    }
  }
  query.only_small_words = query.terms.empty() && small > 0;
  std::vector<Term> names;
  for (QueryTerm& term : query.terms) {
    names.clear();
    analyzer.analyze_names(std::string_view(query.text).substr(term.begin, term.end - term.begin),
                           Field::kSpeaker, names);
    if (names.size() == 1) term.name = names.front();
  }
  names.clear();
  analyzer.analyze_names(query.text, Field::kSpeaker, names);
  for (std::size_t i = 0; i < std::min(names.size(), kQueryTermsMax); ++i) {
    query.names.push_back(name_fingerprint(names[i]));
  }
  if (language == Language::kEnglish) {
    query.related = related_words(analyzer, query.text, query.terms);
  }
  query.times = find_times(query.text, now);
  query.asks = asked(query.text);
  return query;
}

}  // namespace cortex::retrieval
