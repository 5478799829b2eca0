#include "app/session_proposers.h"

#include <memory>
#include <utility>
#include <vector>

#include "app/fixtures.h"
#include "app/reflect.h"
#include "app/trace_events.h"
#include "base/text.h"
#include "reflect/live.h"
#include "reflect/prompt.h"

namespace cortex::app {
namespace {

// What the model is asked about; told by the proposer, needed to read the answer.
struct Asked {
  std::string trace_id;
  std::vector<reflect::TraceEvent> events;
};

// Asks again, once, when an answer cannot be read. What comes then is the caller's to judge.
class AskingTwice final : public llm::Model {
 public:
  AskingTwice(std::unique_ptr<llm::Model> model, std::shared_ptr<const Asked> asked)
      : model_(std::move(model)), asked_(std::move(asked)) {}

  std::string_view adapter_id() const override { return model_->adapter_id(); }
  bool is_remote() const override { return model_->is_remote(); }
  Result<llm::Response> complete(const llm::Request& request) override {
    CORTEX_ASSIGN(LiveAnswer answer, ask_live(*model_, request, asked_->trace_id, asked_->events));
    return std::move(answer.response);
  }

 private:
  std::unique_ptr<llm::Model> model_;
  std::shared_ptr<const Asked> asked_;
};

}  // namespace

Proposer replay_proposer(Services& services, const Environment& environment,
                         std::optional<std::string> dir, std::string otherwise) {
  const auto open = [&services, environment, dir = std::move(dir),
                     otherwise = std::move(otherwise)]() -> Result<std::unique_ptr<llm::Model>> {
    CORTEX_ASSIGN(const std::string folder, fixtures_dir(environment, dir));
    auto model = open_fixtures_in(services, folder);
    if (model.ok()) return model;
    Error error = std::move(model).error();
    error.next += cat(", or ", otherwise);
    return error;
  };
  const auto ask = [](sqlite::Connection&, const std::string& trace_id) -> Result<llm::Request> {
    return reflect::close_request(trace_id);
  };
  return {open, ask};
}

Proposer live_proposer(Services& services, const Environment& environment,
                       const std::optional<Proposer>& otherwise, const Warn& warn) {
  const auto asked = std::make_shared<Asked>();
  const auto fallen_back = std::make_shared<bool>(false);
  const auto open = [=, &services]() -> Result<std::unique_ptr<llm::Model>> {
    *fallen_back = false;
    auto model = [&]() -> Result<std::unique_ptr<llm::Model>> {
      CORTEX_ASSIGN(const LlmSettings settings,
                    server_settings(services, environment, "--extract", warn));
      return ready_model(services, settings, warn);
    }();
    if (model.ok()) {
      return std::unique_ptr<llm::Model>(
          std::make_unique<AskingTwice>(std::move(model).value(), asked));
    }
    if (!otherwise) return std::move(model).error();
    warn(cat("warning: the recorded answers are used: ", model.error().message));
    *fallen_back = true;
    return otherwise->open();
  };
  const auto ask = [=](sqlite::Connection& db,
                       const std::string& trace_id) -> Result<llm::Request> {
    if (*fallen_back) return otherwise->ask(db, trace_id);
    asked->trace_id = trace_id;
    CORTEX_ASSIGN(asked->events, events_of_trace(db, trace_id));
    return reflect::live_request(trace_id, asked->events);
  };
  return {open, ask};
}

}  // namespace cortex::app
