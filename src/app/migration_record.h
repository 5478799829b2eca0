// The manifest of a migration, and the note that lets a lost cutover be completed
// (docs/formats.md, 17.3).
#pragma once

#include <optional>
#include <string>

#include "app/layout.h"
#include "app/migration_plan.h"
#include "app/services.h"
#include "base/result.h"
#include "base/time.h"
#include "store/counts.h"

namespace cortex::app {

struct MigrationRecord {
  std::string boundary_event_hash;
  std::string manifest_path;    // where the POST_V2_MIGRATE_MANIFEST belongs
  std::string manifest_text;    // pretty, sorted, no final newline
  std::string manifest_blake3;  // what it says of itself
  std::string attestation;      // text of the verified attestation
};

// `bundle_manifest`: path of the backup manifest, as given.
MigrationRecord make_migration_record(const MigrationPlan& plan, const std::string& boundary_hash,
                                      const std::string& bundle_manifest,
                                      const store::TableCounts& before, std::string attestation,
                                      Timestamp now);

// Keeps the record beside the store, synced, before the boundary row is written; replaces an older
// one, which may stand for a cutover that did not happen. kept_record(): that of the boundary row
// `boundary_hash`, if any. finish_record() puts manifest and attestation to their places and
// removes the note.
Status keep_record(Services& services, const Layout& layout, const MigrationRecord& record);
Result<std::optional<MigrationRecord>> kept_record(Services& services, const Layout& layout,
                                                   std::string_view boundary_hash);
Status finish_record(Services& services, const Layout& layout, const MigrationRecord& record);

}  // namespace cortex::app
