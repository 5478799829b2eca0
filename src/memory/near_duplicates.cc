#include "memory/near_duplicates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <limits>

#include "base/text.h"
#include "store/claim_marks.h"

namespace cortex::memory {
namespace {

constexpr std::size_t kBands = 16, kRows = 4, kWordsOfShingle = 3;

// Finaliser of SplitMix64: every bit of the result depends on every bit of the input.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

// FNV-1a, then mixed: stable across machines, which std::hash is not.
std::uint64_t hashed(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  return mixed(hash);
}

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Hashes of the words, in order.
std::vector<std::uint64_t> words_of(std::string_view claim) {
  std::vector<std::uint64_t> words;
  std::string word;
  for (std::size_t i = 0; i <= claim.size(); ++i) {
    if (i < claim.size() && is_word_byte(claim[i])) {
      word.push_back(to_lower_ascii(claim[i]));
    } else if (!word.empty()) {
      words.push_back(hashed(word));
      word.clear();
    }
  }
  return words;
}

std::uint64_t whole(std::string_view claim) {
  std::uint64_t hash = 1;
  for (const std::uint64_t word : words_of(claim)) hash = mixed(hash ^ word);
  return hash;
}

double jaccard(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  std::vector<std::uint64_t> shared;
  std::ranges::set_intersection(a, b, std::back_inserter(shared));
  const std::size_t all = a.size() + b.size() - shared.size();
  return all == 0 ? 1.0 : static_cast<double>(shared.size()) / static_cast<double>(all);
}

}  // namespace

std::vector<std::uint64_t> shingles_of(std::string_view claim) {
  const std::vector<std::uint64_t> words = words_of(claim);
  std::vector<std::uint64_t> out;
  if (words.size() < kWordsOfShingle) {
    out = words;
  } else {
    for (std::size_t i = 0; i + kWordsOfShingle <= words.size(); ++i) {
      std::uint64_t hash = 1;
      for (std::size_t j = 0; j < kWordsOfShingle; ++j) hash = mixed(hash ^ words[i + j]);
      out.push_back(hash);
    }
  }
  std::ranges::sort(out);
  const auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  return out;
}

double similarity(std::string_view a, std::string_view b) {
  return jaccard(shingles_of(a), shingles_of(b));
}

std::vector<std::int64_t> marks_of(std::string_view claim) {
  std::array<std::uint64_t, kBands * kRows> least;
  least.fill(std::numeric_limits<std::uint64_t>::max());
  for (const std::uint64_t shingle : shingles_of(claim)) {
    for (std::size_t i = 0; i < least.size(); ++i) {
      least[i] = std::min(least[i], mixed(shingle ^ (i * 0xD6E8FEB86659FD93ULL)));
    }
  }
  std::vector<std::int64_t> marks = {std::bit_cast<std::int64_t>(whole(claim))};
  for (std::size_t band = 0; band < kBands; ++band) {
    std::uint64_t hash = band + 1;
    for (std::size_t row = 0; row < kRows; ++row) hash = mixed(hash ^ least[band * kRows + row]);
    marks.push_back(std::bit_cast<std::int64_t>(hash));
  }
  return marks;
}

Result<std::vector<NearDuplicate>> near_duplicates(sqlite::Connection& db, std::string_view claim) {
  CORTEX_TRY(store::mark_new_claims(db, marks_of));
  CORTEX_ASSIGN(const auto candidates, store::claims_with_marks(db, marks_of(claim), kComparedMax));
  const std::vector<std::uint64_t> own = shingles_of(claim);
  std::vector<NearDuplicate> found;
  for (const store::MarkedClaim& one : candidates) {
    const double like = jaccard(own, shingles_of(one.claim));
    const bool same = trim(one.claim) == trim(claim);
    if (like >= kNearDuplicateFrom || same) {
      found.push_back({one.memory_id, one.status, same ? 1.0 : like, same});
    }
  }
  std::ranges::stable_sort(found, [](const NearDuplicate& a, const NearDuplicate& b) {
    return a.similarity > b.similarity;
  });
  return found;
}

}  // namespace cortex::memory
