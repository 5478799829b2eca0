#include "retrieval/int8_vector.h"

#include <algorithm>
#include <array>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cortex::retrieval {
namespace {

std::int32_t dot_scalar(const std::int8_t* a, const std::int8_t* b, std::size_t size) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += std::int32_t{a[i]} * std::int32_t{b[i]};
  return sum;
}

#if defined(__x86_64__)

// Sixteen products at a time, as 16-bit numbers whose pairs are added exactly.
__attribute__((target("avx2"))) std::int32_t dot_avx2(const std::int8_t* a, const std::int8_t* b,
                                                      std::size_t size) {
  constexpr std::size_t kStep = 16;
  __m256i sums = _mm256_setzero_si256();
  std::size_t i = 0;
  for (; i + kStep <= size; i += kStep) {
    const __m256i x =
        _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i)));
    const __m256i y =
        _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i)));
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(x, y));
  }
  alignas(32) std::array<std::int32_t, 8> parts{};
  _mm256_store_si256(reinterpret_cast<__m256i*>(parts.data()), sums);
  std::int32_t sum = dot_scalar(a + i, b + i, size - i);
  for (const std::int32_t part : parts) sum += part;
  return sum;
}

// Thirty-two products at a time, added up by one instruction.
__attribute__((target("avx512f,avx512bw,avx512vnni"))) std::int32_t dot_vnni(const std::int8_t* a,
                                                                             const std::int8_t* b,
                                                                             std::size_t size) {
  constexpr std::size_t kStep = 32;
  __m512i sums = _mm512_setzero_si512();
  std::size_t i = 0;
  for (; i + kStep <= size; i += kStep) {
    const __m512i x =
        _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + i)));
    const __m512i y =
        _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + i)));
    sums = _mm512_dpwssd_epi32(sums, x, y);
  }
  alignas(64) std::array<std::int32_t, 16> parts{};
  _mm512_store_si512(parts.data(), sums);
  std::int32_t sum = dot_scalar(a + i, b + i, size - i);
  for (const std::int32_t part : parts) sum += part;
  return sum;
}

#endif

struct Paths {
  std::array<DotPath, 3> rows{{{"scalar", &dot_scalar}, {}, {}}};
  std::size_t count = 1;

  Paths() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") != 0) rows.at(count++) = {"avx2", &dot_avx2};
    if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
        __builtin_cpu_supports("avx512vnni") != 0) {
      rows.at(count++) = {"avx512-vnni", &dot_vnni};
    }
#endif
  }
};

}  // namespace

std::span<const DotPath> dot_paths() {
  static const Paths paths;
  return std::span(paths.rows).first(paths.count);
}

std::int32_t dot(const std::int8_t* a, const std::int8_t* b, std::size_t size) {
  static const auto best = dot_paths().back().run;
  return best(a, b, size);
}

std::optional<Int8Vector> quantise(std::span<const float> vector) {
  constexpr double kLargest = 127;
  double squares = 0;
  float most = 0;
  for (const float value : vector) {
    if (!std::isfinite(value)) return std::nullopt;
    squares += static_cast<double>(value) * static_cast<double>(value);
    most = std::max(most, std::abs(value));
  }
  const double length = std::sqrt(squares);
  if (!(length > 0) || !std::isfinite(length) || !(most > 0)) return std::nullopt;
  Int8Vector out;
  out.scale = static_cast<float>(static_cast<double>(most) / length / kLargest);
  if (!std::isnormal(out.scale)) return std::nullopt;
  out.values.reserve(vector.size());
  for (const float value : vector) {
    out.values.push_back(static_cast<std::int8_t>(
        std::lround(static_cast<double>(value) / static_cast<double>(most) * kLargest)));
  }
  return out;
}

}  // namespace cortex::retrieval
