#include "retrieval/embed_stub.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "crypto/digest.h"

namespace cortex::retrieval {
namespace {

constexpr std::size_t kFloatBytes = 4;

void append_length(std::string& out, std::size_t length) {
  for (unsigned i = 0; i < 8; ++i) {
    out.push_back(static_cast<char>((static_cast<std::uint64_t>(length) >> (8U * i)) & 0xFFU));
  }
}

std::string preimage(std::string_view text, const std::vector<std::string>& tags) {
  constexpr char kDomain = 0x10;
  std::string out(1, kDomain);
  append_length(out, text.size());
  out += text;
  append_length(out, tags.size());
  for (const std::string& tag : tags) {
    append_length(out, tag.size());
    out += tag;
  }
  return out;
}

void normalise(Vector& vector) {
  float squares = 0.0F;
  for (const float slot : vector) squares += slot * slot;
  if (squares == 0.0F) return;
  const float factor = 1.0F / std::sqrt(squares);
  for (float& slot : vector) slot *= factor;
}

}  // namespace

Vector stub_vector(std::string_view text, const std::vector<std::string>& tags) {
  std::array<std::uint8_t, kStubDim * kFloatBytes> bytes{};
  crypto::blake3_extended(preimage(text, tags), bytes);
  Vector vector(kStubDim);
  for (std::size_t i = 0; i < kStubDim; ++i) {
    float sum = 0.0F;
    for (std::size_t k = 0; k < kFloatBytes; ++k) {
      sum += (static_cast<float>(bytes[i * kFloatBytes + k]) / 255.0F) * 2.0F - 1.0F;
    }
    vector[i] = sum / 4.0F;
  }
  normalise(vector);
  return vector;
}

float cosine(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size() || a.empty()) return 0.0F;
  float dot = 0.0F, squares_a = 0.0F, squares_b = 0.0F;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) return 0.0F;
    dot += a[i] * b[i];
    squares_a += a[i] * a[i];
    squares_b += b[i] * b[i];
  }
  if (!(squares_a > 0.0F) || !(squares_b > 0.0F)) return 0.0F;
  const float denominator = std::sqrt(squares_a) * std::sqrt(squares_b);
  if (!std::isfinite(denominator) || denominator <= 0.0F) return 0.0F;
  const float similarity = dot / denominator;
  return std::isnan(similarity) ? 0.0F : std::clamp(similarity, -1.0F, 1.0F);
}

std::string vector_bytes(std::span<const float> vector) {
  std::string out;
  out.reserve(vector.size() * kFloatBytes);
  for (const float slot : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(slot);
    for (unsigned i = 0; i < kFloatBytes; ++i) {
      out.push_back(static_cast<char>((bits >> (8U * i)) & 0xFFU));
    }
  }
  return out;
}

std::optional<Vector> vector_of(std::string_view bytes, std::size_t dim) {
  if (dim == 0 || bytes.size() != dim * kFloatBytes) return std::nullopt;
  Vector vector(dim);
  for (std::size_t i = 0; i < dim; ++i) {
    std::uint32_t bits = 0;
    for (unsigned k = 0; k < kFloatBytes; ++k) {
      bits |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i * kFloatBytes + k]))
              << (8U * k);
    }
    vector[i] = std::bit_cast<float>(bits);
  }
  return vector;
}

}  // namespace cortex::retrieval
