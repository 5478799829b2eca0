#include "store/memory_history.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "ledger/erasure.h"

namespace cortex::store {
namespace {

constexpr std::string_view kHistoryColumns =
    "seq, memory_id, event_id, operation, known_at, status, domains_json, use_count,"
    " validation_epoch, valid_from, valid_until, other_id, actor, reason";

std::optional<std::string> optional_text(const sqlite::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return std::string(row.column_text(column));
}

Result<MemoryVersion> read_version(const sqlite::Statement& row) {
  MemoryVersion version;
  version.number = row.column_int(0);
  version.memory_id = row.column_text(1);
  version.event_id = row.column_text(2);
  version.operation = row.column_text(3);
  version.known_at = row.column_text(4);
  version.status = row.column_text(5);
  CORTEX_ASSIGN(version.domains, json::parse(row.column_text(6)));
  version.use_count = row.column_int(7);
  version.validation_epoch = row.column_int(8);
  version.valid = {optional_text(row, 9), optional_text(row, 10)};
  version.other_id = row.column_text(11);
  version.actor = row.column_text(12);
  version.reason = row.column_text(13);
  return version;
}

// The states of memories at a moment, known by ?1: of those with a history the last version (by its
// place in the ledger) known then, of the others the row as it stands. Each is one arm of the same
// question; columns: since, id, seq, status, domains, uses, epoch, valid_from, valid_until.
struct Arm {
  std::string columns;
  std::string_view from;
  std::string where;
  std::string_view id, status, domains, valid_from, valid_until;
};

constexpr std::string_view kVersionColumns =
    "h.known_at AS since, h.memory_id AS id, h.seq, h.status, h.domains_json, h.use_count,"
    " h.validation_epoch, h.valid_from, h.valid_until";
constexpr std::string_view kRowColumns =
    " AS id, NULL, m.status, m.domains_json,"
    " coalesce(m.cross_session_use_count, 0), coalesce(m.validation_epoch, 0), NULL, NULL";

// Those of ?4, or all from the newest state on, so that a page reads little more than itself.
Arm version_arm(bool by_id) {
  return {.columns = std::string(kVersionColumns),
          .from = "cortex_memory_history h",
          .where = cat(by_id ? "h.memory_id IN (SELECT value FROM json_each(?4)) AND +" : "",
                       "h.known_at <= ?1 AND NOT EXISTS (SELECT 1 FROM cortex_memory_history n"
                       " WHERE n.memory_id = h.memory_id AND n.seq > h.seq AND +n.known_at <= ?1)"),
          .id = "h.memory_id",
          .status = "h.status",
          .domains = "h.domains_json",
          .valid_from = "h.valid_from",
          .valid_until = "h.valid_until"};
}

Arm row_arm(bool by_id) {
  // Looked up one by one: left to itself SQLite goes through all that are active.
  constexpr std::string_view kAsked =
      "(SELECT DISTINCT value AS id FROM json_each(?4)) a CROSS JOIN memories m ON m.id = a.id";
  constexpr std::string_view kOfIds =
      "m.created_at <= ?1 AND NOT EXISTS (SELECT 1 FROM cortex_memory_history h WHERE h.memory_id ="
      " m.id)";
  constexpr std::string_view kUntold =
      "cortex_memories_untold u CROSS JOIN memories m ON m.id = u.memory_id";
  // In the words of the table that gives the order, or SQLite sorts all of them.
  return {
      .columns = cat(by_id ? "m.created_at AS since, m.id" : "u.created_at AS since, u.memory_id",
                     kRowColumns),
      .from = by_id ? kAsked : kUntold,
      .where = std::string(by_id ? kOfIds : "u.created_at <= ?1"),
      .id = "m.id",
      .status = "m.status",
      .domains = "m.domains_json",
      .valid_from = "NULL",
      .valid_until = "NULL"};
}

// Active then, or superseded by then but valid at ?2; or of one of the statuses ?3. With the tags
// ?5, or with tags that cannot be read.
std::string select_arm(const Arm& arm, const MemoryFilter& filter) {
  const std::string held =
      !filter.statuses.empty()
          ? cat(arm.status, " IN (SELECT value FROM json_each(?3))")
          : cat("(", arm.status, " = 'active' OR (", arm.status, " = 'superseded' AND ",
                arm.valid_until, " IS NOT NULL)) AND (", arm.valid_from, " IS NULL OR ",
                arm.valid_from, " <= ?2) AND (", arm.valid_until, " IS NULL OR ?2 < ",
                arm.valid_until, ")");
  const std::string tagged =
      filter.tags.empty()
          ? ""
          : cat(" AND CASE WHEN json_valid(", arm.domains,
                ") THEN NOT EXISTS (SELECT 1 FROM json_each(?5) g WHERE g.value NOT IN (SELECT"
                " d.value FROM json_each(",
                arm.domains, ") d WHERE d.type = 'text')) ELSE 1 END");
  return cat("SELECT ", arm.columns, " FROM ", arm.from, " WHERE ", arm.where, " AND ", held,
             tagged);
}

// How many an arm finds, without those that say no more what they were.
std::string count_arm(Arm arm, const MemoryFilter& filter) {
  arm.columns = "count(*)";
  arm.where +=
      cat(" AND EXISTS (SELECT 1 FROM memories s WHERE s.id = ", arm.id, " AND s.claim <> ?6)");
  return select_arm(arm, filter);
}

struct State {
  std::string id;
  MemoryThen then;
};

State read_state(const sqlite::Statement& row) {
  State state{.id = std::string(row.column_text(1)), .then = {}};
  MemoryThen& then = state.then;
  if (!row.is_null(2)) {
    then.version = row.column_int(2);
    then.memory.updated_at = row.column_text(0);
  }
  then.memory.status = row.column_text(3);
  auto domains = json::parse(row.column_text(4));
  if (domains.ok()) then.memory.domains = std::move(domains).value();
  then.memory.cross_session_use_count = row.column_int(5);
  then.memory.validation_epoch = row.column_int(6);
  then.valid = {optional_text(row, 7), optional_text(row, 8)};
  return state;
}

// ?1 to ?5 of the arms.
Status bind_question(sqlite::Statement& rows, const AsOf& when, const MemoryFilter& filter) {
  const std::optional<std::string> ids =
      filter.ids ? std::optional(json::array_text(*filter.ids)) : std::nullopt;
  return rows.bind_all(when.known_at, when.valid_at, json::array_text(filter.statuses), ids,
                       json::array_text(filter.tags));
}

// The rows of memories_as_of() without what never changes.
Result<std::vector<State>> states_as_of(sqlite::Connection& db, const AsOf& when,
                                        const MemoryFilter& filter) {
  constexpr std::uint64_t kMost = 0x7FFF'FFFF'FFFF'FFFF;
  const bool by_id = filter.ids.has_value();
  CORTEX_ASSIGN(auto rows, db.prepare(cat(select_arm(version_arm(by_id), filter), " UNION ALL ",
                                          select_arm(row_arm(by_id), filter),
                                          " ORDER BY since DESC, id LIMIT ?6 OFFSET ?7")));
  CORTEX_TRY(bind_question(rows, when, filter));
  CORTEX_TRY(rows.bind(6, std::min(filter.limit.value_or(kMost), kMost)));
  CORTEX_TRY(rows.bind(7, std::min(filter.offset, kMost)));
  std::vector<State> states;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return states;
    states.push_back(read_state(rows));
  }
}

}  // namespace

