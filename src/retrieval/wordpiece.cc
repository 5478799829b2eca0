#include "retrieval/wordpiece.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "json/value.h"
#include "retrieval/unicode.h"

namespace cortex::retrieval {
namespace {

constexpr std::uint64_t kRowsMax = 1U << 24U;
// Bytes of a file for each of its tokens, about: for as many entries there is room at once.
constexpr std::size_t kTokenBytes = 8;

Error unusable_vocabulary(const std::string& what) {
  return make_error(Code::kUsage, cat("the vocabulary cannot be used: ", what), "nothing was read",
                    "give a tokenizer.json of the kind WordPiece or a vocab.txt");
}

bool continues_utf8(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

Vocabulary::Vocabulary(std::size_t text_bytes) {
  text_.reserve(text_bytes);
  rows_.reserve(text_bytes / kTokenBytes);
}

Status Vocabulary::add(std::string_view token, std::uint64_t row) {
  if (row >= kRowsMax) return unusable_vocabulary("it names a row beyond 16777215");
  if (text_.capacity() - text_.size() < token.size()) {
    return make_error(Code::kInternal, "the vocabulary has more text than its file");
  }
  longest_ = std::max(longest_, token.size());
  last_row_ = std::max(last_row_, static_cast<std::uint32_t>(row));
  const char* const begin = text_.data() + text_.size();
  text_.insert(text_.end(), token.begin(), token.end());
  rows_.insert_or_assign({begin, token.size()}, static_cast<std::uint32_t>(row));
  return {};
}

Result<Vocabulary> Vocabulary::from_tokenizer_json(std::string_view text) {
  const auto document = json::parse(text);
  if (!document.ok()) return unusable_vocabulary(cat("tokenizer.json: ", document.error().message));
  const json::Value* model = document->find("model");
  const json::Value* tokens = model == nullptr ? nullptr : model->find("vocab");
  if (tokens == nullptr) return unusable_vocabulary("tokenizer.json has no model with a vocab");
  const std::string* type = model->find_text("type");
  if (type == nullptr || *type != "WordPiece" || tokens->as_object() == nullptr) {
    return unusable_vocabulary("the model of tokenizer.json is not WordPiece");
  }
  Vocabulary vocabulary(text.size());
  if (const std::string* prefix = model->find_text("continuing_subword_prefix")) {
    vocabulary.continuing_ = *prefix;
  }
  const json::Value* normalizer = document->find("normalizer");
  const json::Value* lower = normalizer == nullptr ? nullptr : normalizer->find("lowercase");
  if (lower != nullptr && lower->as_bool() != nullptr) vocabulary.fold_ = *lower->as_bool();
  for (const auto& [token, row] : *tokens->as_object()) {
    const auto number = row.as_unsigned();
    if (!number) return unusable_vocabulary(cat("token ", quoted(token), " has no row"));
    CORTEX_TRY(vocabulary.add(token, *number));
  }
  if (vocabulary.rows_.empty()) return unusable_vocabulary("it has no tokens");
  return vocabulary;
}

Result<Vocabulary> Vocabulary::from_lines(std::string_view text) {
  Vocabulary vocabulary(text.size());
  std::uint64_t row = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view token = text.substr(0, end);
    if (token.ends_with('\r')) token.remove_suffix(1);
    if (!token.empty()) CORTEX_TRY(vocabulary.add(token, row));
    ++row;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (vocabulary.rows_.empty()) return unusable_vocabulary("it has no tokens");
  return vocabulary;
}

void Vocabulary::cut(std::string_view word, std::vector<std::uint32_t>& rows) const {
  if (word.empty() || word.size() > kWordBytesMax) return;
  const std::size_t kept = rows.size();
  std::string piece;
  for (std::size_t begin = 0; begin < word.size();) {
    std::size_t end = std::min(word.size(), begin + longest_);
    const auto* found = static_cast<const std::uint32_t*>(nullptr);
    for (; end > begin; --end) {
      if (end < word.size() && continues_utf8(word[end])) continue;
      piece = begin == 0 ? std::string() : continuing_;
      piece += word.substr(begin, end - begin);
      const auto slot = rows_.find(piece);
      if (slot == rows_.end()) continue;
      found = &slot->second;
      break;
    }
    if (found == nullptr) return rows.resize(kept);  // the whole word is unknown
    rows.push_back(*found);
    begin = end;
  }
}

void Vocabulary::tokenize(std::string_view text, std::vector<std::uint32_t>& rows) const {
  std::string word;
  const auto flush = [&] {
    cut(word, rows);
    word.clear();
  };
  for (std::size_t at = 0; at < text.size() && rows.size() < kTokensMax;) {
    const CodePoint c = decode_at(text, at);
    const CharClass kind = classify(c.value);
    const bool alone = kind == CharClass::kUnspaced || kind == CharClass::kSpace;
    if (alone) flush();
    if (fold_) {
      append_folded(word, c.value, true);
    } else {
      word += text.substr(at, c.size);
    }
    if (alone && is_blank(word)) word.clear();
    if (alone) flush();
    at += c.size;
  }
  flush();
  if (rows.size() > kTokensMax) rows.resize(kTokensMax);
}

}  // namespace cortex::retrieval
