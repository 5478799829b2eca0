#include "app/run_persist.h"

#include <array>
#include <utility>

#include "app/operations.h"
#include "app/row_signing.h"
#include "base/join.h"
#include "base/text.h"
#include "ledger/append_log.h"
#include "ledger/attestation.h"
#include "ledger/signed_history.h"
#include "trust/claim.h"

namespace cortex::app {
namespace {

using trust::Outcome;

constexpr std::array<std::string_view, 4> kForbidden{
    "audit_export", "compliance_evidence", "cross_system_trust_decision", "external_reporting"};

Error persist_refused(std::string message, std::string next) {
  return make_error(Code::kPrecondition, std::move(message), "nothing was recorded",
                    std::move(next));
}

trust::Contribution persist_vote(std::string_view rule, Outcome outcome, std::string_view reason) {
  return {cat("run.persist.", rule), outcome, std::string(reason), true};
}

trust::Decision decide(const RunOrder& order) {
  std::vector<trust::Contribution> votes{
      persist_vote("context_policy_outcome", order.context_outcome, "outcome of the context pack"),
      persist_vote("development_ledger_authority", Outcome::kAllow,
                   "the row is development history and says so")};
  if (!order.remote) {
    votes.push_back(
        persist_vote("runtime_mode_gate", Outcome::kAllow, "the model runs on this machine"));
  } else {
    votes.push_back(persist_vote("runtime_mode_gate",
                                 order.strict ? Outcome::kQuarantine : Outcome::kWarn,
                                 "nobody signed what a model on another machine answered"));
  }
  if (order.break_glass) {
    votes.push_back(persist_vote("operator_diagnostic_override", Outcome::kBreakGlass,
                                 "an authorisation for diagnosis was given"));
  }
  return trust::compose(std::move(votes),
                        order.break_glass ? order.break_glass->flags : trust::BreakGlass{});
}

Error blocked(const trust::Decision& decision) {
  const std::string rules = join(decision.contributing, ", ", &trust::Contribution::rule_id);
  return persist_refused(
      cat("persistence failed: ", rules, ": ", json::write_compact(trust::to_json(decision))),
      "ask a model on this machine, or go without --strict");
}

json::Value forbidden_uses(const RunOrder& order) {
  json::Array uses;
  if (order.break_glass) uses.emplace_back("trusted_run_history");
  for (const std::string_view use : kForbidden) uses.emplace_back(use);
  if (order.remote && !order.key) uses.emplace_back("remote_unsigned");
  return uses;
}

std::string payload_of(const RunOrder& order, const RunReport& report) {
  const bool is_signed = order.key.has_value();
  const std::string_view authority = is_signed           ? "signed_local"
                                     : order.break_glass ? "development_diagnostic_only"
                                                         : "development";
  const llm::Response& response = report.response;
  json::Object payload{{"adapter_id", report.adapter_id},
                       {"context_pack_id", report.context_pack_id},
                       {"correlation_id", report.correlation_id},
                       {"forbidden_uses", forbidden_uses(order)},
                       {"ledger_authority", authority},
                       {"model", response.model},
                       {"parsed_json", json::or_null(response.parsed_json)},
                       {"raw_hash", response.raw_hash},
                       {"runtime_mode", order.remote ? "remote_unsigned" : "local_unsigned"},
                       {"signed_ledger_authority", is_signed},
                       {"task", report.task},
                       {"text", response.text},
                       {"trusted_run_history", is_signed},
                       {"usage", llm::to_json(response.usage)}};
  if (order.break_glass) {
    payload.add("policy_outcome", trust::outcome_token(Outcome::kBreakGlass));
    payload.add("policy_break_glass", order.break_glass->document);
  }
  return json::canonical(payload);
}

core::Event event_of(Services& services, const RunOrder& order, const RunReport& report) {
  core::Event event;
  event.id = Ulid::make(services.clock, services.random);
  event.observed_at = event.recorded_at = services.clock.now();
  event.source = {core::SourceType::kChildAgent, report.response.model};
  event.type = core::EventType::kAgentResponse;
  event.domain_tags = {"runtime"};
  event.payload = payload_of(order, report);
  return event;
}

Error not_clean(std::string_view why) {
  return persist_refused(
      cat("existing ledger is not a clean signed chain: ", why),
      "see `cortex audit verify --signed`; after `cortex key rotate` only the rows from "
      "there on count; runs without --trusted-history are recorded in any case");
}

// The row with which the signed history of the key begins.
Result<std::uint64_t> check_history(Services& services, sqlite::Connection& db,
                                    ledger::AppendLog& log, const crypto::SigningKey& key,
                                    const std::string& ledger_id) {
  CORTEX_ASSIGN(const std::string standing, key_standing(db, key.key_id()));
  CORTEX_ASSIGN(const ledger::SignedHistory history,
                ledger::check_signed_history(services.fs, log.file(), log.size_bytes(), key,
                                             ledger_id, standing, services.random));
  if (!history.failure) return history.first_row;
  return not_clean(cat("line ", history.failure->file_line, ": ", history.failure->reason));
}

void judge_report(const RunOrder& order, RunReport& report) {
  report.trusted = order.key.has_value();
  report.truth.runtime_mode = order.key      ? trust::RuntimeMode::kSignedLocalLedger
                              : order.remote ? trust::RuntimeMode::kRemoteUnsigned
                                             : trust::RuntimeMode::kLocalUnsigned;
  report.truth.proof_state =
      order.key ? trust::ProofState::kFullChainVerified : trust::ProofState::kPartial;
  report.truth.authority_class =
      order.key ? trust::AuthorityClass::kVerified : trust::AuthorityClass::kObserved;
  report.truth.requested =
      order.key ? trust::ClaimCeiling::kSignedLocalLedger : trust::ClaimCeiling::kLocalUnsigned;
  trust::ReportableClaim claim = trust::make_claim("run", report.truth);
  report.ceiling = claim.effective;
  report.downgrade_reasons = std::move(claim.downgrade_reasons);
}

}  // namespace

Status check_run_authority(sqlite::Connection& db, const std::string& key_id, Timestamp now) {
  CORTEX_ASSIGN(const trust::Authority authority, signer_authority(db, key_id, now));
  if (authority.outcome() == Outcome::kAllow) return {};
  return with_token(
      persist_refused(
          cat("the key ", key_id, " may not sign now (reasons: ", authority.joined_reasons(), ")"),
          "see the key's history with `cortex key list`"),
      kRunRevalidationFailed);
}

Status persist_run(Services& services, const Layout& layout, const RunOrder& order,
                   RunReport& report) {
  if (!order.key) {
    const trust::Decision decision = decide(order);
    if (decision.blocked()) return blocked(decision);
    if (decision.final_outcome == Outcome::kWarn) {
      report.warnings.push_back(cat("warning: ", decision.contributing.front().rule_id, ": ",
                                    decision.contributing.front().reason));
    }
  }
  report.event = event_of(services, order, report);
  const auto check = [&](sqlite::Connection& db, ledger::AppendLog& log) -> Status {
    if (!order.key) return {};
    CORTEX_TRY(check_run_authority(db, order.key->key_id(), services.clock.now()));
    const std::string ledger_id =
        ledger::ledger_id_of(layout.event_log_path, ledger::kSignedRowsLedgerId);
    CORTEX_ASSIGN(report.trusted_from_row, check_history(services, db, log, *order.key, ledger_id));
    return {};
  };
  Layout signing = layout;
  if (order.key) signing.signing_seed = order.seed;
  CORTEX_ASSIGN(const Recorded recorded, append_event(services, signing, report.event, check));
  if (!recorded.mirror_note.empty()) report.warnings.push_back(recorded.mirror_note);
  judge_report(order, report);
  return {};
}

}  // namespace cortex::app