Status record_version(sqlite::Connection& db, const OperationRow& row, std::string_view memory_id,
                      std::string_view known_at, const std::optional<ValidTime>& valid,
                      std::string_view other_id) {
  ValidTime interval;
  if (valid) {
    interval = *valid;
  } else {
    CORTEX_ASSIGN(const auto last, last_version(db, memory_id));
    if (last) interval = last->valid;
  }
  CORTEX_ASSIGN(
      auto insert,
      db.prepare("INSERT OR IGNORE INTO cortex_memory_history(memory_id, event_id, operation,"
                 " known_at, status, domains_json, use_count, validation_epoch, valid_from,"
                 " valid_until, other_id, actor, reason)"
                 " SELECT id, ?2, ?3, ?4, status, domains_json,"
                 " coalesce(cross_session_use_count, 0), coalesce(validation_epoch, 0), ?5, ?6,"
                 " ?7, ?8, ?9 FROM memories WHERE id = ?1"));
  CORTEX_TRY(insert.bind_all(memory_id, row.event_id, row.name, known_at, interval.from,
                             interval.until, other_id, row.caller.actor, row.caller.reason));
  CORTEX_TRY(insert.run());
  CORTEX_ASSIGN(auto told, db.prepare("DELETE FROM cortex_memories_untold WHERE memory_id = ?1 AND"
                                      " created_at = (SELECT created_at FROM memories WHERE id ="
                                      " ?1)"));
  CORTEX_TRY(told.bind(1, memory_id));
  return told.run();
}

