// Feeds a MirrorWriter from another thread, so that inserting rows and making them overlap.
//
// One producer. The connection behind the writer belongs to the feed's thread from construction
// until finish(); memory is bounded by kBatchesMax batches. A failed insert ends the feeding: later
// events are dropped, the failure is what finish() returns.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "core/event.h"
#include "store/mirror.h"

namespace cortex::store {

class MirrorFeed {
 public:
  explicit MirrorFeed(MirrorWriter& writer);
  ~MirrorFeed();
  MirrorFeed(const MirrorFeed&) = delete;
  MirrorFeed& operator=(const MirrorFeed&) = delete;

  // Takes the event and gives back another one, whose buffers the caller can fill again.
  void add(core::Event& event, std::uint64_t end_offset);
  // Waits for everything added to be inserted; the caller then ends the transaction.
  Status finish();

 private:
  static constexpr std::size_t kBatchEvents = 128;
  static constexpr std::size_t kBatchesMax = 16;

  struct Entry {
    core::Event event;
    std::uint64_t end_offset = 0;
  };
  struct Batch {
    std::vector<Entry> entries;
    std::size_t used = 0;
  };

  void run();
  void send();

  MirrorWriter& writer_;
  Batch filling_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> waiting_;  // filled, in order
  std::deque<Batch> spare_;    // emptied, for their buffers
  bool ended_ = false;
  Status status_;
  std::jthread thread_;
};

}  // namespace cortex::store
