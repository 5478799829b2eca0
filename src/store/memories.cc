#include "store/memories.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/time.h"
#include "core/ids.h"
#include "store/memory_tally.h"

namespace cortex::store {
namespace {

constexpr std::string_view kMemoryColumns =
    "rowid, id, memory_type, status, claim, source_episodes_json, source_events_json,"
    " domains_json, salience_json, confidence, authority, applies_when_json,"
    " does_not_apply_when_json, created_at, updated_at, summary_spans_json,"
    " cross_session_use_count, first_used_at, last_cross_session_use_at, last_validation_at,"
    " validation_epoch, blessed_until";

// Texts that are taken as they are, by column number of kMemoryColumns.
struct TextColumn {
  int index;
  std::string_view name;
  std::string Memory::* member;
};
constexpr TextColumn kTextColumns[] = {
    {1, "id", &Memory::id},
    {2, "memory_type", &Memory::type},
    {3, "status", &Memory::status},
    {4, "claim", &Memory::claim},
    {10, "authority", &Memory::authority},
};

struct JsonColumn {
  int index;
  std::string_view name;
  json::Value Memory::* member;
};
constexpr JsonColumn kJsonColumns[] = {
    {5, "source_episodes_json", &Memory::source_episodes},
    {6, "source_events_json", &Memory::source_events},
    {7, "domains_json", &Memory::domains},
    {8, "salience_json", &Memory::salience},
    {11, "applies_when_json", &Memory::applies_when},
    {12, "does_not_apply_when_json", &Memory::does_not_apply_when},
};

struct TimeColumn {
  int index;
  std::string_view name;
  std::string Memory::* member;
};
constexpr TimeColumn kTimes[] = {
    {13, "created_at", &Memory::created_at},
    {14, "updated_at", &Memory::updated_at},
};

struct OptionalTime {
  int index;
  std::string_view name;
  std::optional<std::string> Memory::* member;
};
constexpr OptionalTime kOptionalTimes[] = {
    {17, "first_used_at", &Memory::first_used_at},
    {18, "last_cross_session_use_at", &Memory::last_cross_session_use_at},
    {19, "last_validation_at", &Memory::last_validation_at},
    {21, "blessed_until", &Memory::blessed_until},
};

struct OptionalCount {
  int index;
  std::string_view name;
  std::optional<std::int64_t> Memory::* member;
};
constexpr OptionalCount kCounts[] = {
    {16, "cross_session_use_count", &Memory::cross_session_use_count},
    {20, "validation_epoch", &Memory::validation_epoch},
};

constexpr int kConfidence = 9, kSpans = 15;

using Fault = std::optional<UnreadableMemory>;

UnreadableMemory fault(const Memory& memory, std::string_view column, std::string reason) {
  return {memory.id, std::string(column), std::move(reason)};
}

bool is_time(std::string_view text) {
  return parse_strict_rfc3339(text).has_value() || parse_relaxed_rfc3339(text).has_value();
}

Fault read_json(const sqlite::Statement& row, Memory& memory) {
  for (const JsonColumn& column : kJsonColumns) {
    auto value = json::parse(row.column_text(column.index));
    if (!value.ok()) return fault(memory, column.name, value.error().message);
    memory.*column.member = std::move(value).value();
  }
  if (row.is_null(kSpans)) return {};
  auto spans = json::parse(row.column_text(kSpans));
  if (!spans.ok()) return fault(memory, "summary_spans_json", spans.error().message);
  memory.summary_spans = std::move(spans).value();
  return {};
}

Fault read_times(const sqlite::Statement& row, Memory& memory) {
  for (const TimeColumn& column : kTimes) {
    memory.*column.member = row.column_text(column.index);
    if (!is_time(memory.*column.member)) return fault(memory, column.name, "it is no time");
  }
  for (const OptionalTime& column : kOptionalTimes) {
    if (row.is_null(column.index)) continue;
    const std::string_view text = row.column_text(column.index);
    if (!is_time(text)) return fault(memory, column.name, "it is no time");
    memory.*column.member = std::string(text);
  }
  return {};
}

Fault read_row(const sqlite::Statement& row, Memory& memory) {
  memory.row_number = row.column_int(0);
  for (const TextColumn& column : kTextColumns)
    memory.*column.member = row.column_text(column.index);
  if (!core::parse_id(core::IdKind::kMemory, memory.id)) {
    return fault(memory, "id", "it is no memory id");
  }
  for (const TextColumn& column : kTextColumns) {
    if (!is_valid_utf8(memory.*column.member)) {
      return fault(memory, column.name, "it is not UTF-8");
    }
  }
  memory.confidence = row.column_double(kConfidence);
  for (const OptionalCount& column : kCounts) {
    if (!row.is_null(column.index)) memory.*column.member = row.column_int(column.index);
  }
  if (Fault bad = read_json(row, memory)) return bad;
  return read_times(row, memory);
}

// The condition of a filter, and its parameters in order ("?1" is the first).
struct Condition {
  std::string sql = "1";
  std::vector<std::string> texts;

