#include "app/ingest_rules.h"

#include <utility>

#include "base/text.h"
#include "core/ids.h"
#include "store/operation.h"
#include "trust/policy.h"

namespace cortex::app {
namespace {

using trust::Outcome;

Error refused(std::string message, std::string next) {
  Error error = make_error(Code::kUsage, std::move(message));
  error.unchanged = "the ledger was not changed";
  error.next = std::move(next);
  return error;
}

// Operator tier needs an attestation; agents and tools must say who they are.
bool is_observed(const core::Source& source) {
  switch (source.type) {
    case core::SourceType::kUser:
    case core::SourceType::kManualCorrection:
      return false;
    case core::SourceType::kChildAgent:
    case core::SourceType::kTool:
      return !trim(source.name).empty();
    case core::SourceType::kRuntime:
    case core::SourceType::kExternalOutcome:
      return true;
  }
  return false;
}

// Operations are written by the program that carries them out; a session that brings one would
// change the store without any of its checks.
Status refuse_operation(const core::DecodedEvent& decoded, const std::string& id) {
  if (!store::looks_like_operation(decoded.event, decoded.raw_payload)) return {};
  const auto operation = store::decode_operation(decoded.event, decoded.raw_payload);
  if (operation.ok() && !*operation) return {};
  Error error = refused(cat("event ", id, " is an operation of the store (payload member ",
                            store::kOperationMember, "), which a session cannot bring"),
                        "remove the event from the session, or the member from its payload");
  error.code = Code::kPrecondition;
  error.token = "ingest.operation_reserved";
  return error;
}

Status examine(const core::DecodedEvent& decoded, Examination& seen) {
  const core::Event& event = decoded.event;
  const std::string id = core::id_text(core::IdKind::kEvent, event.id);
  if (!core::is_supported_schema_version(event.schema_version)) {
    return refused(
        cat("event ", id, " has schema_version ", event.schema_version, "; supported are 1 and 2"),
        "convert the session with a program that writes a supported version");
  }
  if (!seen.ids.insert(event.id).second) {
    return refused(cat("event id ", id, " occurs twice in the session file"),
                   "give every event an id of its own");
  }
  CORTEX_TRY(refuse_operation(decoded, id));
  if (event.source.type == core::SourceType::kUser) seen.user_events.push_back(id);
  if (!seen.below_minimum && !is_observed(event.source)) seen.below_minimum = id;
  return {};
}

trust::Contribution attestation_vote(const Examination& seen) {
  constexpr std::string_view kRule = "ingest.user_attestation";
  if (seen.user_events.empty()) return {std::string(kRule), Outcome::kAllow, "no user events"};
  constexpr std::size_t kIdsShownMax = 5;
  std::string reason = cat("policy.ingest.user_attestation.missing: ", seen.user_events.size(),
                           " user events without an attestation key:");
  for (std::size_t i = 0; i < std::min(kIdsShownMax, seen.user_events.size()); ++i) {
    reason += cat(" ", seen.user_events[i]);
  }
  if (seen.user_events.size() > kIdsShownMax) reason += " ...";
  return {std::string(kRule), Outcome::kReject, std::move(reason)};
}

trust::Contribution tier_vote(const Examination& seen) {
  constexpr std::string_view kRule = "ingest.event_source_tier_gate";
  if (!seen.below_minimum) {
    return {std::string(kRule), Outcome::kAllow, "every source is at least observed"};
  }
  return {std::string(kRule), Outcome::kReject,
          cat("policy.ingest.event_source_tier_gate.below_minimum: event ", *seen.below_minimum,
              " is below tier observed")};
}

}  // namespace

Result<Examination> examine_session(SessionFile& session) {
  Examination seen;
  const auto on_restart = [&seen] { seen = Examination{}; };
  const auto on_event = [&seen](core::DecodedEvent& decoded) { return examine(decoded, seen); };
  auto summary = ledger::read_session(session.reader(), {on_restart, on_event, false});
  if (!summary.ok()) {
    summary.error().unchanged = "the ledger was not changed";
    return std::move(summary).error();
  }
  seen.summary = std::move(summary).value();
  return seen;
}

Status apply_ingest_rules(const Examination& seen) {
  const trust::Decision decision = trust::compose(
      {{"ingest.symlink_root_validation", Outcome::kAllow, "the session lies inside its root"},
       attestation_vote(seen),
       tier_vote(seen)});
  if (!decision.blocked()) return {};
  Error error = make_error(Code::kPrecondition,
                           cat("policy_outcome=", trust::outcome_name(decision.final_outcome)));
  for (const trust::Contribution& vote : decision.contributing) {
    error.message += cat("\n  - ", vote.rule_id, ": ", vote.reason);
  }
  error.unchanged = "the ledger was not changed";
  error.next = "remove these events from the session: this version cannot attest them";
  return error;
}

}  // namespace cortex::app
