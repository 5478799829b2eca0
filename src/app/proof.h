// `proof memory`: what stands behind one memory, from its lineage to the start of the ledger.
#pragma once

#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "trust/closure.h"
#include "trust/policy.h"

namespace cortex::app {

enum class ProofReach {
  kRows,    // as reference 0.1.2: the rows are there
  kHashes,  // and every hash on the way is recomputed
  kLedger,  // and each event stands in the ledger, behind an unbroken chain from its first row
};

struct ProofReport {
  std::string memory_id;
  trust::Closure closure;
};

// An id without a row is a report, not an error. kUsage: no id of a memory; kInternal with
// ProofReach::kRows: a row that reference 0.1.2 cannot read. kLedger reads the whole ledger once.
Result<ProofReport> prove_memory(Services& services, const Layout& layout,
                                 const std::string& memory_id, ProofReach reach);

// Members sorted.
json::Value to_json(const ProofReport& report);

// {kind, from_ref, to_ref, ...} with null for what is empty.
json::Array failing_edges_json(const trust::Closure& closure);

// The vote of a closure, rule `proof_closure.state`: whole allows, partial quarantines, broken
// rejects.
trust::Contribution closure_vote(trust::ProofState state);

}  // namespace cortex::app
