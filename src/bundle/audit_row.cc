#include "bundle/audit_row.h"

#include <array>
#include <vector>

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

Status keep_restore_trail(fs::FileSystem& fs, const std::string& old_db, sqlite::Connection& db) {
  constexpr int kColumns = 9;
  using Row = std::array<std::optional<std::string>, kColumns>;
  std::vector<Row> rows;
  const Status read = store::inspect(fs, old_db, [&rows](sqlite::Connection& old) -> Status {
    rows.clear();
    CORTEX_ASSIGN(auto query,
                  old.prepare("SELECT id, operation, target_ref, before_hash, after_hash, reason,"
                              " actor_json, source_refs_json, created_at FROM audit_records"
                              " WHERE operation LIKE 'command.restore.%' ORDER BY id"));
    for (;;) {
      CORTEX_ASSIGN(const bool more, query.step());
      if (!more) return {};
      Row& row = rows.emplace_back();
      for (int i = 0; i < kColumns; ++i) {
        if (!query.is_null(i)) row[static_cast<std::size_t>(i)] = query.column_text(i);
      }
    }
  });
  // Garbage in its place is a reason to restore, not one against it.
  if (!read.ok()) return {};
  CORTEX_ASSIGN(auto insert,
                db.prepare("INSERT OR IGNORE INTO audit_records (id, operation, target_ref,"
                           " before_hash, after_hash, reason, actor_json, source_refs_json,"
                           " created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  for (const Row& row : rows) {
    for (int i = 0; i < kColumns; ++i) {
      CORTEX_TRY(insert.bind(i + 1, row[static_cast<std::size_t>(i)]));
    }
    CORTEX_TRY(insert.run());
  }
  return {};
}

}  // namespace cortex::bundle
