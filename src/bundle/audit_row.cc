#include "bundle/audit_row.h"

#include "core/ids.h"

namespace cortex::bundle {

std::string new_audit_id(Clock& clock, Random& random) {
  return core::id_text(core::IdKind::kAuditRecord, Ulid::make(clock, random));
}

Status insert_audit_row(sqlite::Connection& db, const AuditRow& row) {
  CORTEX_ASSIGN(auto insert,
                db.prepare("INSERT INTO audit_records (id, operation, target_ref, before_hash,"
                           " after_hash, reason, actor_json, source_refs_json, created_at)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  CORTEX_TRY(insert.bind_all(row.id, row.operation, row.target_ref, row.before_hash, row.after_hash,
                             row.reason, json::canonical(row.actor),
                             json::canonical(row.source_refs), row.created_at));
  return insert.run();
}

}  // namespace cortex::bundle
