// The ten migrations as data (docs/formats.md, "Store"). Every step may be repeated: a table, index
// or trigger is created only when it is missing, a column added only when it is missing. That is
// what heals a store whose earlier writer died between a schema change and its bookkeeping row.
#pragma once

#include <span>
#include <string_view>

namespace cortex::store {

struct MigrationStep {
  std::string_view sql;
  // For ALTER TABLE ADD COLUMN: the step is skipped when the column is there. Else empty.
  std::string_view table{};
  std::string_view column{};
};

struct Migration {
  std::string_view name;
  std::span<const MigrationStep> steps;
};

// All migrations that this program knows, in the order in which they are applied.
std::span<const Migration> all_migrations();

}  // namespace cortex::store