Result<std::vector<MemoryVersion>> versions_of(sqlite::Connection& db, std::string_view memory_id) {
  CORTEX_ASSIGN(auto rows, db.prepare(cat("SELECT ", kHistoryColumns,
                                          " FROM cortex_memory_history"
                                          " WHERE memory_id = ?1 ORDER BY seq")));
  CORTEX_TRY(rows.bind(1, memory_id));
  std::vector<MemoryVersion> versions;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return versions;
    CORTEX_ASSIGN(MemoryVersion version, read_version(rows));
    versions.push_back(std::move(version));
  }
}

Result<std::optional<MemoryVersion>> last_version(sqlite::Connection& db,
                                                  std::string_view memory_id) {
  CORTEX_ASSIGN(auto row, db.prepare(cat("SELECT ", kHistoryColumns,
                                         " FROM cortex_memory_history"
                                         " WHERE memory_id = ?1 ORDER BY seq DESC LIMIT 1")));
  CORTEX_TRY(row.bind(1, memory_id));
  CORTEX_ASSIGN(const bool found, row.step());
  if (!found) return std::optional<MemoryVersion>();
  CORTEX_ASSIGN(MemoryVersion version, read_version(row));
  return std::optional(std::move(version));
}

Result<std::set<std::string>> noted_by_agents(sqlite::Connection& db,
                                              std::span<const std::string> ids) {
  std::set<std::string> out;
  if (ids.empty()) return out;
  CORTEX_ASSIGN(
      auto found,
      db.prepare(cat("SELECT DISTINCT memory_id FROM cortex_memory_history WHERE ",
                     kNotedByAgentSql, " AND memory_id IN (SELECT value FROM json_each(?1))")));
  CORTEX_TRY(found.bind(1, json::array_text(ids)));
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return out;
    out.emplace(found.column_text(0));
  }
}

Result<MemoriesThen> memories_as_of(sqlite::Connection& db, const AsOf& when,
                                    const MemoryFilter& filter) {
  CORTEX_ASSIGN(std::vector<State> states, states_as_of(db, when, filter));
  MemoryFilter these{.ids = std::vector<std::string>()};
  for (const State& state : states) these.ids->push_back(state.id);
  std::vector<Memory> present;
  const auto keep = [&present](const Memory& memory) -> Status {
    present.push_back(memory);
    return {};
  };
  MemoriesThen out{.rows = {}, .unreadable = {}, .more = filter.limit == states.size()};
  CORTEX_ASSIGN(out.unreadable, each_memory(db, these, keep));
  std::ranges::sort(present, {}, &Memory::id);
  for (State& state : states) {
    const auto found = std::ranges::lower_bound(present, state.id, {}, &Memory::id);
    if (found == present.end() || found->id != state.id) continue;  // unreadable
    Memory memory = *found;
    memory.status = std::move(state.then.memory.status);
    memory.domains = std::move(state.then.memory.domains);
    if (state.then.version) memory.updated_at = std::move(state.then.memory.updated_at);
    memory.cross_session_use_count = state.then.memory.cross_session_use_count;
    memory.validation_epoch = state.then.memory.validation_epoch;
    out.rows.push_back({std::move(memory), std::move(state.then.valid), state.then.version});
  }
  return out;
}

