// How memories did when they were used: memory_session_uses, outcome_memory_relations, and our own
// record of every single report (private table cortex_outcomes).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

struct SessionUse {
  std::string memory_id, session_id, first_used_at, last_used_at;
  std::int64_t use_count = 0;
};

struct OutcomeRelation {
  std::string outcome_ref, memory_id, relation, recorded_at;
  // Of a validation: all three, else none.
  std::optional<std::string> validation_scope{}, validating_principal_id{}, evidence_ref{};
};

struct OutcomeReport {
  std::string event_id, memory_id, session_id, result, recorded_at;
  std::optional<std::string> note{};
};

// What the columns of the memory say of all its uses together.
struct UseTotals {
  std::int64_t uses = 0;
  std::string first_used_at, last_used_at;
  std::int64_t validation_epoch = 0;
  std::optional<std::string> last_validation_at{};
};

Result<std::vector<SessionUse>> session_uses_of(sqlite::Connection& db, std::string_view memory);
Result<std::vector<OutcomeRelation>> relations_of(sqlite::Connection& db, std::string_view memory);
// Oldest first.
Result<std::vector<OutcomeReport>> reports_of(sqlite::Connection& db, std::string_view memory);

// Each inserts, or replaces what has the same key.
Status put_session_use(sqlite::Connection& db, const SessionUse& use);
Status put_relation(sqlite::Connection& db, const OutcomeRelation& relation);
Status put_report(sqlite::Connection& db, const OutcomeReport& report);
Status set_use_totals(sqlite::Connection& db, std::string_view memory, const UseTotals& totals);

}  // namespace cortex::store
