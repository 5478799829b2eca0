// Text to terms: words by Unicode class, case and compatibility folding, stemming by language,
// accents dropped; identifiers and paths as their parts and as a whole; scripts without blanks as
// overlapping pairs of characters.
//
//   "Caroline's naive parseHTTP src/app/x.cc" ->
//   carolin, naiv, pars, http, [parsehttp], src, app, x, cc, [src/app/x.cc]      ([] = whole)
//
// The result depends on the text alone. O(bytes); about 50 ns a word once its stem is cached. One
// Analyzer is used by one thread at a time; creating it costs nothing until it is used.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/stopwords.h"
#include "retrieval/term.h"

struct sb_stemmer;

namespace cortex::retrieval {

// Changes whenever the same text gives other terms: indexes of another version are rebuilt.
inline constexpr int kAnalyzerVersion = 1;
// Words are cut after this many bytes: nothing that a person types is longer.
inline constexpr std::size_t kWordBytesMax = 64;

struct Token {
  Term term = 0;
  std::uint32_t begin = 0, end = 0;  // bytes of the text
  Field field = Field::kBody;
  bool stop = false;  // a small word of the text's language
};

class Analyzer {
 public:
  Analyzer();
  ~Analyzer();
  Analyzer(const Analyzer&) = delete;
  Analyzer& operator=(const Analyzer&) = delete;

  // The tokens in order of `begin`; `out` is overwritten. Texts above 4 GiB are cut.
  Language analyze(std::string_view text, std::vector<Token>& out);
  // Folded, unstemmed words as terms of `field`: for names.
  void analyze_names(std::string_view text, Field field, std::vector<Term>& out);

 private:
  struct Word {
    std::uint32_t begin, end;
    bool ascii, unspaced, digits;
  };
  struct Cached {
    std::uint64_t key = 0;
    Term term = 0;
    bool stop = false;
  };

  void find_words(std::string_view text);
  void split_run(std::string_view text, std::size_t begin, std::size_t end);
  Language vote(std::string_view text);
  void emit(Language language, std::string_view text, std::vector<Token>& out);
  void emit_pairs(std::string_view text, const Word& word, std::vector<Token>& out);
  const Cached& stemmed(Language language, std::string_view raw, bool ascii);
  std::string_view stem(Language language, std::string_view word);

  std::array<sb_stemmer*, kLanguages> stemmers_{};
  std::vector<Cached> cache_;
  std::vector<Word> words_;
  std::vector<Word> wholes_;
  std::string scratch_;
};

}  // namespace cortex::retrieval
