// Tells a client that asked for it how far its call is: notifications/progress while the pump is
// alive, several a second at most, and only when something has moved. Silent once the call was
// called off.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "base/progress.h"
#include "json/value.h"

namespace cortex::mcp {

class ProgressPump {
 public:
  // `token`: what the request carried, a string or a number; null or another type: nobody asked,
  // and no thread is started.
  ProgressPump(const json::Value* token, std::function<void(std::string text)> notify,
               std::stop_token stop = {});
  ~ProgressPump();
  ProgressPump(const ProgressPump&) = delete;
  ProgressPump& operator=(const ProgressPump&) = delete;

  Progress* progress() const { return state_ ? &state_->progress : nullptr; }

 private:
  struct State {
    json::Value token;
    std::function<void(std::string text)> notify;
    std::stop_token stop;
    Progress progress;
    std::mutex mutex;
    std::condition_variable ended;
    bool is_over = false;
    std::thread thread;
  };
  static void run(State& state);

  std::unique_ptr<State> state_;  // null when nobody asked
};

}  // namespace cortex::mcp
