// Finds event ids that occur more than once in a ledger, in bounded memory at any size.
//
// A first look goes through a Bloom filter of at most 8 MiB, in one cache line an id; ids that it
// may have seen before become candidates, and a second pass over the ledger, needed only when
// there are candidates, tells real repetitions from collisions. Up to some eight million rows
// collisions are rare; when the candidates outgrow their limit the check stops and says how far it
// got (Bloom 1970; blocked filters: Putze, Sanders, Singler 2007).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/ulid.h"

namespace cortex::ledger {

struct DuplicateReport {
  std::vector<Ulid> ids;           // each once, ascending; at most limits::kFailuresShownMax
  std::uint64_t total = 0;         // how many ids are repeated
  std::uint64_t rows_checked = 0;  // fewer than the ledger's rows when the check had to stop
};

class DuplicateFinder {
 public:
  // `ledger_bytes` sizes the filter.
  explicit DuplicateFinder(std::uint64_t ledger_bytes);
  void add(const Ulid& id);
  // In order. The filter is larger than the processor's cache: what the next ids need is fetched
  // while one is looked at.
  void add(std::span<const Ulid> ids);
  // Reads the ledger's first `size_bytes` again when there are candidates.
  Result<DuplicateReport> finish(fs::File& file, std::uint64_t size_bytes);

 private:
  std::uint64_t* block_of(const Ulid& id);

  std::vector<std::uint64_t> bits_;  // blocks of eight words
  std::uint64_t block_mask_;
  std::vector<Ulid> candidates_;
  std::uint64_t rows_checked_ = 0;
  bool stopped_ = false;
};

}  // namespace cortex::ledger
