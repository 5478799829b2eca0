// The rows that operations carry in their `args`, to JSON and back. Reading trusts nothing: a
// ledger may be anybody's. Errors: kIntegrity with the missing member.
#pragma once

#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "store/contradictions.h"
#include "store/operation.h"
#include "store/outcomes.h"

namespace cortex::memory {

// An operation that cannot be applied, because `what` is missing in it or means nothing.
Error unfit(const store::OperationRow& row, std::string_view what);

// What belongs to a memory beside its own row.
struct Companions {
  std::vector<store::SessionUse> uses;
  std::vector<store::OutcomeRelation> relations;
};
void add_to(json::Object& args, const Companions& companions);
Result<Companions> companions_from_json(const store::OperationRow& row);

// Everything that one report of an outcome writes, as it is afterwards.
struct OutcomeRows {
  store::SessionUse use;
  store::OutcomeRelation relation;
  store::OutcomeReport report;  // event_id is that of the operation
  store::UseTotals totals;
};
json::Object to_args(const OutcomeRows& rows);
Result<OutcomeRows> outcome_from_json(const store::OperationRow& row);

json::Object to_args(const store::Contradiction& contradiction);
Result<store::Contradiction> contradiction_from_json(const store::OperationRow& row);

}  // namespace cortex::memory
