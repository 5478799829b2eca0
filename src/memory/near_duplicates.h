// Does a claim say nearly what a memory says already? Deterministic: the same claims give the same
// answer on every machine and in every order.
//
// A claim becomes the set of its word triples (single words when it has fewer than three), lower
// case, without punctuation. Two claims are as similar as their sets: shared over all (Jaccard).
// Candidates come from an index by min-hash bands, so that a note costs O(its own length), whatever
// the number of memories; a pair of similarity s shares a band with probability 1 - (1 - s^4)^16.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::memory {

inline constexpr double kNearDuplicateFrom = 0.8;
// Candidates compared in full, by id. A store full of copies of one claim stays affordable.
inline constexpr std::size_t kComparedMax = 64;

struct NearDuplicate {
  std::string memory_id, status;
  double similarity = 0;  // 1: the same words in the same order
  bool same_text = false;
};

// "the cat, sat" -> {"the cat sat"}; sorted 64-bit hashes of the triples, each once.
std::vector<std::uint64_t> shingles_of(std::string_view claim);
double similarity(std::string_view a, std::string_view b);
// Of a claim, for the index: one for the whole, one for each band. Never empty.
std::vector<std::int64_t> marks_of(std::string_view claim);

// Most similar first, then by id: every memory (not rejected or superseded) of at least that
// similarity among the candidates. Brings the index up to date first: needs a write transaction.
Result<std::vector<NearDuplicate>> near_duplicates(sqlite::Connection& db, std::string_view claim);

}  // namespace cortex::memory
