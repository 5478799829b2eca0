// Vectors of small whole numbers: how they are made of floats, and their inner product. The product
// is exact, so every way of computing it gives the same bits; the fastest that the processor knows
// is chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cortex::retrieval {

inline constexpr std::size_t kVectorDimMax = 4096;

struct Int8Vector {
  float scale = 0;  // what 1 stands for; the vector has length 1
  std::vector<std::int8_t> values;
};

// Scaled to length 1, then so that the largest number is 127 or -127. Nothing for a vector without
// length or with numbers that are not finite.
std::optional<Int8Vector> quantise(std::span<const float> vector);

// The sum of a[i] * b[i]; both have `size` <= kVectorDimMax numbers.
std::int32_t dot(const std::int8_t* a, const std::int8_t* b, std::size_t size);

// One way of computing dot(), for tests: those that this processor can run.
struct DotPath {
  std::string_view name;  // "scalar", "avx2", "avx512-vnni"
  std::int32_t (*run)(const std::int8_t* a, const std::int8_t* b, std::size_t size);
};
std::span<const DotPath> dot_paths();  // best last

}  // namespace cortex::retrieval
