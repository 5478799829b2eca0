#include "mcp/scheduler.h"

#include <algorithm>
#include <utility>

namespace cortex::mcp {

Scheduler::Scheduler(unsigned workers) : workers_max_(std::max(workers, 2U)) {}

Scheduler::~Scheduler() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Scheduler::start_worker_if_useful() {
  if (idle_ > 0 || threads_.size() >= workers_max_) return;
  threads_.emplace_back([this] { work(); });
}

void Scheduler::submit(Lane lane, Job job) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting() < kWaitingMax; });
    (lane == Lane::kSlow ? slow_ : ordered_).push_back({lane, std::move(job)});
    start_worker_if_useful();
  }
  changed_.notify_all();
}

bool Scheduler::take(Item& item) {
  if (!ordered_.empty() && !writing_) {
    const bool is_write = ordered_.front().lane == Lane::kWrite;
    if (!is_write || reading_ == 0) {
      item = std::move(ordered_.front());
      ordered_.pop_front();
      if (is_write) {
        writing_ = true;
      } else {
        ++reading_;
      }
      return true;
    }
  }
  if (slow_.empty() || slow_running_ + 1 >= workers_max_) return false;
  item = std::move(slow_.front());
  slow_.pop_front();
  ++slow_running_;
  return true;
}

void Scheduler::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    Item item{};
    ++idle_;
    changed_.wait(lock, [&] { return take(item) || (closing_ && waiting() == 0); });
    --idle_;
    if (!item.job) return;
    // Another one may be able to start beside this one.
    if (waiting() > 0) start_worker_if_useful();
    lock.unlock();
    changed_.notify_all();
    item.job();
    item.job = nullptr;  // what it holds goes before it counts as ended
    lock.lock();
    if (item.lane == Lane::kSlow) {
      --slow_running_;
    } else if (item.lane == Lane::kWrite) {
      writing_ = false;
    } else {
      --reading_;
    }
    ++ended_;
    changed_.notify_all();
  }
}

bool Scheduler::wait_idle(std::chrono::milliseconds quiet_max) {
  std::unique_lock lock(mutex_);
  const auto busy = [this] {
    return waiting() > 0 || writing_ || reading_ > 0 || slow_running_ > 0;
  };
  while (busy()) {
    const std::uint64_t before = ended_;
    changed_.wait_for(lock, quiet_max, [&] { return !busy() || ended_ != before; });
    if (busy() && ended_ == before) return false;
  }
  return true;
}

unsigned worker_count() { return std::max(2U, std::thread::hardware_concurrency()); }

}  // namespace cortex::mcp
