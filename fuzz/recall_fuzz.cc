// Search: whatever text or payload comes in, tokens lie inside the text in order, the same text
// gives the same terms, what is written reads back, and snippets are well-formed with ranges apart.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "fuzz/require.h"
#include "retrieval/analyzer.h"
#include "retrieval/codec.h"
#include "retrieval/content.h"
#include "retrieval/document.h"
#include "retrieval/query.h"
#include "retrieval/snippet.h"

namespace {

using cortex::fuzz::require;
namespace retrieval = cortex::retrieval;

void check_tokens(std::string_view text) {
  retrieval::Analyzer analyzer;
  std::vector<retrieval::Token> tokens, again;
  analyzer.analyze(text, tokens);
  std::uint32_t begin = 0;
  for (const retrieval::Token& token : tokens) {
    require(token.begin >= begin && token.begin < token.end && token.end <= text.size());
    require(token.term <= retrieval::kTermMask);
    begin = token.begin;
  }
  analyzer.analyze(text, again);
  require(again.size() == tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) require(again[i].term == tokens[i].term);
}

void check_query(std::string_view text) {
  retrieval::Analyzer analyzer;
  const retrieval::Query query = retrieval::parse_query(analyzer, text, 1'700'000'000);
  require(query.text.size() <= retrieval::kQueryBytesMax);
  require(query.terms.size() <= retrieval::kQueryTermsMax);
  for (const retrieval::TimeSpan& span : query.times) require(span.from <= span.until);
  std::vector<retrieval::Term> terms;
  for (const auto& term : query.terms) terms.push_back(term.term);
  const auto snippet = retrieval::make_snippet(analyzer, text, terms, 40);
  require(cortex::is_valid_utf8(snippet.text));
  std::size_t before = 0;
  for (const auto& [from, to] : snippet.ranges) {
    require(before <= from && from < to && to <= snippet.text.size());
    before = to;
  }
}

void check_document(std::string_view text) {
  retrieval::DocumentMaker maker;
  retrieval::EventRow row;
  row.payload_json = text;
  const retrieval::Document& made = maker.make(row);
  const std::string forward = retrieval::write_forward(made.length, made.terms);
  std::uint16_t length = 0;
  std::vector<retrieval::DocTerm> terms;
  const auto bytes = std::as_bytes(std::span(forward.data(), forward.size()));
  require(retrieval::read_forward(bytes, length, terms));
  require(length == made.length && terms == made.terms);
  retrieval::Content claim;
  retrieval::read_claim(text, claim);
  require(claim.text == text);
}

void check_decoders(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  std::uint16_t length = 0;
  std::vector<retrieval::DocTerm> terms;
  static_cast<void>(retrieval::read_forward(bytes, length, terms));
  constexpr std::uint32_t kFirst = 10, kDocs = 70'000;
  retrieval::PostingReader reader(bytes, kFirst, kDocs);
  retrieval::PostingBlock block;
  std::uint32_t last = kFirst;
  while (reader.next(block)) {
    require(block.size > 0 && block.size <= retrieval::kBlockPostings);
    for (std::size_t i = 0; i < block.size; ++i) {
      require(block.docs[i] >= last && block.docs[i] < kFirst + kDocs);
      last = block.docs[i];
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_tokens(text);
  check_query(text);
  check_document(text);
  check_decoders(text);
  return 0;
}
