#include "mcp/progress_pump.h"

#include <chrono>
#include <cstdint>
#include <utility>

#include "mcp/reply.h"

namespace cortex::mcp {
namespace {

constexpr std::chrono::milliseconds kProgressStep{250};

}  // namespace

ProgressPump::ProgressPump(const json::Value* token, std::function<void(std::string text)> notify,
                           std::stop_token stop) {
  const bool asked =
      token != nullptr && (token->as_string() != nullptr || token->as_number() != nullptr);
  if (!asked || !notify) return;
  state_ = std::make_unique<State>();
  state_->token = *token;
  state_->notify = std::move(notify);
  state_->stop = std::move(stop);
  state_->thread = std::thread([state = state_.get()] { run(*state); });
}

ProgressPump::~ProgressPump() {
  if (!state_) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_over = true;
  }
  state_->ended.notify_all();
  state_->thread.join();
}

// `progress` must grow from notification to notification, so phases are added up.
void ProgressPump::run(State& state) {
  std::uint64_t base = 0, last = 0, told = 0;
  const char* phase = nullptr;
  std::unique_lock lock(state.mutex);
  while (!state.ended.wait_for(lock, kProgressStep, [&] { return state.is_over; })) {
    const char* now = state.progress.phase();
    if (now == nullptr || state.stop.stop_requested()) continue;
    const std::uint64_t done = state.progress.bytes_done();
    if (now != phase) {
      base += last;
      phase = now;
    }
    last = done;
    if (base + done <= told) continue;
    told = base + done;
    json::Object params{{"progressToken", state.token}, {"progress", told}, {"message", now}};
    if (const std::uint64_t total = state.progress.bytes_total(); total > 0) {
      params.add("total", base + total);
    }
    state.notify(notification_text("notifications/progress", std::move(params)));
  }
}

}  // namespace cortex::mcp
