// The store as the ledger alone makes it, to compare the real one with and to repair it from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/fs/fs.h"
#include "base/result.h"
#include "json/value.h"
#include "sqlite/connection.h"
#include "store/projection_compare.h"

namespace cortex::app {

// A temporary database with the mirror and the projection of the first `size_bytes` of the ledger.
// O(ledger); it is gone with the connection.
Result<sqlite::Connection> project_ledger(Services& services, fs::File& ledger,
                                          std::uint64_t size_bytes);

// How the operations of a store ended.
struct OperationOutcomes {
  std::uint64_t applied = 0, unknown = 0, failed = 0;
  std::string first_failed;  // event id and reason, or empty
};
Result<OperationOutcomes> operation_outcomes(sqlite::Connection& db);

struct RebuildReport {
  std::string copy_path;                       // of the store as it was
  std::uint64_t rows_from_ledger = 0;          // rows of `events` written anew
  std::uint64_t rows_removed = 0;              // rows of `events` that the ledger does not hold
  std::uint64_t rows_kept = 0;                 // of those, still referred to and therefore kept
  std::vector<store::TableComparison> tables;  // what was found; all of it is mended
  OperationOutcomes operations;                // afterwards
};

// `doctor --repair --from-ledger`: the mirror and the projected tables become what the ledger says.
// Rows that no operation made are left alone. A copy of the store is kept beside it first. Errors:
// kIntegrity for a ledger whose chain is broken, with nothing changed.
Result<RebuildReport> rebuild_from_ledger(Services& services, const Layout& layout);

json::Value to_json(const store::TableComparison& comparison);
json::Value to_json(const OperationOutcomes& outcomes);
json::Value to_json(const RebuildReport& report);

}  // namespace cortex::app
