// Rows of `audit_records`: what an operation leaves for people to read.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "json/value.h"
#include "sqlite/connection.h"
#include "store/operation.h"

namespace cortex::store {

struct AuditRecord {
  std::string id, operation, target_ref;
  std::optional<std::string> before_hash{};
  std::string after_hash, reason;
  json::Value actor, source_refs;
  std::string created_at;
};

// A row whose id is there already stays.
Status add_audit_record(sqlite::Connection& db, const AuditRecord& record);

// {"client", "kind"}: on whose behalf an operation was.
json::Value actor_of(const OperationRow& row);

}  // namespace cortex::store
