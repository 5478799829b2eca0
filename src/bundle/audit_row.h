// The rows of `audit_records` that restores write.
#pragma once

#include <optional>
#include <string>

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

// Copies the rows about restores from the store that is being replaced, so that their trail does
// not end with each restore. A store that cannot be read has none.
Status keep_restore_trail(fs::FileSystem& fs, const std::string& old_db, sqlite::Connection& db);

}  // namespace cortex::bundle
