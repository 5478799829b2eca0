#include "store/mirror_feed.h"

#include <utility>

namespace cortex::store {

MirrorFeed::MirrorFeed(MirrorWriter& writer) : writer_(writer), thread_([this] { run(); }) {}

MirrorFeed::~MirrorFeed() {
  if (thread_.joinable()) static_cast<void>(finish().ok());
}

void MirrorFeed::run() {
  for (;;) {
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      batch = std::move(waiting_.front());
      waiting_.pop_front();
    }
    changed_.notify_all();
    for (std::size_t i = 0; i < batch.used && status_.ok(); ++i) {
      const Entry& entry = batch.entries[i];
      status_ = writer_.add(entry.event, entry.event.payload, entry.end_offset);
    }
    batch.used = 0;
    const std::scoped_lock lock(mutex_);
    spare_.push_back(std::move(batch));
  }
}

void MirrorFeed::send() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < kBatchesMax; });
    waiting_.push_back(std::exchange(filling_, Batch{}));
    if (!spare_.empty()) {
      filling_ = std::move(spare_.front());
      spare_.pop_front();
    }
  }
  changed_.notify_all();
}

void MirrorFeed::add(core::Event& event, std::uint64_t end_offset) {
  if (filling_.used == filling_.entries.size()) filling_.entries.emplace_back();
  Entry& entry = filling_.entries[filling_.used++];
  std::swap(entry.event, event);
  entry.end_offset = end_offset;
  if (filling_.used == kBatchEvents) send();
}

Status MirrorFeed::finish() {
  if (filling_.used > 0) send();
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
  return std::exchange(status_, Status{});
}

}  // namespace cortex::store
