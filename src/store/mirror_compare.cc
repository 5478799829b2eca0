#include "store/mirror_compare.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "base/text.h"
#include "core/ids.h"
#include "store/mirror_row.h"
#include "store/schema_query.h"

namespace cortex::store {

namespace {

// A text as it lies in the page: column_text() would copy it, to end it with a zero.
bool is_text(const sqlite::Statement& row, int column, std::string_view wanted) {
  if (row.column_type(column) != sqlite::Statement::ColumnType::kText) return false;
  const std::span<const std::byte> bytes = row.column_blob(column);
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()) == wanted;
}

// Up to here it is remembered which rows the ledger names.
constexpr std::int64_t kRowIdMax = std::int64_t{1} << 31U;

// Asked of the table: SQLite counts in the smallest index, which may be damaged. When the ids of
// the `named` rows leave no gap, their ends say it all; else the table is walked.
Result<std::uint64_t> count_rows(sqlite::Connection& db, std::uint64_t named) {
  CORTEX_ASSIGN(const std::int64_t first,
                db.query_int("SELECT coalesce((SELECT min(rowid) FROM events NOT INDEXED), 0)"));
  CORTEX_ASSIGN(const std::int64_t last,
                db.query_int("SELECT coalesce((SELECT max(rowid) FROM events NOT INDEXED), -1)"));
  const bool all_remembered = first >= 0 && last <= kRowIdMax;
  if (all_remembered && static_cast<std::uint64_t>(last - first + 1) == named) return named;
  CORTEX_ASSIGN(const std::int64_t rows, db.query_int("SELECT count(*) FROM events NOT INDEXED"));
  return static_cast<std::uint64_t>(rows);
}

}  // namespace

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

// Goes on with the row of this id; false when there is none, and the walk stays where it was. The
// index that the row is looked up in may be damaged and lead to another one: then the walk stands
// there.
Result<bool> MirrorComparer::seek(std::string_view id) {
  find_->reset();
  CORTEX_TRY(find_->bind(1, id));
  CORTEX_ASSIGN(const bool found, find_->step());
  if (!found) return false;
  walk_->reset();
  CORTEX_TRY(walk_->bind(1, find_->column_int(0)));
  CORTEX_TRY(advance());
  return at_row_ && is_text(*walk_, 0, id);
}

bool MirrorComparer::same(const core::Event& event, std::string_view payload) {
  MirrorRow& row = wanted_;
  row.fill(event);
  int column = 1;
  const auto text_is = [&](std::string_view wanted) { return is_text(*walk_, column++, wanted); };
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
bool MirrorComparer::name_row(std::int64_t row_id) {
  if (row_id < 0 || row_id > kRowIdMax) return true;
  const auto index = static_cast<std::size_t>(row_id);
  if (index >= named_.size()) named_.resize(std::max(index + 1, named_.size() * 2));
  if (named_[index]) return false;
  named_[index] = true;
  return true;
}

void MirrorComparer::mark_named() {
  if (name_row(walk_->column_int(kMirrorColumnCount))) ++named_rows_;
}

void MirrorComparer::join(MirrorComparer&& other) {
  result_.equal += other.result_.equal;
  result_.lagging += other.result_.lagging;
  result_.differing += other.result_.differing;
  named_rows_ += other.named_rows_;
  for (std::size_t i = 0; i < other.named_.size(); ++i) {
    if (other.named_[i] && !name_row(static_cast<std::int64_t>(i))) --named_rows_;
  }
  keys_.join(other.keys_);
}

Status MirrorComparer::add(const core::Event& event, std::string_view payload) {
  if (!walk_) {
    ++result_.lagging;
    return {};
  }
  id_.clear();
  core::append_id(id_, core::IdKind::kEvent, event.id);
  if (!at_row_ || !is_text(*walk_, 0, id_)) {
    CORTEX_ASSIGN(const bool found, seek(id_));
    if (!found) {
      ++result_.lagging;
      return {};
    }
  }
  if (same(event, payload)) {
    ++result_.equal;
    const std::int64_t row_id = walk_->column_int(kMirrorColumnCount);
    keys_.add_id(row_id, id_);
    keys_.add_hash(row_id, event.event_hash);
  } else {
    ++result_.differing;
  }
  mark_named();
  return advance();
}

Result<MirrorComparison> MirrorComparer::finish() {
  if (!walk_) return result_;
  CORTEX_ASSIGN(const std::uint64_t rows, count_rows(*db_, named_rows_));
  result_.foreign = rows - named_rows_;
  return result_;
}

std::optional<EventKeys> MirrorComparer::keys_of_all_rows() const {
  const bool each_row_once =
      result_.differing == 0 && result_.foreign == 0 && result_.equal == named_rows_;
  return walk_ && each_row_once ? std::optional(keys_) : std::nullopt;
}

}  // namespace cortex::store
