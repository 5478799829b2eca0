#include "store/mirror_compare.h"

#include <algorithm>

#include "base/text.h"
#include "core/ids.h"
#include "store/mirror_row.h"
#include "store/schema_query.h"

namespace cortex::store {

Result<MirrorComparer> MirrorComparer::begin(sqlite::Connection& db) {
  MirrorComparer comparer(db);
  CORTEX_ASSIGN(const bool present, object_exists(db, "table", "events"));
  if (!present) return comparer;
  CORTEX_ASSIGN(auto walk, db.prepare(cat("SELECT ", kMirrorColumns,
                                          ", rowid FROM events WHERE rowid >= ?1 ORDER BY rowid")));
  CORTEX_TRY(walk.bind(1, std::int64_t{0}));
  CORTEX_ASSIGN(auto find, db.prepare("SELECT rowid FROM events WHERE id = ?1"));
  comparer.walk_.emplace(std::move(walk));
  comparer.find_.emplace(std::move(find));
  CORTEX_TRY(comparer.advance());
  return comparer;
}

Status MirrorComparer::advance() {
  CORTEX_ASSIGN(at_row_, walk_->step());
  return {};
}

// Goes on with the row of this id; at_row_ is false afterwards when there is none, and the walk
// stays where it was.
Status MirrorComparer::seek(std::string_view id) {
  find_->reset();
  CORTEX_TRY(find_->bind(1, id));
  CORTEX_ASSIGN(const bool found, find_->step());
  if (!found) {
    at_row_ = false;
    return {};
  }
  walk_->reset();
  CORTEX_TRY(walk_->bind(1, find_->column_int(0)));
  return advance();
}

bool MirrorComparer::same(const core::Event& event, std::string_view payload) {
  MirrorRow row;
  row.fill(event);
  int column = 1;
  const auto text_is = [&](std::string_view wanted) {
    const int c = column++;
    return !walk_->is_null(c) && walk_->column_text(c) == wanted;
  };
  const auto optional_is = [&](const std::optional<std::string>& wanted) {
    if (wanted) return text_is(*wanted);
    return walk_->is_null(column++);
  };
  return walk_->column_int(column++) == event.schema_version && text_is(row.observed_at) &&
         text_is(row.recorded_at) && text_is(row.source) &&
         text_is(core::event_type_text(event.type)) && optional_is(row.trace_id) &&
         optional_is(event.session_id) && text_is(row.tags) && text_is(payload) &&
         text_is(event.payload_hash) && optional_is(event.prev_event_hash) &&
         text_is(event.event_hash);
}

// An id that the ledger repeats names its store row once. Row ids beyond the limit, which no store
// that grew row by row has, are taken as named for the first time.
void MirrorComparer::mark_named() {
  constexpr std::int64_t kRowIdMax = std::int64_t{1} << 31U;
  const std::int64_t row_id = walk_->column_int(kMirrorColumnCount);
  if (row_id >= 0 && row_id <= kRowIdMax) {
    const auto index = static_cast<std::size_t>(row_id);
    if (index >= named_.size()) named_.resize(std::max(index + 1, named_.size() * 2));
    if (named_[index]) return;
    named_[index] = true;
  }
  ++named_rows_;
}

Status MirrorComparer::add(const core::Event& event, std::string_view payload) {
  if (!walk_) {
    ++result_.lagging;
    return {};
  }
  const std::string id = core::id_text(core::IdKind::kEvent, event.id);
  const bool was_at_row = at_row_;
  if (!at_row_ || walk_->column_text(0) != id) {
    CORTEX_TRY(seek(id));
    if (!at_row_) {
      ++result_.lagging;
      at_row_ = was_at_row;
      return {};
    }
  }
  ++(same(event, payload) ? result_.equal : result_.differing);
  mark_named();
  return advance();
}

Result<MirrorComparison> MirrorComparer::finish() {
  if (!walk_) return result_;
  CORTEX_ASSIGN(const std::int64_t rows, db_->query_int("SELECT count(*) FROM events"));
  result_.foreign = static_cast<std::uint64_t>(rows) - named_rows_;
  return result_;
}

}  // namespace cortex::store
