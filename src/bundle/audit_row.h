// The rows of `audit_records` that restores write.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "sqlite/connection.h"

namespace cortex::bundle {

struct AuditRow {
  std::string id;  // "aud_..."
  std::string operation;
  std::string target_ref;
  std::optional<std::string> before_hash;
  std::string after_hash, reason;
  json::Object actor, source_refs;  // written compact, keys sorted
  std::string created_at;
};

std::string new_audit_id(Clock& clock, Random& random);
Status insert_audit_row(sqlite::Connection& db, const AuditRow& row);

// The rows about restores of a store that is being replaced, all columns. They go into the store
// that comes, so that their trail does not end with each restore.
using TrailRow = std::array<std::optional<std::string>, 9>;
using RestoreTrail = std::vector<TrailRow>;

// A store that cannot be read has none.
RestoreTrail read_restore_trail(fs::FileSystem& fs, const std::string& store);
// Rows that are there already stay as they are.
Status add_restore_trail(sqlite::Connection& db, const RestoreTrail& trail);

}  // namespace cortex::bundle
