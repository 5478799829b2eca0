// The trust exchange over texts, and keeping what was admitted.
#include <array>
#include <utility>

#include "app/axiom.h"
#include "app/axiom_rules.h"
#include "app/compatibility.h"
#include "app/memory_work.h"
#include "base/text.h"
#include "memory/lifecycle.h"
#include "trust/axiom_exchange.h"
#include "trust/axiom_schema.h"

namespace cortex::app {
namespace {

constexpr double kAxiomConfidence = 0.5;
constexpr std::string_view kAxiomAuthority = "axiom_candidate";

struct Part {
  std::string_view argument;
  trust::Envelope kind;
  const std::string ExchangeRequest::* text;
};
constexpr std::array<Part, 3> kParts{{
    {"axiom_execution_trust_json", trust::Envelope::kExecutionTrust, &ExchangeRequest::execution},
    {"cortex_context_trust_json", trust::Envelope::kContextTrust, &ExchangeRequest::context},
    {"authority_feedback_loop_json", trust::Envelope::kFeedbackLoop, &ExchangeRequest::loop},
}};

// The tool takes both names of the one whom the token is for; the command has a flag.
constexpr std::string_view kOtherAudience = "cortex";

std::string_view expected_audience(const json::Value& execution) {
  const bool other = trust::text_at(execution, "token_scope.audience") == kOtherAudience;
  return other ? kOtherAudience : trust::kAdmissionAudience;
}

Error unfit(std::string_view argument, const Error& why) {
  return refusal(
      Code::kUsage,
      cat(argument, " schema error: ", why.token.empty() ? "" : cat(why.token, ": "), why.message),
      "send the envelope as its schema has it");
}

Result<json::Value> read_part(const Part& part, const std::string& text) {
  auto document = json::parse(text);
  if (!document.ok()) return unfit(part.argument, document.error());
  auto envelope = trust::read_envelope(part.kind, *document);
  if (!envelope.ok()) return unfit(part.argument, envelope.error());
  return envelope;
}

std::string first_anchor(const json::Value& execution) {
  const json::Value* anchors = execution.find("source_anchors");
  const json::Array* rows = anchors == nullptr ? nullptr : anchors->as_array();
  return rows == nullptr || rows->empty() ? std::string()
                                          : std::string(trust::text_at(rows->front(), "ref"));
}

store::Memory row_of(const std::string& id, const json::Value& execution, const std::string& at) {
  store::Memory row;
  row.id = id;
  row.type = "semantic";
  row.status = memory::state_token(memory::State::kPending);
  row.claim = cat(trust::text_at(execution, "action_id"), ": ", first_anchor(execution));
  row.source_episodes = row.source_events = row.domains = json::Array();
  row.salience = json::Object{{"score", kAxiomConfidence}};
  row.applies_when = row.does_not_apply_when = json::Array();
  row.confidence = kAxiomConfidence;
  row.authority = kAxiomAuthority;
  row.created_at = row.updated_at = at;
  return row;
}

// The exchange is the source of the memory: it stands in the operation, because no event of the
// ledger does.
Result<std::string> keep(Services& services, const Layout& layout, const store::Caller& caller,
                         const std::array<json::Value, 3>& envelopes) {
  std::string id;
  const Plan plan = [&](sqlite::Connection&) -> Result<std::vector<store::Operation>> {
    id = new_id(services, core::IdKind::kMemory);
    const std::string at = column_time(services.clock.now());
    json::Object exchange;
    for (std::size_t i = 0; i < kParts.size(); ++i) {
      exchange.add(std::string(trust::schema_name(kParts[i].kind)), envelopes[i]);
    }
    return std::vector{store::Operation{
        "memory.candidate",
        json::Object{{"at", at},
                     {"exchange", std::move(exchange)},
                     {"memory", store::memory_to_json(row_of(id, envelopes[0], at))}}}};
  };
  CORTEX_TRY(change_memories(services, layout, caller, plan));
  return id;
}

}  // namespace

Status check_source_commit(const Environment& environment, const json::Value& execution) {
  const std::string_view commit = trust::text_at(execution, "tool_provenance.source_commit");
  std::optional<std::string> setting;
  const auto found = environment.vars.find("CORTEX_AXIOM_ACCEPTED_SOURCE_COMMITS");
  if (found != environment.vars.end()) setting = found->second;
  if (trust::is_accepted_commit(commit, setting, is_compatible(environment))) return {};
  return make_error(Code::kQuarantined,
                    cat("the source commit ", quoted(commit), " is not accepted"),
                    "nothing was admitted",
                    "have the tool run from an accepted commit, or list it in "
                    "CORTEX_AXIOM_ACCEPTED_SOURCE_COMMITS",
                    "axiom_execution_trust.tool_provenance.source_commit.stale");
}

Result<ExchangeReport> admit_exchange(Services& services, const Environment& environment,
                                      const Layout& layout, const ExchangeRequest& request) {
  std::array<json::Value, 3> envelopes;
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    CORTEX_ASSIGN(envelopes[i], read_part(kParts[i], request.*kParts[i].text));
  }
  CORTEX_TRY(check_source_commit(environment, envelopes[0]));
  const trust::ExchangeDecision decision =
      trust::decide_exchange({.execution = envelopes[0],
                              .context = envelopes[1],
                              .loop = envelopes[2],
                              .lifecycle = "candidate_only",
                              .derived_from_quarantined = false,
                              .audience = expected_audience(envelopes[0]),
                              .now = services.clock.now()});
  ExchangeReport report;
  report.decision = trust::admission_token(decision.admission);
  report.policy_outcome = trust::outcome_name(decision.policy.final_outcome);
  for (const auto& edge : decision.failing_edges) report.failing_edges.emplace_back(edge);
  if (decision.admission != trust::Admission::kReject) {
    for (const auto use : trust::exchange_forbidden_uses()) report.forbidden_uses.emplace_back(use);
  }
  if (request.persist && decision.admission == trust::Admission::kAdmitCandidate) {
    CORTEX_ASSIGN(report.memory_id, keep(services, layout, request.caller, envelopes));
  }
  return report;
}

json::Object to_json(const ExchangeReport& report) {
  json::Object out{{"decision", report.decision},
                   {"failing_edges", json::array_of(report.failing_edges)},
                   {"forbidden_uses", json::array_of(report.forbidden_uses)},
                   {"persisted", report.memory_id.has_value()},
                   {"policy_outcome", report.policy_outcome}};
  if (report.memory_id) out.add("memory_id", *report.memory_id);
  return out;
}

}  // namespace cortex::app
