// What a migration to v2 would start from: the facts that its attestation signs (docs/formats.md,
// 17.1). Reads only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "json/value.h"
#include "ledger/boundary.h"
#include "ledger/chain_check.h"
#include "sqlite/connection.h"

namespace cortex::app {

using ledger::kBoundaryKind;
using ledger::kMigrationScriptDigest;

// What the whole ledger says; one pass.
struct LedgerFacts {
  ledger::ChainReport chain;
  // Rows of schema version 2 that are neither a boundary nor an operation of ours.
  std::uint64_t v2_rows = 0;
  std::optional<std::string> boundary_hash;  // event hash of the first boundary row
};
Result<LedgerFacts> read_ledger_facts(fs::File& ledger, std::uint64_t size_bytes);

struct MigrationPlan {
  std::vector<std::string> applied_migrations;  // by name
  std::vector<std::int64_t> row_versions;       // distinct over events and traces, ascending
  std::optional<std::string> store_head;
  std::optional<std::string> ledger_head;
  std::vector<std::pair<std::string, std::uint64_t>> table_counts;  // in print order
  std::string fixture_hash;                                         // "blake3:" + hex
  std::string cutover_refusal;  // why a cutover of this plan is refused, or empty

  const std::string& previous_v1_head() const { return *ledger_head; }
};

// Errors, kSchema: the schema or its v2 part is not whole, two boundary rows; kPrecondition: there
// is a boundary already, heads that differ, or no event at all.
Result<MigrationPlan> plan_migration(sqlite::Connection& db, const LedgerFacts& ledger);

// The boundary rules alone. kSchema for two boundary rows, kPrecondition for one.
Status refuse_boundary(const LedgerFacts& ledger);

// What the cutover refuses beyond that: rows of v2 in a store that was never migrated
// (kPrecondition).
Status refuse_v2_rows(sqlite::Connection& db, const LedgerFacts& ledger);

// The names of the six steps, in order.
const std::vector<std::string>& migration_steps();

json::Value dry_run_summary(const MigrationPlan& plan);

}  // namespace cortex::app
