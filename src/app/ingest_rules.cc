#include "app/ingest_rules.h"

#include <utility>

#include "base/text.h"
#include "core/ids.h"
#include "ledger/chain.h"
#include "ledger/signed_row.h"
#include "store/operation.h"
#include "trust/policy.h"

namespace cortex::app {
namespace {

using trust::Outcome;

Error ingest_refused(std::string message, std::string next) {
  return make_error(Code::kUsage, std::move(message), "the ledger was not changed",
                    std::move(next));
}

// Agents and tools must say who they are.
bool is_named(const core::Source& source) {
  switch (source.type) {
    case core::SourceType::kUser:
    case core::SourceType::kManualCorrection:
      return true;
    case core::SourceType::kChildAgent:
    case core::SourceType::kTool:
      return !is_blank(source.name);
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
  Error error = ingest_refused(cat("event ", id, " is an operation of the store (payload member ",
                                   store::kOperationMember, "), which a session cannot bring"),
                               "remove the event from the session, or the member from its payload");
  error.code = Code::kPrecondition;
  error.token = "ingest.operation_reserved";
  return error;
}

Error reserved_kind(std::string_view id, std::string_view what) {
  Error error =
      ingest_refused(cat("event ", id, " has the payload of a ", what),
                     "remove the event from the session, or change the kind of its payload");
  error.code = Code::kPrecondition;
  error.token = "ingest.payload_kind_reserved";
  return error;
}

// Rows that others read as turning points of the ledger come from the runtime alone.
Status refuse_reserved_kind(const core::DecodedEvent& decoded, const std::string& id) {
  if (decoded.event.source.type == core::SourceType::kRuntime) return {};
  const bool boundary = ledger::is_boundary(decoded.event, decoded.raw_payload);
  const bool rotation =
      ledger::parse_rotation(decoded.event, decoded.raw_payload, decoded.payload_depth).has_value();
  if (!boundary && !rotation) return {};
  return reserved_kind(
      id, cat(boundary ? "schema boundary" : "key rotation", ", which only the runtime may write"));
}

// People's events are of operator tier when a key attests them, else untrusted.
bool needs_attestation(const core::Source& source) {
  return source.type == core::SourceType::kUser ||
         source.type == core::SourceType::kManualCorrection;
}

Status examine(const core::DecodedEvent& decoded, Repeats repeats, Examination& seen) {
  const core::Event& event = decoded.event;
  const std::string id = core::id_text(core::IdKind::kEvent, event.id);
  if (!core::is_supported_schema_version(event.schema_version)) {
    return ingest_refused(
        cat("event ", id, " has schema_version ", event.schema_version, "; supported are 1 and 2"),
        "convert the session with a program that writes a supported version");
  }
  if (!seen.ids.insert(event.id).second) {
    if (repeats == Repeats::kSkipped) return {};
    return ingest_refused(cat("event id ", id, " occurs twice in the session file"),
                          "give every event an id of its own");
  }
  CORTEX_TRY(refuse_operation(decoded, id));
  if (event.source.type == core::SourceType::kUser) seen.user_events.push_back(id);
  CORTEX_TRY(refuse_reserved_kind(decoded, id));
  const bool named = is_named(event.source);
  if (!seen.below_minimum_attested && !named) seen.below_minimum_attested = id;
  if (!seen.below_minimum && (!named || needs_attestation(event.source))) seen.below_minimum = id;
  return {};
}

trust::Contribution attestation_vote(const Examination& seen, bool attested) {
  constexpr std::string_view kRule = "ingest.user_attestation";
  if (attested) return {std::string(kRule), Outcome::kAllow, "a key attests user events"};
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

trust::Contribution tier_vote(const Examination& seen, bool attested) {
  constexpr std::string_view kRule = "ingest.event_source_tier_gate";
  const auto& below_minimum = attested ? seen.below_minimum_attested : seen.below_minimum;
  if (!below_minimum) {
    return {std::string(kRule), Outcome::kAllow, "every source is at least observed"};
  }
  return {std::string(kRule), Outcome::kReject,
          cat("policy.ingest.event_source_tier_gate.below_minimum: event ", *below_minimum,
              " is below tier observed")};
}

}  // namespace

EventSource events_of(SessionFile& session) {
  return [&session](const ledger::SessionCallbacks& callbacks) {
    return ledger::read_session(session.reader(), callbacks);
  };
}

Result<Examination> examine_events(const EventSource& source, Repeats repeats) {
  Examination seen;
  const auto on_restart = [&seen] { seen = Examination{}; };
  const auto on_event = [&seen, repeats](core::DecodedEvent& decoded) {
    return examine(decoded, repeats, seen);
  };
  auto summary = source({on_restart, on_event, false});
  if (!summary.ok()) {
    summary.error().unchanged = "the ledger was not changed";
    return std::move(summary).error();
  }
  seen.summary = std::move(summary).value();
  return seen;
}

Result<Examination> examine_session(SessionFile& session) {
  return examine_events(events_of(session), Repeats::kRefused);
}

Status require_no_rotation(const core::Event& event) {
  if (!ledger::parse_rotation(event, event.payload, 1)) return {};
  return reserved_kind(core::id_text(core::IdKind::kEvent, event.id),
                       "key rotation, and the rows of this ledger are signed: only"
                       " `cortex key rotate` hands it over to another key");
}

Status apply_ingest_rules(const Examination& seen, bool attested) {
  const trust::Decision decision = trust::compose(
      {{"ingest.symlink_root_validation", Outcome::kAllow, "the session lies inside its root"},
       attestation_vote(seen, attested),
       tier_vote(seen, attested)});
  if (!decision.blocked()) return {};
  Error error = make_error(Code::kPrecondition,
                           cat("policy_outcome=", trust::outcome_name(decision.final_outcome)));
  for (const trust::Contribution& vote : decision.contributing) {
    error.message += cat("\n  - ", vote.rule_id, ": ", vote.reason);
  }
  error.unchanged = "the ledger was not changed";
  error.next = attested ? "name the tool or model of every event"
                        : "name the operator's key with --user-attestation, or remove the events";
  return error;
}

}  // namespace cortex::app
