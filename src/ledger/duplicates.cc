#include "ledger/duplicates.h"

#include <algorithm>
#include <bit>

#include "base/limits.h"
#include "ledger/row_stream.h"

namespace cortex::ledger {
namespace {

constexpr std::uint64_t kBlockWords = 8;  // one cache line
constexpr std::uint64_t kBlocksMin = 16, kBlocksMax = 1U << 17;
constexpr std::uint64_t kRowBytesTypicalMin = 400;  // the members alone take that much
constexpr std::uint64_t kRowsPerBlock = 16;         // 32 bits an id
constexpr std::size_t kCandidatesMax = 1U << 18;
constexpr int kProbes = 6;

std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

std::uint64_t place_of(const Ulid& id) { return mix(id.high ^ mix(id.low)); }

}  // namespace

DuplicateFinder::DuplicateFinder(std::uint64_t ledger_bytes) {
  const std::uint64_t rows = ledger_bytes / kRowBytesTypicalMin;
  const std::uint64_t blocks =
      std::clamp(std::bit_ceil(rows / kRowsPerBlock + 1), kBlocksMin, kBlocksMax);
  block_mask_ = blocks - 1;
  bits_.resize(blocks * kBlockWords);
}

void DuplicateFinder::add(std::span<const Ulid> ids) {
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i + kAhead < ids.size()) __builtin_prefetch(block_of(ids[i + kAhead]), 1);
    add(ids[i]);
  }
}

std::uint64_t* DuplicateFinder::block_of(const Ulid& id) {
  return &bits_[(place_of(id) & block_mask_) * kBlockWords];
}

void DuplicateFinder::add(const Ulid& id) {
  if (stopped_) return;
  ++rows_checked_;
  std::uint64_t probes = mix(place_of(id) + id.low);
  std::uint64_t* block = block_of(id);
  bool seen = true;
  for (int i = 0; i < kProbes; ++i, probes >>= 9U) {
    std::uint64_t& word = block[(probes >> 6U) & 7U];
    const std::uint64_t bit = std::uint64_t{1} << (probes & 63U);
    seen = seen && (word & bit) != 0;
    word |= bit;
  }
  if (!seen) return;
  candidates_.push_back(id);
  stopped_ = candidates_.size() >= kCandidatesMax;
}

Result<DuplicateReport> DuplicateFinder::finish(fs::File& file, std::uint64_t size_bytes) {
  DuplicateReport report;
  report.rows_checked = rows_checked_;
  if (candidates_.empty()) return report;
  std::ranges::sort(candidates_);
  candidates_.erase(std::unique(candidates_.begin(), candidates_.end()), candidates_.end());
  std::vector<std::uint64_t> seen(candidates_.size());
  RowStream stream(file, 0, size_bytes);
  for (std::uint64_t row_count = 0; row_count < rows_checked_; ++row_count) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
    if (row == nullptr) break;
    const auto found = std::ranges::lower_bound(candidates_, row->event.id);
    if (found == candidates_.end() || *found != row->event.id) continue;
    ++seen[static_cast<std::size_t>(found - candidates_.begin())];
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] < 2) continue;
    ++report.total;
    if (report.ids.size() < limits::kFailuresShownMax) report.ids.push_back(candidates_[i]);
  }
  return report;
}

}  // namespace cortex::ledger
