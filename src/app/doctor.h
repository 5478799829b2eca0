// `doctor`: checks that never write, the repair of the schema, and the deployment id.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "store/schema_check.h"

namespace cortex::app {

struct StrictReport {
  Code code = Code::kOk;
  std::string status;  // "ok", "precondition_unmet", "schema_mismatch"
  std::string detail;
  std::vector<store::SchemaFailure> schema_failures;
  std::vector<std::string> failures;  // boundary failures
  std::vector<std::string> checked_tables;
  std::vector<std::string> deep_checks;  // what --deep looked at, "name: result"
};

StrictReport doctor_strict(Services& services, const Layout& layout, bool deep);

struct DoctorRepairReport {
  std::vector<std::string> migrations;  // applied, or pending in a dry run
  std::uint64_t before = 0, after = 0;  // recorded migrations
  std::uint64_t mirrored_rows = 0;      // added to the mirror
  std::string mirror_note;
};

Result<DoctorRepairReport> doctor_repair(Services& services, const Layout& layout, bool dry_run);

// "deployment:" + BLAKE3 of the canonical path of the data folder.
std::string deployment_id(Services& services, const Layout& layout);

}  // namespace cortex::app
