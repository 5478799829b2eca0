// Terms of the index: 48-bit hashes of analysed words. A word is never stored as text; two of a
// million different terms share a hash with a probability of 0.2 %, and the cost is one wrong
// match.
#pragma once

#include <cstdint>
#include <string_view>

namespace cortex::retrieval {

using Term = std::uint64_t;  // the lower 48 bits
inline constexpr int kTermBits = 48;
inline constexpr Term kTermMask = (Term{1} << kTermBits) - 1;

// Where a word stood. Words of different fields are different terms. kKind is none that anybody
// said: what a document is.
enum class Field : std::uint8_t { kBody = 0, kSpeaker = 1, kWhole = 2, kKind = 3 };

// FNV-1a (Fowler, Noll, Vo) with the finalizer of MurmurHash3, cut to 48 bits.
constexpr Term hash_term(Field field, std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325ULL ^ static_cast<std::uint64_t>(field);
  for (const char c : text) {
    h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  h ^= h >> 33U;
  h *= 0xFF51AFD7ED558CCDULL;
  h ^= h >> 33U;
  h *= 0xC4CEB9FE1A85EC53ULL;
  h ^= h >> 33U;
  return h & kTermMask;
}

// Every memory has it: its list says which documents are memories.
inline constexpr Term kMemoryTerm = hash_term(Field::kKind, "memory");

}  // namespace cortex::retrieval
