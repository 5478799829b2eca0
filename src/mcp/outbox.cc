#include "mcp/outbox.h"

#include <utility>

namespace cortex::mcp {

Outbox::Outbox(Pipe pipe) : pipe_(std::move(pipe)) {}

Outbox::~Outbox() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::uint64_t Outbox::reserve() {
  const std::lock_guard lock(mutex_);
  return next_reserved_++;
}

void Outbox::append(std::string text) {
  if (text.empty()) return;
  text += '\n';
  if (ready_.empty()) {
    ready_ = std::move(text);
  } else {
    ready_ += text;
  }
}

void Outbox::fill(std::uint64_t place, std::string text) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ready_.size() < kWaitingBytesMax; });
  if (place != next_written_) {
    early_.emplace(place, std::move(text));
    return;
  }
  append(std::move(text));
  ++next_written_;
  while (!early_.empty() && early_.begin()->first == next_written_) {
    append(std::move(early_.begin()->second));
    early_.erase(early_.begin());
    ++next_written_;
  }
  push(lock);
}

void Outbox::send(std::string text) {
  std::unique_lock lock(mutex_);
  append(std::move(text));
  push(lock);
}

void Outbox::push(std::unique_lock<std::mutex>& lock) {
  if (ready_.empty()) return;
  if (!writing_ && ready_.size() <= kDirectBytesMax && pipe_.ready()) {
    const std::string text = std::exchange(ready_, {});
    pipe_.write(text);
    return;
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  lock.unlock();
  changed_.notify_all();
}

void Outbox::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !ready_.empty() || closing_; });
    if (ready_.empty()) return;
    const std::string text = std::exchange(ready_, {});
    writing_ = true;
    changed_.notify_all();
    lock.unlock();
    pipe_.write(text);
    lock.lock();
    writing_ = false;
    changed_.notify_all();
  }
}

void Outbox::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ready_.empty() && !writing_; });
}

}  // namespace cortex::mcp
