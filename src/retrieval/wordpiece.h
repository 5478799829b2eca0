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
  Vocabulary(Vocabulary&&) noexcept = default;
  Vocabulary& operator=(Vocabulary&&) noexcept = default;
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;
  ~Vocabulary() = default;

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

  // As many tokens as fit into so many bytes of text, which is where they stay.
  explicit Vocabulary(std::size_t text_bytes);
  Status add(std::string_view token, std::uint64_t row);
  void cut(std::string_view word, std::vector<std::uint32_t>& rows) const;

  std::vector<char> text_;  // of all tokens, with room for them from the beginning
  std::unordered_map<std::string_view, std::uint32_t> rows_;
  std::string continuing_ = "##";  // in front of pieces that do not begin a word
  bool fold_ = true;
  std::size_t longest_ = 0;  // bytes
  std::uint32_t last_row_ = 0;
};

}  // namespace cortex::retrieval
