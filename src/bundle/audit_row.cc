#include "bundle/audit_row.h"

#include "core/ids.h"
#include "store/open.h"

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

RestoreTrail read_restore_trail(fs::FileSystem& fs, const std::string& store) {
  RestoreTrail trail;
  const Status read = store::inspect(fs, store, [&trail](sqlite::Connection& db) -> Status {
    trail.clear();
    CORTEX_ASSIGN(auto query,
                  db.prepare("SELECT id, operation, target_ref, before_hash, after_hash, reason,"
                             " actor_json, source_refs_json, created_at FROM audit_records"
                             " WHERE operation LIKE 'command.restore.%' ORDER BY id"));
    for (;;) {
      CORTEX_ASSIGN(const bool more, query.step());
      if (!more) return {};
      TrailRow& row = trail.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i) {
        const int column = static_cast<int>(i);
        if (!query.is_null(column)) row[i] = query.column_text(column);
      }
    }
  });
  // Garbage in its place is a reason to restore, not one against it.
  if (!read.ok()) trail.clear();
  return trail;
}

Status add_restore_trail(sqlite::Connection& db, const RestoreTrail& trail) {
  CORTEX_ASSIGN(auto insert,
                db.prepare("INSERT OR IGNORE INTO audit_records (id, operation, target_ref,"
                           " before_hash, after_hash, reason, actor_json, source_refs_json,"
                           " created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  for (const TrailRow& row : trail) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      CORTEX_TRY(insert.bind(static_cast<int>(i) + 1, row[i]));
    }
    CORTEX_TRY(insert.run());
  }
  return {};
}

}  // namespace cortex::bundle
