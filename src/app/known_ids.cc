#include "app/known_ids.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ids.h"
#include "ledger/row_stream.h"
#include "store/mirror.h"
#include "store/open.h"

namespace cortex::app {
namespace {

// How many bytes of the ledger the store can answer for; 0 when it must not be asked: it holds
// rows that the ledger lacks or contradicts.
Result<std::uint64_t> mirrored_bytes(sqlite::Connection& db, ledger::AppendLog& log) {
  CORTEX_ASSIGN(const store::MirrorState state, store::read_mirror_state(db));
  if (state.offset_bytes == 0) return std::uint64_t{0};
  CORTEX_ASSIGN(const bool valid, store::matches_ledger(state, log.file(), log.size_bytes()));
  CORTEX_ASSIGN(const std::int64_t conflicts,
                db.query_int("SELECT count(*) FROM cortex_mirror_conflicts"));
  CORTEX_ASSIGN(const std::int64_t last,
                db.query_int("SELECT coalesce(max(rowid), 0) FROM events"));
  const bool exact = conflicts == 0 && static_cast<std::uint64_t>(last) == state.rows;
  return valid && exact ? state.offset_bytes : std::uint64_t{0};
}

// Ids in ledger order of time are above all that is there, nearly always: those need no look-up.
Result<std::vector<Ulid>> not_above_all(sqlite::Connection& db, const IdSet& ids) {
  CORTEX_ASSIGN(const std::string last, db.query_text("SELECT coalesce(max(id), '') FROM events"));
  const auto highest = core::parse_id(core::IdKind::kEvent, last);
  std::vector<Ulid> candidates;
  if (!highest) return candidates;
  std::ranges::copy_if(ids, std::back_inserter(candidates),
                       [&](const Ulid& id) { return id <= *highest; });
  return candidates;
}

Status ask_store(sqlite::Connection& db, const IdSet& ids, IdSet& known) {
  constexpr std::size_t kIdsAtOnce = 10'000;
  CORTEX_ASSIGN(const std::vector<Ulid> candidates, not_above_all(db, ids));
  CORTEX_ASSIGN(auto select, db.prepare("SELECT id FROM events WHERE id IN"
                                        " (SELECT value FROM json_each(?1))"));
  for (std::size_t first = 0; first < candidates.size(); first += kIdsAtOnce) {
    std::string list = "[";
    const std::size_t stop = std::min(candidates.size(), first + kIdsAtOnce);
    for (std::size_t i = first; i < stop; ++i) {
      list += i == first ? "\"" : ",\"";
      core::append_id(list, core::IdKind::kEvent, candidates[i]);
      list += '"';
    }
    list += ']';
    CORTEX_TRY(select.bind(1, std::string_view(list)));
    for (;;) {
      CORTEX_ASSIGN(const bool found, select.step());
      if (!found) break;
      const auto id = core::parse_id(core::IdKind::kEvent, select.column_text(0));
      if (id) known.insert(*id);
    }
    select.reset();
  }
  return {};
}

// What the store answers for, already asked; 0 when it was no help.
std::uint64_t try_store(sqlite::Connection& db, ledger::AppendLog& log, const IdSet& ids,
                        IdSet& known) {
  const auto bytes = mirrored_bytes(db, log);
  if (!bytes.ok() || *bytes == 0) return 0;
  return ask_store(db, ids, known).ok() ? *bytes : 0;
}

}  // namespace

Result<IdSet> known_ids(fs::FileSystem& fs, const Layout& layout, sqlite::Connection* mirror,
                        ledger::AppendLog& log, const IdSet& ids) {
  IdSet known;
  if (ids.empty() || log.size_bytes() == 0) return known;
  std::uint64_t from = 0;
  if (mirror != nullptr) {
    from = try_store(*mirror, log, ids, known);
  } else if (auto store = store::open_for_inspection(fs, layout.db_path); store.ok()) {
    from = try_store(*store, log, ids, known);
  }
  ledger::RowStream rows(log.file(), from, log.size_bytes());
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) return known;
    if (ids.contains(row->event.id)) known.insert(row->event.id);
  }
}

}  // namespace cortex::app
