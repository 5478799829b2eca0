// The blocks of a long file, read in runs on two threads and taken in the order of the file.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>

#include "base/result.h"
#include "ledger/verify.h"

namespace cortex::bundle {

// Below this a second thread costs more than it saves.
inline bool is_worth_two_threads(std::uint64_t size_bytes) {
  constexpr std::uint64_t kParallelBytes = 8U << 20U;
  return size_bytes >= kParallelBytes && ledger::verify_threads() > 1;
}

// `read(thread, first, count, run)` makes a Run, empty or used before, that of the blocks from
// `first` on; on two threads at once when `parallel`, of which `thread` (0 or 1) names the one.
// `take(run)` gets them in order, on the caller's thread. Ends with the first error. Two runs of
// memory.
template <class Run, class Read, class Take>
Status in_runs(std::uint64_t blocks, bool parallel, const Read& read, const Take& take) {
  constexpr std::uint64_t kRunBlocks = 8;
  std::array<Run, 2> runs;
  for (std::uint64_t at = 0; at < blocks;) {
    const std::uint64_t mine = std::min(kRunBlocks, blocks - at);
    const std::uint64_t others = parallel ? std::min(kRunBlocks, blocks - at - mine) : 0;
    Status other_status;
    std::optional<std::jthread> helper;
    if (others > 0) {
      helper.emplace([&] { other_status = read(std::size_t{1}, at + mine, others, runs[1]); });
    }
    const Status status = read(std::size_t{0}, at, mine, runs[0]);
    if (helper) helper->join();
    CORTEX_TRY(status);
    CORTEX_TRY(other_status);
    CORTEX_TRY(take(runs[0]));
    if (others > 0) CORTEX_TRY(take(runs[1]));
    at += mine + others;
  }
  return {};
}

}  // namespace cortex::bundle
