// "Did you mean": the nearest known word to a mistyped one. Pure functions; O(length^2) a
// candidate.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace cortex::cli {

// Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `typed`: at most one edit in three characters away, or one that `typed`
// begins with at least two characters of. "" when none is near.
std::string_view nearest(std::string_view typed, std::span<const std::string_view> candidates);

}  // namespace cortex::cli
