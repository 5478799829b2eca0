// The header of a safetensors file: which tensors it holds, and where (docs/formats.md, 9.8). Read
// strictly: what is not exactly as the format says is refused, and no offset leaves the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cortex::retrieval {

enum class TensorType : std::uint8_t { kF32, kF16, kBf16, kF64, kOther };

struct Tensor {
  std::string name;
  TensorType type = TensorType::kOther;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  // bytes of the file
};

inline constexpr std::size_t kSafetensorsPrefix = 8;
inline constexpr std::uint64_t kSafetensorsHeaderMax = 8U << 20U;

// Length of the header, from the first eight bytes of a file of `file_size` bytes. Error: kUsage.
Result<std::size_t> safetensors_header_size(std::string_view prefix, std::uint64_t file_size);
// The tensors in the order of their bytes, which follow each other without a gap up to the end of
// the file. Error: kUsage, with what is wrong as message.
Result<std::vector<Tensor>> parse_safetensors_header(std::string_view header,
                                                     std::uint64_t file_size);

// Bytes of a number of that type; 0 for kOther.
std::size_t bytes_of(TensorType type);
// Little-endian numbers as floats; `bytes` holds out.size() of them. kOther: nothing is written.
void read_numbers(TensorType type, std::string_view bytes, std::vector<float>& out);

}  // namespace cortex::retrieval