  std::string parameter(std::string text) {
    texts.push_back(std::move(text));
    return cat("?", texts.size());
  }
};

Condition condition_of(const MemoryFilter& filter) {
  Condition where;
  // Rows that are named are looked up, not looked for among all of their status.
  const std::string_view status = filter.ids || filter.row_numbers ? "+status" : "status";
  if (filter.statuses.size() == 1) {
    where.sql += cat(" AND ", status, " = ", where.parameter(filter.statuses.front()));
  } else if (!filter.statuses.empty()) {
    where.sql += cat(" AND ", status, " IN (SELECT value FROM json_each(",
                     where.parameter(json::array_text(filter.statuses)), "))");
  }
  if (filter.ids) {
    where.sql += cat(" AND id IN (SELECT value FROM json_each(",
                     where.parameter(json::array_text(*filter.ids)), "))");
  }
  if (filter.row_numbers) {
    where.sql += cat(" AND rowid IN (SELECT value FROM json_each(",
                     where.parameter(json::array_text(*filter.row_numbers)), "))");
  }
  if (!filter.tags.empty()) {
    where.sql +=
        cat(" AND CASE WHEN json_valid(domains_json) THEN NOT EXISTS (SELECT 1 FROM json_each(",
            where.parameter(json::array_text(filter.tags)),
            ") t WHERE t.value NOT IN (SELECT d.value FROM json_each(domains_json) d"
            " WHERE d.type = 'text')) ELSE 0 END");
  }
  if (filter.after) {
    const std::string time = where.parameter(filter.after->updated_at);
    where.sql += cat(" AND updated_at <= ", time, " AND (updated_at < ", time, " OR id > ",
                     where.parameter(filter.after->id), ")");
  }
  return where;
}

// Memories of one status by their tags: from cortex_memory_tags, which has the order of a page.
bool is_by_tag(const MemoryFilter& filter) {
  return !filter.tags.empty() && filter.statuses.size() == 1 && !filter.ids && !filter.row_numbers;
}

// `k` is the row of one tag; the others must have one too.
Condition tag_condition_of(const MemoryFilter& filter) {
  Condition where;
  where.sql = cat("k.tag = ", where.parameter(filter.tags.front()));
  where.sql += cat(" AND k.status = ", where.parameter(filter.statuses.front()));
  for (std::size_t i = 1; i < filter.tags.size(); ++i) {
    where.sql += cat(" AND EXISTS (SELECT 1 FROM cortex_memory_tags o WHERE o.tag = ",
                     where.parameter(filter.tags[i]),
                     " AND o.status = k.status AND o.updated_at = k.updated_at AND o.memory_id ="
                     " k.memory_id)");
  }
  if (filter.after) {
    const std::string time = where.parameter(filter.after->updated_at);
    where.sql += cat(" AND k.updated_at <= ", time, " AND (k.updated_at < ", time,
                     " OR k.memory_id > ", where.parameter(filter.after->id), ")");
  }
  return where;
}

Result<sqlite::Statement> bound(sqlite::Connection& db, const std::string& sql,
                                const Condition& where) {
  CORTEX_ASSIGN(auto statement, db.prepare(sql));
  for (std::size_t i = 0; i < where.texts.size(); ++i) {
    CORTEX_TRY(statement.bind(static_cast<int>(i + 1), where.texts[i]));
  }
  return statement;
}

std::string window_of(const MemoryFilter& filter) {
  if (!filter.limit && filter.offset == 0) return {};
  constexpr std::uint64_t kMost = 0x7FFF'FFFF'FFFF'FFFF;
  return cat(" LIMIT ", std::min(filter.limit.value_or(kMost), kMost), " OFFSET ",
             std::min(filter.offset, kMost));
}

Result<sqlite::Statement> select_page(sqlite::Connection& db, const MemoryFilter& filter) {
  if (!is_by_tag(filter)) {
    const Condition where = condition_of(filter);
    return bound(db,
                 cat("SELECT ", kMemoryColumns, " FROM memories WHERE ", where.sql,
                     " ORDER BY updated_at DESC, id", window_of(filter)),
                 where);
  }
  const Condition where = tag_condition_of(filter);
  return bound(
      db,
      cat("SELECT ", kMemoryColumns, " FROM (SELECT k.updated_at AS at, k.memory_id AS known,",
          " m.rowid, m.* FROM cortex_memory_tags k CROSS JOIN memories m ON m.id ="
          " k.memory_id WHERE ",
          where.sql, ") ORDER BY at DESC, known", window_of(filter)),
      where);
}

// `mark`, when given, gets the place of the last row looked at.
Result<std::vector<UnreadableMemory>> visit_rows(sqlite::Connection& db, const MemoryFilter& filter,
                                                 const MemoryVisitor& visit,
                                                 std::uint64_t& looked_at, MemoryMark* mark) {
  std::vector<UnreadableMemory> unreadable;
  CORTEX_ASSIGN(auto rows, select_page(db, filter));
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return unreadable;
    ++looked_at;
    Memory memory;
    if (Fault bad = read_row(rows, memory)) {
      unreadable.push_back(*std::move(bad));
    } else {
      CORTEX_TRY(visit(memory));
    }
    if (mark != nullptr) {
      *mark = {std::string(rows.column_text(14)), std::string(rows.column_text(1))};
    }
  }
}

}  // namespace

