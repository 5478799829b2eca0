// `migrate`: from a store of schema v1 to v2, in one cutover that a signed attestation allows
// (docs/formats.md, 17).
//
// Everything that can be wrong is looked at before the boundary row is written: the bundle's
// digests and counts, the whole hash chain, the attestation and its key, what the store will look
// like. Then: ledger row, sync, commit of the store, manifest. A store that cannot commit is
// completed by resume().
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/layout.h"
#include "app/migration_attestation.h"
#include "app/migration_plan.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "store/counts.h"
#include "store/operation.h"
#include "trust/timeline.h"

namespace cortex::app {

// Looks only; nothing is migrated, mirrored or created. Errors: as plan_migration(), kPrecondition
// for a store or ledger that is not there.
Result<MigrationPlan> migrate_dry_run(Services& services, const Layout& layout);

struct SignMigrationRequest {
  Layout layout;
  std::string output;     // replaced when it is there
  std::string seed_path;  // 32 raw bytes
  std::string key_id;
};
Result<MigrationAttestation> sign_operator_attestation(Services& services,
                                                       const SignMigrationRequest& request);

struct CutoverRequest {
  Layout layout;
  std::string manifest;  // of the backup made before
  std::optional<std::string> attestation;
};

struct CutoverReport {
  MigrationPlan plan;
  MigrationAttestation attestation;
  trust::Authority authority;
  bool key_is_bound = false;  // the store knows the public key of the key id
  store::TableCounts before;
  std::uint64_t attestations_backfilled = 0;
  std::string boundary_event_hash;
  std::string manifest_path;    // of the POST_V2_MIGRATE_MANIFEST
  std::string manifest_blake3;  // its own digest
};

// Errors before the boundary row leave ledger and store as they were; token
// migrate.v2.cutover_tx.rolled_back for those behind the attestation. kIntegrity: the row is in the
// ledger, the store could not follow. kInternal: only the manifest could not be written.
Result<CutoverReport> migrate_cutover(Services& services, const CutoverRequest& request);

struct MigrationResume {
  std::string boundary_event_hash;
  bool no_op = false;         // nothing was left to do
  bool mirrored = false;      // the boundary row was not in the store
  std::string manifest_path;  // written by this call, or empty
};
Result<MigrationResume> migrate_resume(Services& services, const Layout& layout);

struct SeedRequest {
  Layout layout;
  std::string key_id;
  std::string principal_id;               // empty: <key>-principal
  std::optional<std::string> public_key;  // file with 32 raw bytes
};
struct SeedReport {
  std::string key_id, principal_id;
  bool added = false;  // false: it was registered already
};
// For drills only, behind CORTEX_DRILL_ALLOW_SEED_OPERATOR=1. Idempotent.
Result<SeedReport> seed_drill_operator(Services& services, const Environment& environment,
                                       const SeedRequest& request);
Status apply_seed_drill_operator(sqlite::Connection& db, const store::OperationRow& row);

json::Value cutover_summary(const CutoverReport& report);
json::Value resume_summary(const MigrationResume& report);

}  // namespace cortex::app
