// `hook install`, `hook uninstall`, `hook run`.
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "app/hook.h"
#include "base/fs/standard_input.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/terminal.h"

namespace cortex::cli {
namespace {

constexpr std::size_t kCallBytesMax = 16U << 20;
// The whole program has 50 ms; what is left is for starting and ending.
constexpr std::chrono::milliseconds kAnswerWithin{35};

Result<app::HookRequest> hook_request(const Context& context) {
  app::HookRequest request;
  CORTEX_ASSIGN(request.layout, context.layout());
  if (const auto path = context.invocation.optional("settings")) {
    request.settings_path = *path;
  } else {
    CORTEX_ASSIGN(request.settings_path, app::default_claude_settings(context.environment));
  }
  request.program = context.invocation.optional("program").value_or(request.program);
  return request;
}

Outcome told(const Context& context, const Result<app::HookReport>& report, std::string_view done) {
  if (!report.ok()) return failed(context, report.error());
  const std::string_view what = report->changed                 ? done
                                : report->settings_path.empty() ? "nothing to do"
                                                                : "nothing to do in ";
  std::string text =
      cat(context.invocation.command->path, ": ", what, printable(report->settings_path), "\n");
  if (!report->note.empty()) text += cat("  ", report->note, "\n");
  return {.text = std::move(text), .diagnostics = "", .report = to_json(*report)};
}

// A failure that nobody sees on a terminal is left where `cortex` can be asked for it.
void leave_failure(const Context& context, const app::Layout& layout, const Error& error) {
  fs::FileSystem& fs = context.services.fs;
  const std::string path = app::hook_failure_path(layout);
  // Best effort: there is nowhere left to report to.
  static_cast<void>(fs.remove_file(path));
  static_cast<void>(fs::write_new(
      fs, path,
      cat(format_rfc3339(context.services.clock.now(), Offset::kZ), " ", error.text(), "\n"),
      0600));
}

// An answer that does not come in time is no answer. The thread that still works on it goes with
// the process, which ends at once.
struct Answer {
  std::mutex mutex;
  std::condition_variable ready;
  std::optional<Result<std::string>> value;
};

Outcome answer_in_time(const Context& context, const app::Layout& layout,
                       const app::HookCall& call) {
  const auto answer = std::make_shared<Answer>();
  std::thread worker([answer, &context, layout, call] {
    auto text = app::answer_hook(context.services, layout, call);
    const std::lock_guard lock(answer->mutex);
    answer->value = std::move(text);
    answer->ready.notify_one();
  });
  std::unique_lock lock(answer->mutex);
  if (!answer->ready.wait_for(lock, kAnswerWithin, [&] { return answer->value.has_value(); })) {
    write_stderr("cortex hook: no answer in time\n");
    std::_Exit(0);
  }
  lock.unlock();
  worker.join();
  if (answer->value->ok()) return {.text = **answer->value};
  return {.diagnostics = cat("cortex hook: ", answer->value->error().text(), "\n")};
}

// True in the process that is to do the work, which nobody waits for.
bool in_background() {
  const pid_t child = ::fork();
  if (child != 0) return false;  // also when there could be no child: the agent goes on
  ::setsid();
  // Whoever reads the streams of the agent must not wait for this process. Without a stream there
  // is nothing to be done.
  for (std::FILE* stream : {stdin, stdout, stderr}) {
    if (std::freopen("/dev/null", stream == stdin ? "r" : "w", stream) == nullptr) continue;
  }
  return true;
}

Outcome record(const Context& context, const app::Layout& layout, const app::HookCall& call) {
  const bool foreground = context.invocation.has("foreground");
  if (!foreground && !in_background()) return {};
  const Status done = app::record_session(context.services, context.environment, layout, call);
  if (!done.ok()) leave_failure(context, layout, done.error());
  if (!foreground) std::_Exit(0);
  if (!done.ok()) return failed(context, done.error());
  return {};
}

}  // namespace

Outcome run_hook_install(const Context& context) {
  const auto request = hook_request(context);
  if (!request.ok()) return failed(context, request.error());
  return told(context, app::install_hooks(context.services, *request), "the hooks are in ");
}

Outcome run_hook_uninstall(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  return told(context, app::uninstall_hooks(context.services, {.layout = *layout}),
              "the hooks are out of ");
}

Outcome run_hook_call(const Context& context) {
  const auto complain = [](const Error& error) {
    return Outcome{.diagnostics = cat("cortex hook: ", error.text(), "\n")};
  };
  const auto text = fs::read_standard_input(kCallBytesMax);
  if (!text.ok()) return complain(text.error());
  auto call = app::parse_hook_call(*text);
  if (!call.ok()) return complain(call.error());
  const auto layout = context.layout();
  if (!layout.ok()) return complain(layout.error());
  const std::string kind = context.invocation.value("call");
  if (kind == "session-end") return record(context, *layout, *call);
  if (call->event.empty())
    call->event = kind == "user-prompt" ? "UserPromptSubmit" : "SessionStart";
  return answer_in_time(context, *layout, *call);
}

}  // namespace cortex::cli
