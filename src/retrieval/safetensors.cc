#include "retrieval/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>

#include "base/text.h"
#include "json/value.h"

namespace cortex::retrieval {
namespace {

struct TypeRow {
  std::string_view name;
  TensorType type;
  std::size_t bits;
};
// All types of the format; only some can be read.
constexpr std::array<TypeRow, 13> kTypes{{{"F32", TensorType::kF32, 32},
                                          {"F16", TensorType::kF16, 16},
                                          {"BF16", TensorType::kBf16, 16},
                                          {"F64", TensorType::kF64, 64},
                                          {"BOOL", TensorType::kOther, 8},
                                          {"U8", TensorType::kOther, 8},
                                          {"I8", TensorType::kOther, 8},
                                          {"I16", TensorType::kOther, 16},
                                          {"U16", TensorType::kOther, 16},
                                          {"I32", TensorType::kOther, 32},
                                          {"U32", TensorType::kOther, 32},
                                          {"I64", TensorType::kOther, 64},
                                          {"U64", TensorType::kOther, 64}}};
constexpr std::size_t kDimensionsMax = 8;

Error not_safetensors(const std::string& what) {
  return make_error(Code::kUsage, cat("no safetensors file: ", what), "nothing was read",
                    "give a whole file of the format safetensors");
}

// Bytes of a tensor, or nothing when they are more than a file can have.
std::optional<std::uint64_t> size_of(const std::vector<std::uint64_t>& shape, std::size_t bits) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 56U;
  std::uint64_t size = bits / 8;
  for (const std::uint64_t length : shape) {
    if (length != 0 && size > kMost / length) return std::nullopt;
    size *= length;
  }
  return size;
}

std::optional<std::vector<std::uint64_t>> numbers_of(const json::Value* value) {
  const json::Array* array = value == nullptr ? nullptr : value->as_array();
  if (array == nullptr || array->size() > kDimensionsMax) return std::nullopt;
  std::vector<std::uint64_t> out;
  for (const json::Value& one : *array) {
    const auto number = one.as_unsigned();
    if (!number) return std::nullopt;
    out.push_back(*number);
  }
  return out;
}

Result<Tensor> tensor_of(const std::string& name, const json::Value& value, std::uint64_t data,
                         std::uint64_t file_size) {
  const json::Object* members = value.as_object();
  const std::string* type = value.find_text("dtype");
  const auto shape = numbers_of(value.find("shape"));
  const auto offsets = numbers_of(value.find("data_offsets"));
  constexpr std::size_t kMembers = 3;
  if (members == nullptr || members->size() != kMembers || type == nullptr || !shape || !offsets ||
      offsets->size() != 2) {
    return not_safetensors(
        cat("tensor ", quoted(name), " is not described by dtype, shape, data_offsets"));
  }
  const auto* row = std::ranges::find(kTypes, *type, &TypeRow::name);
  if (row == kTypes.end())
    return not_safetensors(cat("tensor ", quoted(name), " has an unknown dtype"));
  const std::uint64_t begin = (*offsets)[0], end = (*offsets)[1];
  const auto size = size_of(*shape, row->bits);
  if (begin > end || end > file_size - data || !size || *size != end - begin) {
    return not_safetensors(
        cat("the bytes of tensor ", quoted(name), " do not fit its shape or the file"));
  }
  return Tensor{name, row->type, *shape, data + begin, data + end};
}

float float_of_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16U;
  const std::uint32_t exponent = half >> 10U & 0x1FU, fraction = half & 0x3FFU;
  if (exponent == 0) {  // zero and the numbers below 2^-14
    const float small = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -small : small;
  }
  const std::uint32_t wide = exponent == 0x1F ? 0xFFU : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide << 23U | fraction << 13U);
}

float number_at(TensorType type, std::uint64_t bits) {
  switch (type) {
    case TensorType::kF32:
      return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    case TensorType::kF16:
      return float_of_half(static_cast<std::uint16_t>(bits));
    case TensorType::kBf16:
      return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
    case TensorType::kF64:
      return static_cast<float>(std::bit_cast<double>(bits));
    case TensorType::kOther:
      return 0;
  }
  return 0;
}

}  // namespace

Result<std::size_t> safetensors_header_size(std::string_view prefix, std::uint64_t file_size) {
  if (prefix.size() != kSafetensorsPrefix || file_size < kSafetensorsPrefix) {
    return not_safetensors("it is shorter than eight bytes");
  }
  std::uint64_t size = 0;
  for (std::size_t i = kSafetensorsPrefix; i-- > 0;) {
    size = size << 8U | static_cast<unsigned char>(prefix[i]);
  }
  if (size < 2 || size > kSafetensorsHeaderMax || size > file_size - kSafetensorsPrefix) {
    return not_safetensors("its header is longer than the file or than 8 MiB");
  }
  return static_cast<std::size_t>(size);
}

Result<std::vector<Tensor>> parse_safetensors_header(std::string_view header,
                                                     std::uint64_t file_size) {
  const std::uint64_t data = kSafetensorsPrefix + header.size();
  if (header.empty() || header.front() != '{' || data > file_size) {
    return not_safetensors("it has no header");
  }
  const auto document = json::parse(header);
  const json::Object* members = document.ok() ? document->as_object() : nullptr;
  if (members == nullptr) return not_safetensors("its header is no JSON object");
  std::vector<Tensor> tensors;
  for (const auto& [name, value] : *members) {
    if (name == "__metadata__") continue;
    CORTEX_ASSIGN(Tensor tensor, tensor_of(name, value, data, file_size));
    tensors.push_back(std::move(tensor));
  }
  std::ranges::sort(tensors, [](const Tensor& a, const Tensor& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t at = data;
  for (const Tensor& tensor : tensors) {
    if (tensor.begin != at) return not_safetensors("its tensors overlap or leave a gap");
    at = tensor.end;
  }
  if (at != file_size) return not_safetensors("its tensors end elsewhere than the file");
  return tensors;
}

std::size_t bytes_of(TensorType type) {
  const auto* row = std::ranges::find(kTypes, type, &TypeRow::type);
  return type == TensorType::kOther ? 0 : row->bits / 8;
}

void read_numbers(TensorType type, std::string_view bytes, std::vector<float>& out) {
  const std::size_t size = bytes_of(type);
  if (size == 0) return;
  for (std::size_t i = 0; i < std::min(out.size(), bytes.size() / size); ++i) {
    std::uint64_t bits = 0;
    for (std::size_t k = size; k-- > 0;) {
      bits = bits << 8U | static_cast<unsigned char>(bytes[i * size + k]);
    }
    out[i] = number_at(type, bits);
  }
}

}  // namespace cortex::retrieval
