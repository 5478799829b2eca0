// The workers behind the protocol. Calls of the lanes `read` and `write` end as if they had run one
// after the other in the order of submission: reads run side by side, a write runs when everything
// submitted before it has ended and before anything submitted after it begins. Slow calls run
// beside all of that, but never take the last worker.
//
// Threads start when there is work for them and sleep when there is none.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "mcp/tool.h"

namespace cortex::mcp {

class Scheduler {
 public:
  // Jobs waiting at once; submit() waits for room, which is how a flood is slowed down.
  static constexpr std::size_t kWaitingMax = 4096;
  using Job = std::function<void()>;

  explicit Scheduler(unsigned workers);
  ~Scheduler();  // runs what was submitted, then ends the threads
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // `job` must not throw.
  void submit(Lane lane, Job job);
  // Waits until everything submitted has ended: true. False when `quiet_max` went by without
  // anything ending.
  bool wait_idle(std::chrono::milliseconds quiet_max);

 private:
  struct Item {
    Lane lane;
    Job job;
  };

  void work();
  bool take(Item& item);  // with the lock held; false when nothing may start now
  void start_worker_if_useful();
  std::size_t waiting() const { return ordered_.size() + slow_.size(); }

  const std::size_t workers_max_;
  std::mutex mutex_;
  std::condition_variable changed_;  // jobs, room, ends
  std::deque<Item> ordered_, slow_;
  std::size_t reading_ = 0, slow_running_ = 0, idle_ = 0;
  std::uint64_t ended_ = 0;
  bool writing_ = false, closing_ = false;
  std::vector<std::thread> threads_;
};

// One worker a processor, two at least.
unsigned worker_count();

}  // namespace cortex::mcp
