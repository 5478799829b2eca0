// What is demanded of a principle before it becomes doctrine: the votes of the policy, and the
// claim that they allow.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "sqlite/connection.h"
#include "trust/policy.h"

namespace cortex::app {

// Rules principle_promotion.falsification, .supporting_memory_proof (one a memory),
// .supporting_memory_conflict_resolution and .semantic_support; .exists alone when `principle` is
// null. A constant number of queries.
Result<trust::Decision> promotion_votes(sqlite::Connection& db, const json::Object* principle,
                                        const std::string& principle_id);

// Empty when the decision lets a promotion through; else the refusal in the words of the format:
// {claim_ceiling, error, policy_contributing, policy_outcome, reason, required_ceiling,
// runtime_mode}.
json::Value promotion_refusal(const trust::Decision& decision);

// What the store demands of the row by itself: a candidate with three memories, two domains and
// scores from 0 to 1. Errors: kPrecondition.
Status check_promotable(const json::Object& principle);

}  // namespace cortex::app
