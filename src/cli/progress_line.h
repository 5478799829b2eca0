// One line on a terminal that shows how far a long operation is. Appears after a second, goes away
// at the end. Writes nothing when stderr is no terminal.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/progress.h"
#include "cli/terminal.h"

namespace cortex::cli {

// "copying 120.5 MB of 310.2 MB (38 %), 210.0 MB/s"; without the total when it is not known.
std::string progress_text(std::string_view phase, std::uint64_t done, std::uint64_t total,
                          double seconds);

class ProgressLine {
 public:
  explicit ProgressLine(const Terminal& terminal);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  Progress* progress() { return &progress_; }

 private:
  void run();

  Progress progress_;
  std::mutex mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;
  std::jthread thread_;  // only on a terminal
};

}  // namespace cortex::cli
