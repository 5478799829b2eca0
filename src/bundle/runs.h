// The blocks of a long file, read in runs on two threads and taken in the order of the file.
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/result.h"
#include "ledger/verify.h"

namespace cortex::bundle {

// Below this a second thread costs more than it saves.
inline bool is_worth_two_threads(std::uint64_t size_bytes) {
  constexpr std::uint64_t kParallelBytes = 8U << 20U;
  return size_bytes >= kParallelBytes && ledger::verify_threads() > 1;
}

// Which run is next, and which are made. For Runs that are used again.
template <class Run>
class RunBoard {
 public:
  explicit RunBoard(std::uint64_t runs) : runs_(runs) {}

  // The caller's thread: a run to make, a run to take, or neither: it is over.
  struct Turn {
    std::optional<std::uint64_t> make, take;
  };
  Turn next_turn() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return has_failed_ || taken_ == runs_ || can_take() || can_claim(); });
    if (has_failed_ || taken_ == runs_) return {};
    if (can_take()) return {.make = {}, .take = taken_};
    return {.make = claimed_++, .take = {}};
  }
  // The other thread: a run to make, or it is over.
  std::optional<std::uint64_t> claim() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return has_failed_ || claimed_ == runs_ || can_claim(); });
    if (has_failed_ || claimed_ == runs_) return std::nullopt;
    return claimed_++;
  }
  Run& run(std::uint64_t number) { return slots_[number % kSlots].run; }
  void made(std::uint64_t number, bool well) {
    const std::scoped_lock lock(mutex_);
    slots_[number % kSlots].is_made = true;
    has_failed_ = has_failed_ || !well;
    moved_.notify_all();
  }
  void taken(bool well) {
    const std::scoped_lock lock(mutex_);
    slots_[taken_ % kSlots].is_made = false;
    ++taken_;
    has_failed_ = has_failed_ || !well;
    moved_.notify_all();
  }

 private:
  static constexpr std::uint64_t kSlots = 4;
  struct Slot {
    Run run;
    bool is_made = false;
  };

  bool can_take() const { return taken_ < claimed_ && slots_[taken_ % kSlots].is_made; }
  bool can_claim() const { return claimed_ < runs_ && claimed_ < taken_ + kSlots; }

  const std::uint64_t runs_;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::array<Slot, kSlots> slots_;
  std::uint64_t claimed_ = 0, taken_ = 0;
  bool has_failed_ = false;
};

// `read(thread, first, count, run)` makes a Run, empty or used before, that of the blocks from
// `first` on; on two threads at once when `parallel`, of which `thread` (0 or 1) names the one, and
// each of which makes the next run that nobody makes. `take(run)` gets them in order, on the
// caller's thread, while the other one reads. Ends with the first error, of two at a time with
// either. Four runs of memory.
template <class Run, class Read, class Take>
Status in_runs(std::uint64_t blocks, bool parallel, const Read& read, const Take& take) {
  constexpr std::uint64_t kRunBlocks = 4;
  RunBoard<Run> board((blocks + kRunBlocks - 1) / kRunBlocks);
  const auto make = [&](std::size_t thread, std::uint64_t number) -> Status {
    const std::uint64_t first = number * kRunBlocks;
    Status status = read(thread, first, std::min(kRunBlocks, blocks - first), board.run(number));
    board.made(number, status.ok());
    return status;
  };
  Status other_status, status;
  {
    std::jthread other;
    if (parallel) {
      other = std::jthread([&] {
        for (auto number = board.claim(); number; number = board.claim()) {
          if (Status made = make(1, *number); !made.ok()) other_status = std::move(made);
        }
      });
    }
    for (auto turn = board.next_turn(); turn.make || turn.take; turn = board.next_turn()) {
      if (turn.make) {
        status = make(0, *turn.make);
      } else {
        status = take(board.run(*turn.take));
        board.taken(status.ok());
      }
    }
  }
  CORTEX_TRY(status);
  return other_status;
}

}  // namespace cortex::bundle
