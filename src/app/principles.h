// Principles and doctrine: candidates found among memories, the record of attempts to refute them,
// promotion under an operator's signature, and the proof that it happened.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "memory/principles.h"
#include "store/operation.h"

namespace cortex::app {

struct ExtractRequest {
  std::string window = "all";  // a duration, memory ids separated by commas, or any other text: all
  std::string model = "replay";
  bool persist = false;                  // keep the candidates as rows
  std::vector<std::string> domains{};    // only memories of one of these, whatever their case
  std::optional<std::uint64_t> limit{};  // of candidates
  store::Caller caller{};
};
struct ExtractReport {
  std::vector<memory::PrincipleCandidate> candidates;
  std::vector<std::string> persisted;  // prn_ ids, when asked for; one a candidate, old or new
  std::uint64_t added = 0;
  std::string note{}, mirror_note{};
};
// Errors: kUsage (a blank window, a model other than `replay`).
Result<ExtractReport> extract_principles(Services& services, const Layout& layout,
                                         const ExtractRequest& request);
json::Value to_json(const ExtractReport& report);

struct FalsifyRequest {
  std::string principle_id;
  std::vector<std::string> failed_attempts{};  // that could not refute it
  std::vector<std::string> counterexamples{};  // of high risk
  std::vector<std::string> resolved{};         // counterexamples that turned out to be none
  store::Caller caller{};
};
struct FalsifyReport {
  std::string principle_id, event_id, mirror_note;
  memory::Falsification record;
};
// Errors: kUsage (nothing to record), kPrecondition (no such principle, not a candidate, no such
// counterexample).
Result<FalsifyReport> falsify_principle(Services& services, const Layout& layout,
                                        const FalsifyRequest& request);
json::Value to_json(const FalsifyReport& report);

struct PromoteRequest {
  std::string principle_id;
  memory::Force force = memory::Force::kAdvisory;
  std::string reason;
  std::optional<std::string> attestation{};  // seed file of the operator
  store::Caller caller{};
};
struct PromoteReport {
  std::string principle_id, doctrine_id, audit_id, event_id, mirror_note;
  // Why it was refused, for people and as one JSON object.
  std::optional<Error> refused{};
  json::Value refusal_detail{};
};
// Errors: kUsage (reason, id), kPrecondition (no key). A policy that refuses is a report.
Result<PromoteReport> promote_principle(Services& services, const Layout& layout,
                                        const PromoteRequest& request);

struct PromotionProof {
  std::string principle_id, doctrine_id, audit_id;
  std::string operator_key_state;  // "valid", or what the timelines say against the key now
};
// Reads only. Errors: kPrecondition with what does not fit.
Result<PromotionProof> verify_promotion(Services& services, const Layout& layout,
                                        const std::string& principle_id,
                                        bool require_registered_key);
json::Value to_json(const PromotionProof& proof);

struct PrincipleRow {
  std::string id, statement, status;
  double confidence = 0;
  std::vector<std::string> supporting{};
};
struct PrincipleStatus {
  std::uint64_t active_memories = 0, candidates = 0, doctrine = 0;
  std::vector<PrincipleRow> principles;  // the one asked for, else the candidates
};
// Errors: kUsage for text that is no id.
Result<PrincipleStatus> principle_status(Services& services, const Layout& layout,
                                         const std::optional<std::string>& principle_id);
json::Value to_json(const PrincipleStatus& status);

// Of the operations principle.candidate, principle.falsify and principle.promote: {at, principle:
// row afterwards, doctrine?: row, audit?: row}.
Status apply_principle(sqlite::Connection& db, const store::OperationRow& row);

}  // namespace cortex::app