Result<std::uint64_t> count_memories_as_of(sqlite::Connection& db, const AsOf& when,
                                           const MemoryFilter& filter) {
  const bool by_id = filter.ids.has_value();
  std::uint64_t count = 0;
  for (const Arm& arm : {version_arm(by_id), row_arm(by_id)}) {
    CORTEX_ASSIGN(auto row, db.prepare(count_arm(arm, filter)));
    CORTEX_TRY(bind_question(row, when, filter));
    CORTEX_TRY(row.bind(6, ledger::kErasedText));
    CORTEX_TRY(row.step());
    count += static_cast<std::uint64_t>(row.column_int(0));
  }
  return count;
}

Result<std::optional<MemoryThen>> memory_as_of(sqlite::Connection& db, std::string_view id,
                                               std::string_view known_at) {
  MemoryFilter filter{
      .statuses = {"active", "candidate", "pending_mcp_commit", "rejected", "superseded"},
      .ids = {{std::string(id)}}};
  CORTEX_ASSIGN(MemoriesThen found,
                memories_as_of(db, {std::string(known_at), std::string(known_at)}, filter));
  if (found.rows.empty()) return std::optional<MemoryThen>();
  return std::optional(std::move(found.rows.front()));
}

Result<std::vector<MemoryDifference>> memory_differences(sqlite::Connection& db,
                                                         std::string_view since,
                                                         std::string_view until) {
  constexpr std::string_view kSql = R"sql(
WITH changed AS (
  SELECT memory_id AS id, max(seq) AS last, max(known_at) AS at,
    json_group_array(operation) AS operations,
    (SELECT p.seq FROM cortex_memory_history p WHERE p.memory_id = h.memory_id
     AND p.known_at <= ?1 ORDER BY p.seq DESC LIMIT 1) AS earlier
  FROM cortex_memory_history h WHERE known_at > ?1 AND known_at <= ?2 GROUP BY memory_id
  UNION ALL
  SELECT m.id, NULL, m.created_at, '[]', NULL FROM memories m
  WHERE m.created_at > ?1 AND m.created_at <= ?2
    AND NOT EXISTS (SELECT 1 FROM cortex_memory_history h WHERE h.memory_id = m.id))
SELECT m.id, m.claim, b.status, b.domains_json, coalesce(a.status, m.status),
  coalesce(a.domains_json, m.domains_json), coalesce(b.use_count, 0),
  coalesce(a.use_count, m.cross_session_use_count, 0), coalesce(b.validation_epoch, 0),
  coalesce(a.validation_epoch, m.validation_epoch, 0), c.at, c.operations
FROM changed c JOIN memories m ON m.id = c.id
LEFT JOIN cortex_memory_history a ON a.seq = c.last
LEFT JOIN cortex_memory_history b ON b.seq = c.earlier
ORDER BY c.at, m.id)sql";
  CORTEX_ASSIGN(auto rows, db.prepare(kSql));
  CORTEX_TRY(rows.bind_all(since, until));
  std::vector<MemoryDifference> differences;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return differences;
    MemoryDifference one{.id = std::string(rows.column_text(0)),
                         .claim = std::string(rows.column_text(1)),
                         .status_before = optional_text(rows, 2),
                         .domains_before = optional_text(rows, 3),
                         .status_after = std::string(rows.column_text(4)),
                         .domains_after = std::string(rows.column_text(5)),
                         .uses_before = rows.column_int(6),
                         .uses_after = rows.column_int(7),
                         .epoch_before = rows.column_int(8),
                         .epoch_after = rows.column_int(9),
                         .changed_at = std::string(rows.column_text(10)),
                         .operations = {}};
    CORTEX_ASSIGN(const json::Value names, json::parse(rows.column_text(11)));
    for (const json::Value& name : *names.as_array()) {
      if (name.as_string() != nullptr) one.operations.push_back(*name.as_string());
    }
    differences.push_back(std::move(one));
  }
}

}  // namespace cortex::store
