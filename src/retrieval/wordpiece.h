// Text to the row numbers of a token vocabulary: words and punctuation, folded as search folds
// them, cut greedily into the longest known pieces (WordPiece: Schuster and Nakajima 2012; Devlin
// et al. 2019). Words that cannot be cut are left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace cortex::retrieval {

class Vocabulary {
 public:
  // `tokenizer.json` of the library tokenizers: its model must be WordPiece. `vocab.txt`: a token a
  // line, whose number is its row. Errors: kUsage.
  static Result<Vocabulary> from_tokenizer_json(std::string_view text);
  static Result<Vocabulary> from_lines(std::string_view text);

  // Appends the rows of the tokens of `text`, at most kTokensMax in all.
  void tokenize(std::string_view text, std::vector<std::uint32_t>& rows) const;
  // The highest row that a token names.
  std::uint32_t last_row() const { return last_row_; }

 private:
  static constexpr std::size_t kTokensMax = 4096;
  static constexpr std::size_t kWordBytesMax = 400;

  Status add(std::string token, std::uint64_t row);
  void cut(std::string_view word, std::vector<std::uint32_t>& rows) const;

  std::unordered_map<std::string, std::uint32_t> rows_;
  std::string continuing_ = "##";  // in front of pieces that do not begin a word
  bool fold_ = true;
  std::size_t longest_ = 0;  // bytes
  std::uint32_t last_row_ = 0;
};

}  // namespace cortex::retrieval
