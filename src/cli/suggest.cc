#include "cli/suggest.h"

#include <algorithm>
#include <vector>

namespace cortex::cli {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the optimal string alignment matrix: the one being filled and the two above it.
  std::vector<std::size_t> two_up(b.size() + 1), up(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) up[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = up[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      row[j] = std::min({up[j] + 1, row[j - 1] + 1, substitute});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_up[j - 2] + 1);
      }
    }
    two_up.swap(up);
    up.swap(row);
  }
  return up[b.size()];
}

std::string_view nearest(std::string_view typed, std::span<const std::string_view> candidates) {
  // Beyond this length it is no typing error; it also bounds the work on hostile input.
  constexpr std::size_t kTypedMax = 64;
  if (typed.empty() || typed.size() > kTypedMax) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    std::size_t distance = edit_distance(typed, candidate);
    if (typed.size() >= 2 && candidate.starts_with(typed)) distance = 1;
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace cortex::cli
