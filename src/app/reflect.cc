#include "app/reflect.h"

#include <algorithm>
#include <array>
#include <utility>

#include "app/checked_store.h"
#include "app/config.h"
#include "app/fixtures.h"
#include "app/llm_settings.h"
#include "app/memory_work.h"
#include "app/session_proposals.h"
#include "app/trace_events.h"
#include "base/text.h"
#include "core/ids.h"
#include "reflect/admission.h"
#include "reflect/extract.h"
#include "reflect/live.h"
#include "reflect/prompt.h"
#include "trust/policy.h"

namespace cortex::app {
namespace {

constexpr std::array<std::string_view, 3> kWays{"replay", "live", "none"};

// A proposal and where it comes from.
struct Proposal {
  json::Value payload;
  reflect::SessionReflection reflection;
  std::string adapter_id, model, response_hash;
  bool remote = false;
};

Error rejected(std::string_view why) {
  Error error = make_error(
      Code::kQuarantined,
      cat("admission rejected: AXIOM admission rejected reflection candidates (", why, ")"),
      "nothing was written", "see what the model was asked and what it answered");
  return error;
}

Error unreadable(const Error& why) {
  return with_token(
      rejected(cat("reflection parse failed: reflection schema validation failed: ", why.message)),
      why.token);
}

trust::Contribution reflect_vote(std::string_view rule, trust::Outcome outcome,
                                 std::string_view reason) {
  return {std::string(rule), outcome, std::string(reason)};
}

// The decision about admitted or quarantined candidates; rejected ones are an error.
trust::Decision decide(const Proposal& proposal, const reflect::Judgement& judged, ReflectBy by) {
  const bool admitted = judged.admitted();
  std::vector<trust::Contribution> votes{reflect_vote(
      "reflect.admission_decision", admitted ? trust::Outcome::kAllow : trust::Outcome::kQuarantine,
      admitted ? "AXIOM admission accepted reflection candidates"
               : "AXIOM admission quarantined reflection candidates")};
  if (by == ReflectBy::kReplay) {
    votes.push_back(reflect_vote("reflect.fixture_integrity", trust::Outcome::kAllow,
                                 "every recorded answer is as its index says"));
  }
  if (proposal.remote) {
    votes.push_back(reflect_vote("reflect.adapter_authority_class", trust::Outcome::kWarn,
                                 "the answer is derived, by a model on another machine"));
  } else {
    votes.push_back(reflect_vote("reflect.adapter_authority_class", trust::Outcome::kAllow,
                                 by == ReflectBy::kNone
                                     ? "the answer was extracted by rules, untrusted"
                                     : "the answer is derived"));
  }
  return trust::compose(std::move(votes));
}

Result<json::Value> document_of(const Proposal& proposal, ReflectBy by) {
  const reflect::Judgement judged =
      reflect::judge_reflection(proposal.reflection, {proposal.adapter_id, proposal.response_hash});
  if (judged.admission == trust::Admission::kReject) return rejected(judged.detail());
  const trust::Decision decision = decide(proposal, judged, by);
  json::Object out;
  if (decision.blocked()) {
    out.add("diagnostic", json::Object{{"detail", judged.detail()},
                                       {"reason", decision.contributing.front().reason}});
  } else {
    out.add("payload", json::sorted(proposal.payload));
  }
  json::Value policy = trust::to_json(decision);
  policy.as_object()->set("break_glass", nullptr);
  out.add("policy_outcome", std::move(policy));
  if (by != ReflectBy::kReplay) {
    out.add("adapter_id", proposal.adapter_id);
    out.add("model", proposal.model);
    out.add("raw_hash", proposal.response_hash);
    out.add("claim_ceiling", by == ReflectBy::kNone ? "dev_only" : "local_unsigned");
  }
  return json::Value(std::move(out));
}

// Recorded text that is no document stays a text, and is refused as one.
json::Value payload_of(const llm::Response& response) {
  if (response.parsed_json) return *response.parsed_json;
  auto parsed = json::parse(response.text);
  return parsed.ok() ? std::move(parsed).value() : json::Value(response.text);
}

Result<Proposal> by_replay(Services& services, const Environment& environment,
                           const ReflectRequest& request) {
  CORTEX_ASSIGN(const std::string dir, fixtures_dir(environment, request.fixtures_dir));
  CORTEX_ASSIGN(const auto model, open_fixtures_in(services, dir));
  CORTEX_ASSIGN(const llm::Response response,
                model->complete(reflect::reflect_request(request.trace_id)));
  Proposal out{payload_of(response),
               {},
               std::string(model->adapter_id()),
               response.model,
               response.raw_hash};
  auto read = reflect::read_reflection(out.payload);
  if (!read.ok()) return unreadable(read.error());
  out.reflection = std::move(read).value();
  return out;
}

Result<std::vector<reflect::TraceEvent>> load_events(Services& services,
                                                     const Environment& environment,
                                                     const std::string& trace_id) {
  CORTEX_ASSIGN(const Layout layout, find_layout(environment, services.fs, {}, {}));
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  CORTEX_ASSIGN(auto events, events_of_trace(store.connection, trace_id));
  if (!events.empty()) return events;
  return make_error(Code::kPrecondition, cat("the store has no event of the trace ", trace_id),
                    "no state was changed", "see `cortex log` for the traces that there are");
}

Result<Proposal> by_rules(Services& services, const Environment& environment,
                          const ReflectRequest& request) {
  CORTEX_ASSIGN(const auto events, load_events(services, environment, request.trace_id));
  const json::Value document = hear_all(events).document(request.trace_id);
  const llm::Response response = reflect::extracted_answer(document);
  CORTEX_ASSIGN(auto read, reflect::read_reflection(document));
  return Proposal{document, std::move(read), std::string(reflect::kExtractAdapter), response.model,
                  response.raw_hash};
}

Result<Proposal> by_model(Services& services, const Environment& environment,
                          const ReflectRequest& request, std::vector<std::string>& warnings) {
  const Warn warn = [&warnings](const std::string& text) { warnings.push_back(text); };
  CORTEX_ASSIGN(const LlmSettings settings,
                server_settings(services, environment, "--model none", warn));
  CORTEX_ASSIGN(const auto events, load_events(services, environment, request.trace_id));
  CORTEX_ASSIGN(const auto model, ready_model(services, settings, warn));
  CORTEX_ASSIGN(LiveAnswer live, ask_live(*model, reflect::live_request(request.trace_id, events),
                                          request.trace_id, events));
  if (!live.read.ok()) return unreadable(live.read.error());
  if (request.record) {
    CORTEX_ASSIGN(const std::string dir, fixtures_dir(environment, request.fixtures_dir));
    CORTEX_TRY(record_fixtures(services, dir, request.trace_id, live.response));
    warnings.push_back(cat("recorded in ", printable(dir)));
  }
  return Proposal{payload_of(live.response),        std::move(live.read).value(),
                  std::string(model->adapter_id()), live.response.model,
                  live.response.raw_hash,           model->is_remote()};
}

Result<Proposal> propose(Services& services, const Environment& environment,
                         const ReflectRequest& request, std::vector<std::string>& warnings) {
  switch (request.by) {
    case ReflectBy::kReplay:
      return by_replay(services, environment, request);
    case ReflectBy::kLive:
      return by_model(services, environment, request, warnings);
    case ReflectBy::kNone:
      break;
  }
  return by_rules(services, environment, request);
}

}  // namespace

std::optional<ReflectBy> parse_reflect_by(std::string_view token) {
  const auto* found = std::ranges::find(kWays, token);
  if (found == kWays.end()) return std::nullopt;
  return static_cast<ReflectBy>(found - kWays.begin());
}

Result<ReflectReport> reflect(Services& services, const Environment& environment,
                              const ReflectRequest& request) {
  ReflectRequest asked = request;
  CORTEX_ASSIGN(asked.trace_id, id_argument(core::IdKind::kTrace, request.trace_id));
  ReflectReport report;
  CORTEX_ASSIGN(const Proposal proposal, propose(services, environment, asked, report.warnings));
  if (proposal.reflection.trace_id != asked.trace_id) {
    report.warnings.push_back(
        cat("the recorded answer is about the trace ", proposal.reflection.trace_id));
  }
  CORTEX_ASSIGN(report.document, document_of(proposal, asked.by));
  return report;
}

Result<LiveAnswer> ask_live(llm::Model& model, const llm::Request& request,
                            std::string_view trace_id,
                            const std::vector<reflect::TraceEvent>& events) {
  CORTEX_ASSIGN(llm::Response response, model.complete(request));
  auto read = reflect::read_live_answer(response, trace_id, events);
  if (!read.ok()) {
    const llm::Request again = reflect::repeated_request(request, response, read.error());
    CORTEX_ASSIGN(response, model.complete(again));
    read = reflect::read_live_answer(response, trace_id, events);
  }
  return LiveAnswer{std::move(response), std::move(read)};
}

}  // namespace cortex::app
