#include "store/memory_tally.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace cortex::store {
namespace {

// So few are looked up and put in order; of more, a page is found sooner by going through all.
constexpr std::uint64_t kLookedUpMax = 2000;

constexpr std::string_view kUnvalidated = "coalesce(validation_epoch, 0) = 0";
constexpr std::string_view kContradicted =
    "id IN (SELECT left_ref FROM contradictions WHERE status IN ('unresolved', 'interpreted')"
    " UNION SELECT right_ref FROM contradictions WHERE status IN ('unresolved', 'interpreted'))";

// Where the memories of a kind are found: the source when there are few, and when there are many.
struct KindRow {
  HealthKind kind;
  std::string_view few, many, condition;  // ?1: confidence, ?2: time
};
constexpr std::string_view kActive = "status = 'active'", kAnyActive = "+status = 'active'";
constexpr KindRow kKinds[] = {
    {HealthKind::kLowConfidence, "INDEXED BY cortex_memories_confidence", "NOT INDEXED",
     "confidence < ?1"},
    {HealthKind::kNeverValidated, "INDEXED BY cortex_memories_unvalidated",
     "INDEXED BY cortex_memories_unvalidated", kUnvalidated},
    {HealthKind::kOlder, "INDEXED BY cortex_memories_created", "NOT INDEXED", "created_at < ?2"},
    {HealthKind::kNoOutcome, "INDEXED BY cortex_memories_unused",
     "INDEXED BY cortex_memories_unused", "coalesce(cross_session_use_count, 0) = 0"},
    {HealthKind::kWeakNegative, "INDEXED BY cortex_memories_weak",
     "INDEXED BY cortex_memories_weak",
     "coalesce(cross_session_use_count, 0) > 5 AND coalesce(validation_epoch, 0) = 0"},
    {HealthKind::kContradicted, "", "", kContradicted},
};

std::uint64_t count_of(const sqlite::Statement& row, int column) {
  return static_cast<std::uint64_t>(row.column_int(column));
}

std::string_view narrowed(const HealthLimits& limits) {
  return limits.unvalidated_only ? " AND coalesce(validation_epoch, 0) = 0" : "";
}

// Memories of the hundredth and of the day in which the limits fall.
Status add_borders(sqlite::Connection& db, const HealthLimits& limits, HealthCounts& counts) {
  constexpr std::string_view kHundredth =
      " AND confidence >= ?1 - 0.011 AND CAST(confidence * 100 AS INTEGER) ="
      " CAST(?1 * 100 AS INTEGER)";
  CORTEX_ASSIGN(
      auto row,
      db.prepare(cat("SELECT (SELECT count(*) FROM memories INDEXED BY cortex_memories_confidence"
                     " WHERE status = 'active' AND confidence < ?1",
                     kHundredth, narrowed(limits),
                     "), (SELECT count(*) FROM memories INDEXED BY cortex_memories_created WHERE"
                     " status = 'active' AND created_at < ?2 AND created_at >= substr(?2, 1, 10)",
                     narrowed(limits), ")")));
  CORTEX_TRY(row.bind_all(limits.confidence_below, limits.created_before));
  CORTEX_TRY(row.step());
  counts.of[HealthKind::kLowConfidence] += count_of(row, 0);
  counts.of[HealthKind::kOlder] += count_of(row, 1);
  return {};
}

}  // namespace

Result<HealthCounts> count_health(sqlite::Connection& db, const HealthLimits& limits) {
  CORTEX_ASSIGN(
      auto row,
      // Columns after the first in the order of HealthKind; what is contradicted is in no tally.
      db.prepare("SELECT coalesce(sum(memories), 0),"
                 " coalesce(sum(memories * (confidence < CAST(?1 * 100 AS INTEGER)) * asked), 0),"
                 " coalesce(sum(memories * unvalidated), 0),"
                 " coalesce(sum(memories * (created < substr(?2, 1, 10)) * asked), 0),"
                 " coalesce(sum(memories * (uses = 0) * asked), 0),"
                 " coalesce(sum(memories * (uses > 5) * unvalidated), 0)"
                 " FROM (SELECT *, (?3 = 0 OR unvalidated) AS asked FROM cortex_memory_tally)"));
  CORTEX_TRY(row.bind_all(limits.confidence_below, limits.created_before,
                          limits.unvalidated_only ? 1 : 0));
  CORTEX_TRY(row.step());
  HealthCounts counts{.total = count_of(row, 0), .of = {}};
  for (std::size_t kind = 0; kind + 1 < kHealthKinds; ++kind) {
    counts.of.values[kind] = count_of(row, static_cast<int>(kind) + 1);
  }
  CORTEX_TRY(add_borders(db, limits, counts));
  CORTEX_ASSIGN(const std::int64_t contradicted,
                db.query_int(cat("SELECT count(*) FROM memories WHERE ", kAnyActive, " AND ",
                                 kContradicted, narrowed(limits))));
  counts.of[HealthKind::kContradicted] = static_cast<std::uint64_t>(contradicted);
  return counts;
}

Result<std::uint64_t> count_active(sqlite::Connection& db) {
  CORTEX_ASSIGN(const std::int64_t count,
                db.query_int("SELECT coalesce(sum(memories), 0) FROM cortex_memory_tally"));
  return static_cast<std::uint64_t>(count);
}

Result<std::vector<std::string>> health_ids(sqlite::Connection& db, HealthKind kind,
                                            const HealthLimits& limits, const IdPage& page) {
  constexpr std::uint64_t kMost = 0x7FFF'FFFF'FFFF'FFFF;
  std::vector<std::string> ids;
  if (page.limit == 0 || page.offset >= page.count) return ids;
  const KindRow& row = *std::ranges::find(kKinds, kind, &KindRow::kind);
  const bool few = page.count <= kLookedUpMax;
  const std::string_view source = few ? row.few : row.many;
  const std::string sql =
      cat("SELECT id FROM memories ", source, " WHERE ", source.empty() ? kAnyActive : kActive,
          " AND (?1 IS NOT NULL) AND (?2 IS NOT NULL) AND ", row.condition, narrowed(limits),
          " ORDER BY rowid LIMIT ", std::min(page.limit, kMost), " OFFSET ",
          std::min(page.offset, kMost));
  CORTEX_ASSIGN(auto found, db.prepare(sql));
  CORTEX_TRY(found.bind_all(limits.confidence_below, limits.created_before));
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return ids;
    ids.emplace_back(found.column_text(0));
  }
}

}  // namespace cortex::store
