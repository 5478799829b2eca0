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

// Whether the store holds exactly the rows that it mirrored: deleted ones make it forget its state
// (cortex_events_deleted), added ones have higher row ids. O(1).
Result<bool> is_exact(sqlite::Connection& db, const store::MirrorState& state) {
  CORTEX_ASSIGN(const std::int64_t conflicts,
                db.query_int("SELECT count(*) FROM cortex_mirror_conflicts"));
  CORTEX_ASSIGN(const std::int64_t last,
                db.query_int("SELECT coalesce(max(rowid), 0) FROM events"));
  return conflicts == 0 && static_cast<std::uint64_t>(last) == state.rows;
}

Status ask_store(sqlite::Connection& db, const std::vector<Ulid>& candidates, IdSet& known) {
  constexpr std::size_t kIdsAtOnce = 10'000;
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

// How many bytes of the ledger the store has answered for; 0 when it was no help: it mirrors
// another ledger, or holds rows that this one lacks or contradicts.
Result<std::uint64_t> try_store(sqlite::Connection& db, ledger::AppendLog& log, const IdSet& ids,
                                IdSet& known) {
  CORTEX_ASSIGN(const store::MirrorState state, store::read_mirror_state(db));
  if (!state.max_id) return std::uint64_t{0};
  CORTEX_ASSIGN(const bool valid, store::matches_ledger(state, log.file(), log.size_bytes()));
  if (!valid) return std::uint64_t{0};
  // Ids in the order of time are above all that is there, nearly always: those need no look-up.
  std::vector<Ulid> candidates;
  std::ranges::copy_if(ids, std::back_inserter(candidates),
                       [&state](const Ulid& id) { return id <= *state.max_id; });
  if (candidates.empty()) return state.offset_bytes;
  CORTEX_ASSIGN(const bool exact, is_exact(db, state));
  if (!exact) return std::uint64_t{0};
  CORTEX_TRY(ask_store(db, candidates, known));
  return state.offset_bytes;
}

}  // namespace

Result<IdSet> known_ids(fs::FileSystem& fs, const Layout& layout, sqlite::Connection* mirror,
                        ledger::AppendLog& log, const IdSet& ids) {
  IdSet known;
  if (ids.empty() || log.size_bytes() == 0) return known;
  // A store that cannot be asked is no obstacle: the ledger knows all ids.
  Result<std::uint64_t> answered = std::uint64_t{0};
  if (mirror != nullptr) {
    answered = try_store(*mirror, log, ids, known);
  } else if (auto store = store::open_for_inspection(fs, layout.db_path); store.ok()) {
    answered = try_store(*store, log, ids, known);
  }
  const std::uint64_t from = answered.ok() ? *answered : 0;
  if (from == log.size_bytes()) return known;
  ledger::RowStream rows(log.file(), from, log.size_bytes());
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) return known;
    if (ids.contains(row->event.id)) known.insert(row->event.id);
  }
}

}  // namespace cortex::app
