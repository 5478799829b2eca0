// Static vectors of text: a folder with `model.safetensors`, one row a token, and the vocabulary,
// `tokenizer.json` or `vocab.txt` (docs/formats.md, 9.8). The vector of a text is the mean of the
// rows of its tokens, each times its weight when the file has weights. Nothing is computed by a
// network, nothing leaves the machine.
//
// The file stays open; rows are read when a token is first seen and kept. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "retrieval/int8_vector.h"
#include "retrieval/safetensors.h"
#include "retrieval/wordpiece.h"

namespace cortex::retrieval {

class StaticModel {
 public:
  // Reads both files once, for their digest. Errors: kPrecondition when a file is missing or cannot
  // be used, with what is wrong.
  static Result<StaticModel> open(fs::FileSystem& fs, const std::string& folder);

  // BLAKE3 over the digests of model and vocabulary: what vectors are told apart by.
  const crypto::Digest& id() const { return id_; }
  std::size_t dim() const { return dim_; }

  // Nothing when no token of the text is known. Errors: those of reading the file.
  Result<std::optional<Int8Vector>> embed(std::string_view text);

 private:
  static constexpr std::size_t kNumbersKept = 1U << 22;  // of the rows that are kept

  StaticModel(std::unique_ptr<fs::File> file, Vocabulary vocabulary)
      : file_(std::move(file)), vocabulary_(std::move(vocabulary)) {}
  Status choose(const std::vector<Tensor>& tensors);
  Result<const std::vector<float>*> row(std::uint32_t number);

  std::unique_ptr<fs::File> file_;
  Vocabulary vocabulary_;
  Tensor rows_;
  std::size_t dim_ = 0;
  std::vector<float> weights_;  // of each row, or empty
  crypto::Digest id_{};
  std::unordered_map<std::uint32_t, std::vector<float>> kept_;
  std::vector<std::uint32_t> tokens_;
  std::string bytes_;
};

}  // namespace cortex::retrieval
