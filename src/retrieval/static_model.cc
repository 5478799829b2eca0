#include "retrieval/static_model.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace cortex::retrieval {
namespace {

constexpr std::string_view kModelFile = "model.safetensors";
constexpr std::string_view kTokenizerFile = "tokenizer.json", kLinesFile = "vocab.txt";
constexpr std::uint64_t kVocabularyMax = 64U << 20U;
constexpr std::size_t kReadAtOnce = 1U << 20U;
// Names that static models give to their rows, and to the weights of the rows.
constexpr std::string_view kRowNames[] = {"embeddings", "embedding.weight"};
constexpr std::string_view kWeightsName = "weights";

Error unusable_model(std::string_view folder, const std::string& what) {
  return make_error(Code::kPrecondition,
                    cat("the vectors in ", quoted(folder), " cannot be used: ", what),
                    "nothing was searched and no state was changed",
                    "give a folder with model.safetensors and tokenizer.json or vocab.txt, or"
                    " search without vectors");
}

// `bytes` become the next `size` ones; its memory is used again.
Status read_part(fs::File& file, std::uint64_t at, std::size_t size, std::string& bytes) {
  bytes.resize(size);
  CORTEX_ASSIGN(const std::size_t got, file.read_at(at, bytes));
  if (got == size) return {};
  return make_error(Code::kPrecondition, cat("the file ", quoted(file.path()), " became shorter"));
}

Result<std::string> part_of(fs::File& file, std::uint64_t at, std::size_t size) {
  std::string bytes;
  CORTEX_TRY(read_part(file, at, size, bytes));
  return bytes;
}

Result<crypto::Digest> digest_of(fs::File& file, std::uint64_t size) {
  crypto::Blake3 hash;
  std::string bytes;
  for (std::uint64_t at = 0; at < size; at += bytes.size()) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(kReadAtOnce, size - at));
    CORTEX_TRY(read_part(file, at, part, bytes));
    hash.update(bytes);
  }
  return hash.finish();
}

std::string_view view_of(const crypto::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

struct Read {
  Vocabulary vocabulary;
  crypto::Digest digest;
};
Result<Read> read_vocabulary(fs::FileSystem& fs, const std::string& folder) {
  const std::string tokenizer = fs::join(folder, kTokenizerFile);
  CORTEX_ASSIGN(const fs::Info info, fs.stat(tokenizer));
  const bool lines = info.kind == fs::Kind::kMissing;
  CORTEX_ASSIGN(const std::string text,
                fs::read_all(fs, lines ? fs::join(folder, kLinesFile) : tokenizer, kVocabularyMax));
  auto vocabulary = lines ? Vocabulary::from_lines(text) : Vocabulary::from_tokenizer_json(text);
  if (!vocabulary.ok()) return std::move(vocabulary).error();
  return Read{std::move(vocabulary).value(), crypto::blake3(text)};
}

}  // namespace

Status StaticModel::choose(const std::vector<Tensor>& tensors) {
  const auto wrong = [](std::string what) { return make_error(Code::kUsage, std::move(what)); };
  const Tensor* rows = nullptr;
  for (const std::string_view name : kRowNames) {
    const auto found = std::ranges::find(tensors, name, &Tensor::name);
    if (found != tensors.end()) rows = &*found;
  }
  if (rows == nullptr || rows->shape.size() != 2 || rows->type == TensorType::kOther) {
    return wrong("it has no tensor \"embeddings\" of two dimensions and floating-point numbers");
  }
  rows_ = *rows;
  if (rows_.shape[1] == 0 || rows_.shape[1] > kVectorDimMax) {
    return wrong(cat("its vectors must have 1 to ", kVectorDimMax, " numbers"));
  }
  dim_ = static_cast<std::size_t>(rows_.shape[1]);
  if (vocabulary_.last_row() >= rows_.shape[0]) {
    return wrong(cat("the vocabulary names row ", vocabulary_.last_row(), ", but it has ",
                     rows_.shape[0], " rows"));
  }
  if (std::ranges::find(tensors, "mapping", &Tensor::name) != tensors.end()) {
    return wrong("rows that several tokens share (\"mapping\") are not supported");
  }
  const auto weights = std::ranges::find(tensors, kWeightsName, &Tensor::name);
  if (weights == tensors.end()) return {};
  if (weights->shape != std::vector<std::uint64_t>{rows_.shape[0]} ||
      weights->type == TensorType::kOther) {
    return wrong("its weights are not one floating-point number a row");
  }
  CORTEX_ASSIGN(
      const std::string bytes,
      part_of(*file_, weights->begin, static_cast<std::size_t>(weights->end - weights->begin)));
  weights_.assign(static_cast<std::size_t>(rows_.shape[0]), 0.0F);
  read_numbers(weights->type, bytes, weights_);
  return {};
}

Result<StaticModel> StaticModel::open(fs::FileSystem& fs, const std::string& folder) {
  const auto read = [&]() -> Result<StaticModel> {
    CORTEX_ASSIGN(Read vocabulary, read_vocabulary(fs, folder));
    CORTEX_ASSIGN(auto file, fs.open(fs::join(folder, kModelFile), fs::Open::kRead));
    CORTEX_ASSIGN(const fs::Info info, file->info());
    CORTEX_ASSIGN(const std::string prefix,
                  part_of(*file, 0, std::min<std::size_t>(kSafetensorsPrefix, info.size_bytes)));
    CORTEX_ASSIGN(const std::size_t size, safetensors_header_size(prefix, info.size_bytes));
    CORTEX_ASSIGN(const std::string header, part_of(*file, kSafetensorsPrefix, size));
    CORTEX_ASSIGN(const auto tensors, parse_safetensors_header(header, info.size_bytes));
    CORTEX_ASSIGN(const crypto::Digest digest, digest_of(*file, info.size_bytes));
    StaticModel model(std::move(file), std::move(vocabulary.vocabulary));
    CORTEX_TRY(model.choose(tensors));
    model.id_ = crypto::blake3(cat(view_of(digest), view_of(vocabulary.digest)));
    return model;
  };
  auto model = read();
  if (!model.ok()) return unusable_model(folder, model.error().message);
  return model;
}

Result<const std::vector<float>*> StaticModel::row(std::uint32_t number) {
  if (const auto kept = kept_.find(number); kept != kept_.end()) return &kept->second;
  if ((kept_.size() + 1) * dim_ > kNumbersKept) kept_.clear();
  const std::size_t size = dim_ * bytes_of(rows_.type);
  CORTEX_TRY(read_part(*file_, rows_.begin + std::uint64_t{number} * size, size, bytes_));
  std::vector<float> values(dim_);
  read_numbers(rows_.type, bytes_, values);
  return &kept_.emplace(number, std::move(values)).first->second;
}

Result<std::optional<Int8Vector>> StaticModel::embed(std::string_view text) {
  tokens_.clear();
  vocabulary_.tokenize(text, tokens_);
  std::vector<float> sum(dim_, 0.0F);
  for (const std::uint32_t token : tokens_) {
    CORTEX_ASSIGN(const std::vector<float>* values, row(token));
    const float weight = weights_.empty() ? 1.0F : weights_[token];
    for (std::size_t i = 0; i < dim_; ++i) sum[i] += weight * (*values)[i];
  }
  return quantise(sum);  // the mean has the same direction
}

}  // namespace cortex::retrieval
