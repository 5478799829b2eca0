// The row that a run leaves: what it says, what lets it through, and how it gets into the ledger.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/break_glass.h"
#include "app/layout.h"
#include "app/run.h"
#include "app/services.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "sqlite/connection.h"
#include "trust/policy.h"

namespace cortex::app {

inline constexpr std::string_view kRunRevalidationFailed =
    "run.trusted_history.operator_temporal_authority.revalidation_failed";

// What decides about the row of a run, beside its answer.
struct RunOrder {
  std::string seed;                       // path; with a key
  std::optional<crypto::SigningKey> key;  // that signs trusted history
  std::optional<BreakGlassOrder> break_glass;
  trust::Outcome context_outcome = trust::Outcome::kAllow;
  bool remote = false;  // the model is on another machine
  bool strict = false;
};

// Whether the key may sign now: by the timelines of the store, tier verified or better. Error:
// kPrecondition with kRunRevalidationFailed and the reasons.
Status check_run_authority(sqlite::Connection& db, const std::string& key_id, Timestamp now);

// Appends the answer to the ledger and mirrors it; fills event, truth, ceiling, reasons, trust and
// warnings of the report. With a key the ledger must be its signed history
// (ledger/signed_history.h), which is checked under the lock: O(rows since the last such run), the
// whole ledger the first time. Errors leave everything as it was.
Status persist_run(Services& services, const Layout& layout, const RunOrder& order,
                   RunReport& report);

}  // namespace cortex::app