std::vector<std::string> Memory::tags() const {
  std::vector<std::string> texts;
  if (const json::Array* elements = domains.as_array()) {
    for (const json::Value& element : *elements) {
      if (const std::string* text = element.as_string()) texts.push_back(*text);
    }
  }
  return texts;
}

Result<std::vector<UnreadableMemory>> each_memory(sqlite::Connection& db,
                                                  const MemoryFilter& filter,
                                                  const MemoryVisitor& visit) {
  std::uint64_t looked_at = 0;
  return visit_rows(db, filter, visit, looked_at, nullptr);
}

Result<MemoryPage> page_of_memories(sqlite::Connection& db, const MemoryFilter& filter) {
  MemoryPage page;
  MemoryMark mark;
  std::uint64_t looked_at = 0;
  const auto keep = [&page](const Memory& memory) -> Status {
    page.rows.push_back(memory);
    return {};
  };
  CORTEX_ASSIGN(page.unreadable, visit_rows(db, filter, keep, looked_at, &mark));
  if (filter.limit && looked_at > 0 && looked_at == *filter.limit) page.next = std::move(mark);
  return page;
}

Result<std::optional<Memory>> find_memory(sqlite::Connection& db, std::string_view id) {
  CORTEX_ASSIGN(auto row,
                db.prepare(cat("SELECT ", kMemoryColumns, " FROM memories WHERE id = ?1")));
  CORTEX_TRY(row.bind(1, id));
  CORTEX_ASSIGN(const bool found, row.step());
  if (!found) return std::optional<Memory>();
  Memory memory;
  if (const Fault bad = read_row(row, memory)) {
    return make_error(
        Code::kInternal,
        cat("the memory ", quoted(bad->id), " cannot be read: ", bad->column, ": ", bad->reason),
        "no state was changed", "repair that column, or restore a backup");
  }
  return std::optional(std::move(memory));
}

Result<std::uint64_t> count_memories(sqlite::Connection& db, const MemoryFilter& filter) {
  const bool of_all = filter.tags.empty() && !filter.ids && !filter.row_numbers && !filter.after;
  if (of_all && filter.statuses == std::vector<std::string>{"active"}) return count_active(db);
  const bool by_tag = is_by_tag(filter);
  const Condition where = by_tag ? tag_condition_of(filter) : condition_of(filter);
  CORTEX_ASSIGN(auto row,
                bound(db,
                      cat("SELECT count(*) FROM ", by_tag ? "cortex_memory_tags k" : "memories",
                          " WHERE ", where.sql),
                      where));
  CORTEX_TRY(row.step());
  return static_cast<std::uint64_t>(row.column_int(0));
}

}  // namespace cortex::store
