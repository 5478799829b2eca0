#include "store/mirror_feed.h"

#include <utility>

namespace cortex::store {

MirrorFeed::MirrorFeed(MirrorWriter& writer)
    : belt_([&writer](Entry& entry) {
        return writer.add(entry.event, entry.event.payload, entry.end_offset);
      }) {}

void MirrorFeed::add(core::Event& event, std::uint64_t end_offset) {
  Entry& entry = belt_.slot();
  std::swap(entry.event, event);
  entry.end_offset = end_offset;
  belt_.push();
}

}  // namespace cortex::store
