#include "store/audit_records.h"

namespace cortex::store {

Status add_audit_record(sqlite::Connection& db, const AuditRecord& record) {
  CORTEX_ASSIGN(auto insert,
                db.prepare("INSERT OR IGNORE INTO audit_records(id, operation, target_ref,"
                           " before_hash, after_hash, reason, actor_json, source_refs_json,"
                           " created_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  CORTEX_TRY(insert.bind_all(
      record.id, record.operation, record.target_ref, record.before_hash, record.after_hash,
      record.reason, json::write_compact(record.actor, json::Keys::kSorted),
      json::write_compact(record.source_refs, json::Keys::kSorted), record.created_at));
  return insert.run();
}

json::Value actor_of(const OperationRow& row) {
  return json::Object{{"client", row.caller.client}, {"kind", row.caller.actor}};
}

}  // namespace cortex::store
