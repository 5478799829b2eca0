// Vectors: the deterministic stub embedder, cosine similarity and the stored form. Pure functions.
//
// The stub is a hash, not a meaning: equal texts are equal and everything else is noise. It exists
// so that stores and tests agree bit for bit where no model is at hand.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cortex::retrieval {

using Vector = std::vector<float>;

inline constexpr std::string_view kStubBackend = "stub:blake3-v1";
inline constexpr std::size_t kStubDim = 128;

// Unit length. The order of tags matters.
Vector stub_vector(std::string_view text, const std::vector<std::string>& tags);

// Within -1 and 1; 0 for vectors of different or no length and for what is not finite.
float cosine(std::span<const float> a, std::span<const float> b);

// Little-endian IEEE floats.
std::string vector_bytes(std::span<const float> vector);
// Nothing when the length is not that of `dim` floats.
std::optional<Vector> vector_of(std::string_view bytes, std::size_t dim);

}  // namespace cortex::retrieval
