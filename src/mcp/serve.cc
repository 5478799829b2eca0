#include "mcp/serve.h"

#include <functional>
#include <string>
#include <utility>

#include "base/fs/fs.h"
#include "base/text.h"
#include "mcp/bearer.h"
#include "mcp/dispatcher.h"
#include "mcp/http.h"
#include "mcp/scheduler.h"
#include "mcp/stdio.h"
#include "mcp/streams.h"

namespace cortex::mcp {
namespace {

void tell(std::string_view text) { write_stderr(cat("cortex serve: ", text, "\n")); }

void warn_of_auto_commit(const app::AgentSettings& settings) {
  if (!settings.config_problem.empty()) {
    tell(cat("WARNING: ", settings.config_problem));
    tell("WARNING: the configuration file is left aside, auto-commit is off");
  }
  if (!settings.auto_commit) return;
  tell(cat("WARNING: session auto-commit is ENABLED (source: ", settings.auto_commit_source, ")"));
  tell("WARNING: commits and accepts go through without the confirmation token");
  tell("WARNING: unset it unless every client of this server may decide for you");
}

// To stderr, or to a private file that is taken away at the end.
class TokenFile {
 public:
  explicit TokenFile(fs::FileSystem& fs) : fs_(fs) {}
  ~TokenFile() {
    if (!path_.empty()) static_cast<void>(fs_.remove_file(path_));  // the token is void anyway
  }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;

  Status write(const std::string& path, const std::string& token) {
    CORTEX_TRY(fs::write_new(fs_, path, token + "\n", 0600));
    path_ = path;
    return {};
  }

 private:
  fs::FileSystem& fs_;
  std::string path_;
};

Status hand_out(const Confirmation& confirmation, const app::ServeRequest& request,
                TokenFile& file) {
  if (!request.token_file) {
    tell(cat("confirmation token: ", confirmation.token()));
    return {};
  }
  if (auto written = file.write(*request.token_file, confirmation.token()); !written.ok()) {
    Error error = with_context(std::move(written).error(), "the token file cannot be written");
    error.unchanged = "no state was changed";
    error.next = "name a file that does not exist yet";
    return with_code(std::move(error), Code::kPrecondition);
  }
  tell(cat("the confirmation token is in ", quoted(*request.token_file, 1000)));
  return {};
}

// What clients over HTTP must send; nothing for the conformance suite, which cannot.
Result<std::string> let_in(app::Services& services, const app::ServeRequest& request) {
  if (request.fixtures) return std::string();
  const std::string path =
      request.bearer_token_file.value_or(fs::join(request.layout.data_dir, kBearerFileName));
  CORTEX_ASSIGN(std::string token, bearer_token(services.fs, services.random, path));
  tell(cat("clients need the bearer token in ", quoted(path, 1000)));
  return token;
}

}  // namespace

Code serve(app::Services& services, const app::ServeRequest& request) {
  if (const auto ready = app::prepare_store(services, request.layout); !ready.ok()) {
    tell(ready.error().text());
    return ready.error().code;
  }
  const StopSignal stop;
  const app::AgentSettings settings = app::agent_settings(request.environment, services.fs);
  warn_of_auto_commit(settings);
  Confirmation confirmation(services.random, settings.auto_commit);
  TokenFile token_file(services.fs);
  if (const auto given = hand_out(confirmation, request, token_file); !given.ok()) {
    tell(given.error().text());
    return given.error().code;
  }
  Entry entry;
  if (request.http) {
    auto token = let_in(services, request);
    if (!token.ok()) {
      tell(token.error().text());
      return token.error().code;
    }
    entry.token = std::move(token).value();
  }
  const Host host{services, request.environment, request.layout,
                  settings, confirmation,        request.fixtures};
  std::function<void(std::string_view)> log;
  if (request.logs_calls) log = tell;
  Scheduler scheduler(worker_count());
  Dispatcher dispatcher(host, scheduler, std::move(log));
  if (!request.http) return serve_stdio(dispatcher, scheduler, stop);
  return serve_http(dispatcher, scheduler, stop, *request.http, entry, services.random);
}

}  // namespace cortex::mcp
