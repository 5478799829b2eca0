// Feeds a MirrorWriter from another thread, so that inserting rows and making them overlap.
//
// One producer. The connection behind the writer belongs to the feed from construction until
// finish(); memory is bounded (base/conveyor.h). A failed insert ends the feeding: later events are
// dropped, the failure is what finish() returns.
#pragma once

#include <cstdint>

#include "base/conveyor.h"
#include "base/result.h"
#include "core/event.h"
#include "store/mirror.h"

namespace cortex::store {

class MirrorFeed {
 public:
  explicit MirrorFeed(MirrorWriter& writer);

  // Takes the event and gives back another one, whose buffers the caller can fill again.
  void add(core::Event& event, std::uint64_t end_offset);
  // Waits for everything added to be inserted; the caller then ends the transaction.
  Status finish() { return belt_.finish(); }

 private:
  struct Entry {
    core::Event event;
    std::uint64_t end_offset = 0;
  };

  Conveyor<Entry> belt_;
};

}  // namespace cortex::store
