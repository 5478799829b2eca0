#include "store/claim_marks.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "json/value.h"

namespace cortex::store {

namespace {
constexpr std::size_t kMarksAtOnce = 1U << 20U;  // 16 MiB
}  // namespace

Status mark_new_claims(sqlite::Connection& db, const MarksOf& marks_of) {
  CORTEX_ASSIGN(auto rows, db.prepare("SELECT rowid, claim FROM memories WHERE rowid >"
                                      " coalesce((SELECT memory_row FROM cortex_claim_marks_done),"
                                      " 0) ORDER BY rowid"));
  CORTEX_ASSIGN(auto insert, db.prepare("INSERT OR IGNORE INTO cortex_claim_marks(mark,"
                                        " memory_row) VALUES(?1, ?2)"));
  // Marks are random numbers: in order, neighbours of the index are written together.
  std::vector<std::pair<std::int64_t, std::int64_t>> batch;
  const auto write = [&]() -> Status {
    std::ranges::sort(batch);
    for (const auto& [mark, row] : batch) {
      CORTEX_TRY(insert.bind_all(mark, row));
      CORTEX_TRY(insert.run());
    }
    batch.clear();
    return {};
  };
  std::int64_t last = 0;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) break;
    last = rows.column_int(0);
    for (const std::int64_t mark : marks_of(rows.column_text(1))) batch.emplace_back(mark, last);
    if (batch.size() >= kMarksAtOnce) CORTEX_TRY(write());
  }
  CORTEX_TRY(write());
  if (last == 0) return {};
  CORTEX_ASSIGN(auto done, db.prepare("INSERT OR REPLACE INTO cortex_claim_marks_done(id,"
                                      " memory_row) VALUES(1, ?1)"));
  CORTEX_TRY(done.bind(1, last));
  return done.run();
}

Result<std::vector<MarkedClaim>> claims_with_marks(sqlite::Connection& db,
                                                   const std::vector<std::int64_t>& marks,
                                                   std::size_t limit) {
  CORTEX_ASSIGN(auto rows,
                db.prepare("SELECT DISTINCT m.id, m.status, m.claim FROM json_each(?1) j"
                           " JOIN cortex_claim_marks k ON k.mark = j.value"
                           " JOIN memories m ON m.rowid = k.memory_row WHERE m.status NOT IN"
                           " ('rejected', 'superseded') ORDER BY m.id LIMIT ?2"));
  CORTEX_TRY(rows.bind_all(json::array_text(marks), limit));
  std::vector<MarkedClaim> found;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return found;
    found.push_back({std::string(rows.column_text(0)), std::string(rows.column_text(1)),
                     std::string(rows.column_text(2))});
  }
}

}  // namespace cortex::store
