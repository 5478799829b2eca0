// Decay: jobs that fold many memories or episodes into one summary, or look at a principle again
// (docs/operations.md, "Forgetting").
//
// Every step is an operation of the ledger: schedule, claim, complete, fail, cancel, recover. A job
// without a model is done in one transaction. One with a model is claimed first, with a lease, and
// settled when the answer is there; nobody else can claim it meanwhile, and a lease that ran out is
// taken back by recover_decay(). The same functions serve commands and tools.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/decay_summary.h"
#include "app/layout.h"
#include "app/memory_work.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "memory/decay.h"
#include "memory/write_gate.h"
#include "store/decay_jobs.h"
#include "store/operation.h"

namespace cortex::app {

// Which memories are chosen when no ids are given: active, never validated, dark, untouched, of the
// tag that most of them share.
struct FadingChoice {
  std::uint64_t older_than_days = 30;
  double brightness_below = 0.35;
  std::uint64_t at_most = 32;
};

struct DecayScheduleRequest {
  memory::DecayKind kind = memory::DecayKind::kCandidates;
  memory::SummaryMethod method = memory::SummaryMethod::kConcatenate;
  // Comma-separated, as commands have them; or `source_ids`. The ids must fit the kind.
  std::optional<std::string> episode_ids{}, memory_ids{}, principle_id{};
  std::optional<std::vector<std::string>> source_ids{};
  std::optional<FadingChoice> fading{};  // instead of ids
  std::string scheduled_for{};           // RFC 3339; blank: now
  bool past_allowed = false;
  bool attested = false;  // an attestation was named; it is read when the job runs
  bool supersede = false;
  std::string created_by = "operator:cli";
  memory::GatePolicy policy{};  // of created_by
  store::Caller caller{};
};

struct DecayScheduleReport {
  store::DecayJob job;
  std::string event_id, mirror_note;
};
// Errors: kUsage (times, ids), kPrecondition (the past, no attestation for a model, sources that do
// not exist, nothing that fades). One query for the sources.
Result<DecayScheduleReport> schedule_decay(Services& services, const Layout& layout,
                                           const DecayScheduleRequest& request);
json::Value to_json(const DecayScheduleReport& report);

struct DecayRunRequest {
  std::optional<std::string> job_id{};  // or, one of both:
  bool next_pending = false;            // the job that is due first
  std::optional<std::string> attestation_path{};
  bool require_registered_key = false;  // of the attestation, in the authority timelines
  SummaryBackend* backend = nullptr;    // for jobs with a model
  // Why the backend that was asked for cannot be used: told once the job is known, whatever its
  // method, before anything is done for it.
  std::optional<Error> backend_refused{};
  store::Caller caller{};
};

struct DecayRunReport {
  store::DecayJob job;  // as it is afterwards
  std::string from_state;
  std::vector<std::string> retired{};   // memories that the summary took out of use
  std::string note{};                   // why none was, or empty
  std::string operator_key_state{};     // of the key behind the attestation, or empty
  std::optional<json::Value> review{};  // of a principle
  std::optional<Error> failure{};       // the job failed, or could not be run
  std::vector<std::string> skipped{};   // due jobs that need an attestation
  std::string mirror_note{};
};
// A job that fails is a report with `failure`, and its state says so. Errors (nothing was changed):
// kUsage, kPrecondition with the token `decay.run...`.
Result<DecayRunReport> run_decay(Services& services, const Layout& layout,
                                 const DecayRunRequest& request);
json::Value to_json(const DecayRunReport& report);

struct DecayCancelReport {
  store::DecayJob job;
  std::string from_state, reason, mirror_note;
};
Result<DecayCancelReport> cancel_decay(Services& services, const Layout& layout,
                                       const std::string& job_id, const std::string& reason,
                                       const Author& author);
json::Value to_json(const DecayCancelReport& report);

struct DecayRecoverReport {
  std::vector<std::string> recovered;  // pending again
  std::vector<std::string> running;    // whose lease still holds
  std::string mirror_note{};
};
// Jobs that are in progress though nobody works on them any more.
Result<DecayRecoverReport> recover_decay(Services& services, const Layout& layout,
                                         const store::Caller& caller);
json::Value to_json(const DecayRecoverReport& report);

struct DecayListing {
  std::vector<std::string> states;  // as asked for; none: all
  std::vector<store::DecayJob> jobs;
};
Result<DecayListing> list_decay(Services& services, const Layout& layout,
                                const std::vector<memory::JobState>& states);
json::Value to_json(const DecayListing& listing);

struct DecayStatus {
  store::DecayJob job;
  store::SummarySources superseded;
  std::optional<json::Value> review{};  // what was last found out about its principle
};
Result<DecayStatus> decay_status(Services& services, const Layout& layout,
                                 const std::string& job_id);
json::Value to_json(const DecayStatus& status);

}  // namespace cortex::app
