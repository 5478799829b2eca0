// What a decay job reads from the store: its sources with what must stand in the ledger before they
// are touched, whether they may be retired, and what there is to say about a principle.
#pragma once

#include <string>
#include <vector>

#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "memory/decay.h"
#include "sqlite/connection.h"
#include "store/decay_jobs.h"
#include "store/operation.h"

namespace cortex::app {

inline constexpr std::string_view kSourceMissing = "decay.compress.source_missing";
inline constexpr std::string_view kInputInvalid = "decay.compress.input_invalid";

struct DecaySources {
  std::vector<memory::SummarySource> sources;
  std::vector<store::Memory> memories;      // when they are memories
  std::vector<store::Operation> adoptions;  // of what no operation ever touched
};
// In the order of the job. Errors: kIntegrity with one of the tokens above.
Result<DecaySources> read_sources(sqlite::Connection& db, const store::DecayJob& job);

// Whether a summary may take the place of its sources, and as what: an active one when all of them
// are active, whole in their proof and undisputed; a candidate when all are candidates. Empty
// `why_not` when it may.
struct Retirement {
  std::string why_not;
  bool summary_is_active = false;
};
Result<Retirement> judge_retirement(sqlite::Connection& db, const DecaySources& sources,
                                    const store::Memory& summary);

// {audit_id, principle_id, status, supporting, verdict, findings}: what became of the memories that
// a principle rests on. `verdict` is "holds" or "needs_review". Errors: kIntegrity when there is no
// such principle.
Result<json::Value> review_principle(Services& services, sqlite::Connection& db,
                                     const std::string& principle_id);

}  // namespace cortex::app
