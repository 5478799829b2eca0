// Items from one thread to another, in batches, in order, with their buffers coming back.
//
//   Conveyor<Item> belt([](Item& item) { return work_on(item); });
//   while (more()) { fill(belt.slot()); belt.push(); }
//   CORTEX_TRY(belt.finish());
//
// The second thread is started when there is a whole batch; fewer items are worked on by finish(),
// on the caller's thread. At most kWaitingMax batches wait. After a failure the items that follow
// are dropped, and finish() returns it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cortex {

template <class Item>
class Conveyor {
 public:
  using Work = std::function<Status(Item& item)>;

  explicit Conveyor(Work work) : work_(std::move(work)) {}
  ~Conveyor() { static_cast<void>(finish().ok()); }  // who did not ask does not want to know
  Conveyor(const Conveyor&) = delete;
  Conveyor& operator=(const Conveyor&) = delete;

  // The item to be filled next, in the state in which the work left it.
  Item& slot() {
    if (filling_.used == filling_.items.size()) filling_.items.emplace_back();
    return filling_.items[filling_.used];
  }
  void push() {
    if (++filling_.used == kBatchItems) send();
  }
  // The work has failed: what is pushed now is dropped.
  bool failed() const { return failed_.load(std::memory_order_relaxed); }

  // Everything pushed has been worked on. The first failure; none when called again.
  Status finish() {
    if (!thread_) {
      work_through(filling_);
      return std::exchange(status_, Status{});
    }
    if (filling_.used > 0) send();
    {
      const std::scoped_lock lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.reset();  // joins
    ended_ = false;
    return std::exchange(status_, Status{});
  }

 private:
  static constexpr std::size_t kBatchItems = 128;
  static constexpr std::size_t kWaitingMax = 16;

  struct Batch {
    std::vector<Item> items;
    std::size_t used = 0;
  };

  void work_through(Batch& batch) {
    for (std::size_t i = 0; i < batch.used && status_.ok(); ++i) status_ = work_(batch.items[i]);
    batch.used = 0;
    if (!status_.ok()) failed_.store(true, std::memory_order_relaxed);
  }

  void run() {
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
      work_through(batch);
      const std::scoped_lock lock(mutex_);
      spare_.push_back(std::move(batch));
    }
  }

  void send() {
    if (!thread_) thread_.emplace([this] { run(); });
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return waiting_.size() < kWaitingMax; });
      waiting_.push_back(std::exchange(filling_, Batch{}));
      if (!spare_.empty()) {
        filling_ = std::move(spare_.front());
        spare_.pop_front();
      }
    }
    changed_.notify_all();
  }

  const Work work_;
  Batch filling_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> waiting_;  // filled, in order
  std::deque<Batch> spare_;    // worked on, for their buffers
  bool ended_ = false;
  std::atomic<bool> failed_ = false;
  Status status_;  // of the working thread, while there is one
  std::optional<std::jthread> thread_;
};

}  // namespace cortex
