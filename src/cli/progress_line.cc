#include "cli/progress_line.h"

#include "base/text.h"

namespace cortex::cli {
namespace {

constexpr std::chrono::milliseconds kAppearsAfter{1000};
constexpr std::chrono::milliseconds kRedrawEvery{200};
constexpr double kRateAfterSeconds = 0.5;
constexpr std::string_view kClearLine = "\r\x1b[K";

}  // namespace

std::string progress_text(std::string_view phase, std::uint64_t done, std::uint64_t total,
                          double seconds) {
  std::string text = cat(phase, " ", human_bytes(done));
  // A file that grows while it is copied may pass the total that was known at the start.
  if (total >= done && total > 0) {
    // In floating point: a hundred times the bytes may be more than an integer holds.
    const double share = static_cast<double>(done) * 100 / static_cast<double>(total);
    text += cat(" of ", human_bytes(total), " (", static_cast<int>(share), " %)");
  }
  if (seconds > 0) {
    const double rate = static_cast<double>(done) / seconds;
    text += cat(", ", human_bytes(static_cast<std::uint64_t>(rate)), "/s");
  }
  return text;
}

ProgressLine::ProgressLine(const Terminal& terminal) {
  if (terminal.stderr_is_tty) thread_ = std::jthread([this] { run(); });
}

ProgressLine::~ProgressLine() {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  ended_changed_.notify_all();
}

void ProgressLine::run() {
  using Clock = std::chrono::steady_clock;
  std::unique_lock lock(mutex_);
  const auto ended = [this] { return ended_; };
  if (ended_changed_.wait_for(lock, kAppearsAfter, ended)) return;
  const char* phase = nullptr;
  Clock::time_point begun = Clock::now() - kAppearsAfter;
  do {
    if (progress_.phase() != phase) {
      if (phase != nullptr) begun = Clock::now();
      phase = progress_.phase();
    }
    double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    if (seconds < kRateAfterSeconds) seconds = 0;  // too short for a rate
    if (phase != nullptr) {
      write_stderr(cat(kClearLine, progress_text(phase, progress_.bytes_done(),
                                                 progress_.bytes_total(), seconds)));
    }
  } while (!ended_changed_.wait_for(lock, kRedrawEvery, ended));
  write_stderr(kClearLine);
}

}  // namespace cortex::cli
