// Static models: whatever bytes stand for a safetensors file or a vocabulary, no tensor leaves the
// file, tensors fill it without a gap, and every row that a text names is one of the vocabulary.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fuzz/require.h"
#include "retrieval/int8_vector.h"
#include "retrieval/safetensors.h"
#include "retrieval/wordpiece.h"

namespace {

using cortex::fuzz::require;
namespace retrieval = cortex::retrieval;

void check_tensor(std::string_view file, const retrieval::Tensor& tensor) {
  const std::size_t size = retrieval::bytes_of(tensor.type);
  if (size == 0) return;
  const auto bytes = file.substr(static_cast<std::size_t>(tensor.begin),
                                 static_cast<std::size_t>(tensor.end - tensor.begin));
  require(bytes.size() % size == 0);
  std::vector<float> numbers(bytes.size() / size);
  retrieval::read_numbers(tensor.type, bytes, numbers);
  numbers.resize(std::min(numbers.size(), retrieval::kVectorDimMax));
  const auto vector = retrieval::quantise(numbers);
  if (!vector) return;
  require(vector->values.size() == numbers.size());
  const auto* values = vector->values.data();
  const std::int32_t square = retrieval::dot(values, values, numbers.size());
  require(square >= 127 * 127);
  for (const retrieval::DotPath& path : retrieval::dot_paths()) {
    require(path.run(values, values, numbers.size()) == square);
  }
}

void check_file(std::string_view file) {
  const auto prefix = file.substr(0, retrieval::kSafetensorsPrefix);
  const auto size = retrieval::safetensors_header_size(prefix, file.size());
  if (!size.ok()) return;
  require(*size <= file.size() - retrieval::kSafetensorsPrefix);
  const auto header = file.substr(retrieval::kSafetensorsPrefix, *size);
  const auto tensors = retrieval::parse_safetensors_header(header, file.size());
  if (!tensors.ok()) return;
  std::uint64_t at = retrieval::kSafetensorsPrefix + *size;
  for (const retrieval::Tensor& tensor : *tensors) {
    require(tensor.begin == at && tensor.end >= at && tensor.end <= file.size());
    at = tensor.end;
    check_tensor(file, tensor);
  }
  require(at == file.size());
}

void check_vocabulary(const cortex::Result<retrieval::Vocabulary>& vocabulary,
                      std::string_view text) {
  if (!vocabulary.ok()) return;
  std::vector<std::uint32_t> rows;
  vocabulary->tokenize(text, rows);
  for (const std::uint32_t row : rows) require(row <= vocabulary->last_row());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_file(text);
  check_vocabulary(retrieval::Vocabulary::from_tokenizer_json(text), text);
  check_vocabulary(retrieval::Vocabulary::from_lines(text), text);
  return 0;
}
