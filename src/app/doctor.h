// `doctor`: checks that never write, the repair of the schema, and the deployment id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "bundle/content.h"
#include "json/value.h"
#include "store/schema_check.h"

namespace cortex::app {

struct StrictReport {
  Code code = Code::kOk;
  std::string status;  // "ok", "precondition_unmet", "schema_mismatch", "integrity_failure"
  std::string detail;
  std::string next;                                   // what to do, or empty
  std::vector<store::SchemaFailure> schema_failures;  // with code kSchema
  std::vector<std::string> failures;                  // of the boundary or of the deep look
  std::vector<std::string> checked_tables;
  std::vector<std::string> pending_migrations;
  std::optional<bundle::ContentReport> content;  // with `deep`
};

// Schema and boundary rows; `deep` adds the hash chain, the mirror row by row, SQLite's own
// integrity, foreign keys and the full-text mirror. Nothing is written or migrated. A store of 0
// bytes is a new one and in order, with its migrations pending.
// `needs_boundary`: rows of schema version 1 must have a boundary row behind them.
StrictReport doctor_strict(Services& services, const Layout& layout, bool deep,
                           bool needs_boundary = false);

struct DoctorRepairReport {
  std::vector<std::string> migrations;                // applied, or pending in a dry run
  std::uint64_t before = 0, after = 0;                // recorded migrations
  std::uint64_t mirrored_rows = 0;                    // added to the mirror
  std::string mirror_note;                            // why it was left behind, or empty
  std::vector<store::SchemaFailure> schema_failures;  // what the repair could not mend
  std::string search_index;                           // "in order", or what was done to it
  bool dry_run = false;
};

Result<DoctorRepairReport> doctor_repair(Services& services, const Layout& layout, bool dry_run);

struct DeploymentReport {
  std::string data_dir;
  std::string deployment_id;  // "deployment:" + BLAKE3 of the canonical path of the data folder
};

// Works without a store; creates nothing.
DeploymentReport deployment(Services& services, const Layout& layout);

json::Value to_json(const StrictReport& report);
json::Value to_json(const DoctorRepairReport& report);
json::Value to_json(const DeploymentReport& report);

}  // namespace cortex::app
