#include "app/memory_read.h"

#include <cmath>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

#include "app/checked_store.h"
#include "app/held_memories.h"
#include "app/memory_work.h"
#include "app/time_flag.h"
#include "base/text.h"
#include "memory/lifecycle.h"
#include "memory/salience.h"
#include "sqlite/transaction.h"
#include "store/lineage_proof.h"

namespace cortex::app {
namespace {

Status check_statuses(const std::vector<std::string>& statuses) {
  for (const std::string& status : statuses) {
    if (memory::parse_state(status)) continue;
    return refusal(Code::kUsage, cat("--status ", quoted(status), " is no status"),
                   "give active, candidate, pending_mcp_commit, rejected or superseded");
  }
  return {};
}

store::MemoryFilter filter_of(const ListRequest& request) {
  store::MemoryFilter filter{.statuses = request.statuses, .tags = request.tags};
  filter.limit = request.limit;
  filter.offset = request.offset;
  return filter;
}

// The members of the health report that tell of a kind.
struct BucketRow {
  store::HealthKind kind;
  std::string_view count, ids;
};
constexpr BucketRow kBuckets[] = {
    {store::HealthKind::kLowConfidence, "low_confidence_count", "low_confidence_ids"},
    {store::HealthKind::kNeverValidated, "never_validated_count", "never_validated_ids"},
    {store::HealthKind::kOlder, "older_than_days_count", "older_than_ids"},
    {store::HealthKind::kNoOutcome, "no_outcome_count", "no_outcome_ids"},
    {store::HealthKind::kWeakNegative, "weak_negative_count", "weak_negative_ids"},
    {store::HealthKind::kContradicted, "contradicted_count", "contradicted_ids"},
};
static_assert(std::size(kBuckets) == store::kHealthKinds);

}  // namespace

json::Array to_json(const std::vector<store::UnreadableMemory>& unreadable) {
  json::Array out;
  for (const store::UnreadableMemory& one : unreadable) {
    out.emplace_back(json::Object{
        {"column", one.column}, {"memory_id", printable(one.id)}, {"reason", one.reason}});
  }
  return out;
}

namespace {

// As this program writes times, whatever wrote the column; what is no time stays as it is.
std::string written_form(const std::string& column) {
  const auto time = parse_strict_rfc3339(column);
  return time ? format_rfc3339(*time, Offset::kPlus00) : column;
}

}  // namespace

json::Object listed(const store::Memory& memory) {
  return {{"authority", memory.authority},
          {"claim", memory.claim},
          {"domains", json::array_of(memory.tags())},
          {"memory_id", memory.id},
          {"status", memory.status},
          {"updated_at", written_form(memory.updated_at)}};
}

Result<ListReport> list_memories(Services& services, const Layout& layout, ListRequest request) {
  CORTEX_TRY(check_statuses(request.statuses));
  CORTEX_ASSIGN(const std::optional<store::AsOf> when,
                point_in_time(services, request.as_of, request.valid_at));
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  ListReport report{.request = std::move(request), .rows = {}, .unreadable = {}, .when = when};
  store::MemoryFilter filter = filter_of(report.request);
  if (when) {
    CORTEX_ASSIGN(store::MemoriesThen then, store::memories_as_of(store.connection, *when, filter));
    report.rows = std::move(then.rows);
    report.unreadable = std::move(then.unreadable);
    return report;
  }
  if (filter.statuses.empty()) filter.statuses = {"active"};
  CORTEX_ASSIGN(store::MemoryPage page, store::page_of_memories(store.connection, filter));
  for (store::Memory& memory : page.rows) report.rows.push_back({std::move(memory), {}, {}});
  report.unreadable = std::move(page.unreadable);
  return report;
}

json::Value to_json(const ListReport& report) {
  json::Array matches;
  for (const store::MemoryThen& row : report.rows) {
    json::Object one = listed(row.memory);
    if (report.when) {
      one.add("valid_from", json::or_null(row.valid.from));
      one.add("valid_until", json::or_null(row.valid.until));
    }
    one.sort();
    matches.emplace_back(std::move(one));
  }
  json::Object out{{"match_count", report.rows.size()},
                   {"matches", std::move(matches)},
                   {"tag_filter", json::array_of(report.request.tags)},
                   {"unreadable", to_json(report.unreadable)}};
  if (report.when) {
    out.add("as_of", report.when->known_at);
    out.add("valid_at", report.when->valid_at);
  }
  out.sort();
  return out;
}

Result<CandidatesReport> list_candidates(Services& services, const Layout& layout,
                                         std::uint64_t limit, std::uint64_t offset) {
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  store::MemoryFilter filter{.statuses = {"candidate", "pending_mcp_commit"}};
  CandidatesReport report;
  CORTEX_ASSIGN(report.total, store::count_memories(db, filter));
  filter.limit = limit;
  filter.offset = offset;
  CORTEX_ASSIGN(store::MemoryPage page, store::page_of_memories(db, filter));
  report.unreadable = std::move(page.unreadable);
  std::vector<std::string> ids;
  ids.reserve(page.rows.size());
  for (const store::Memory& memory : page.rows) ids.push_back(memory.id);
  CORTEX_ASSIGN(const auto proofs, store::prove_lineages(db, ids, store::ProofDepth::kHashes));
  CORTEX_ASSIGN(const auto counts, store::count_open_contradictions(db, ids));
  for (std::size_t i = 0; i < page.rows.size(); ++i) {
    Candidate one{.memory = std::move(page.rows[i])};
    const auto found = counts.find(one.memory.id);
    if (found != counts.end()) one.open_contradictions = found->second;
    one.proof = trust::proof_state_token(proofs[i].closure.state());
    one.acceptable = one.memory.status == "candidate" && proofs[i].usable() &&
                     one.open_contradictions == 0 && one.memory.type != "operator_note";
    report.candidates.push_back(std::move(one));
  }
  return report;
}

json::Value to_json(const CandidatesReport& report) {
  json::Array rows;
  for (const Candidate& one : report.candidates) {
    json::Object row = listed(one.memory);
    row.add("acceptable", one.acceptable);
    row.add("confidence", one.memory.confidence);
    row.add("created_at", one.memory.created_at);
    row.add("memory_type", one.memory.type);
    row.add("open_contradictions", one.open_contradictions);
    row.add("proof_state", one.proof);
    row.sort();
    rows.emplace_back(std::move(row));
  }
  return json::Object{{"candidates", std::move(rows)},
                      {"shown", report.candidates.size()},
                      {"total", report.total},
                      {"unreadable", to_json(report.unreadable)}};
}

Result<HealthReport> memory_health(Services& services, const Layout& layout,
                                   const HealthRequest& request) {
  if (std::isnan(request.confidence_below)) {
    return refusal(Code::kUsage, "--confidence-below must be a number", "give a number like 0.5");
  }
  CORTEX_ASSIGN(const Timestamp before,
                days_before(services.clock.now(), request.older_than_days, "older-than"));
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  // Counts and ids are of one moment.
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kDeferred));
  const store::HealthLimits limits{request.confidence_below, column_time(before),
                                   request.unvalidated_only};
  CORTEX_ASSIGN(const store::HealthCounts counts, store::count_health(db, limits));
  HealthReport report{.request = request};
  report.total_active = counts.total;
  for (const BucketRow& row : kBuckets) {
    HealthReport::Bucket& bucket = report.of[row.kind];
    bucket.count = counts.of[row.kind];
    const store::IdPage page{bucket.count, request.limit.value_or(bucket.count), request.offset};
    CORTEX_ASSIGN(bucket.ids, store::health_ids(db, row.kind, limits, page));
  }
  return report;
}

json::Value to_json(const HealthReport& report) {
  json::Object out{{"confidence_below", report.request.confidence_below},
                   {"older_than_days", report.request.older_than_days},
                   {"total_active", report.total_active}};
  for (const BucketRow& row : kBuckets) {
    const HealthReport::Bucket& bucket = report.of[row.kind];
    out.add(std::string(row.count), bucket.count);
    out.add(std::string(row.ids), json::array_of(bucket.ids));
  }
  if (report.of[store::HealthKind::kWeakNegative].count > 0) {
    out.add("weak_negative_invariant", memory::kWeakNegativeInvariant);
  }
  out.sort();
  return out;
}

Result<DiffReport> memory_diff(Services& services, const Layout& layout, const std::string& since,
                               const std::optional<std::string>& until) {
  DiffReport report{.since = {}, .until = column_time(services.clock.now()), .differences = {}};
  CORTEX_ASSIGN(report.since, column_time_flag("since", since));
  if (until) {
    CORTEX_ASSIGN(report.until, column_time_flag("until", *until));
  }
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  CORTEX_ASSIGN(report.differences,
                store::memory_differences(store.connection, report.since, report.until));
  return report;
}

json::Value to_json(const DiffReport& report) {
  json::Array rows;
  for (const store::MemoryDifference& one : report.differences) {
    const auto value = [](const std::string& text) {
      auto parsed = json::parse(text);
      return parsed.ok() ? std::move(parsed).value() : json::Value(text);
    };
    const auto side = [&](const std::optional<std::string>& status,
                          const std::optional<std::string>& domains, std::int64_t uses,
                          std::int64_t epoch) -> json::Value {
      if (!status) return nullptr;
      return json::Object{{"domains", domains ? value(*domains) : json::Value()},
                          {"status", *status},
                          {"use_count", uses},
                          {"validation_epoch", epoch}};
    };
    rows.emplace_back(json::Object{
        {"after", side(one.status_after, one.domains_after, one.uses_after, one.epoch_after)},
        {"before", side(one.status_before, one.domains_before, one.uses_before, one.epoch_before)},
        {"changed_at", one.changed_at},
        {"claim", one.claim},
        {"memory_id", one.id},
        {"operations", json::array_of(one.operations)}});
  }
  const std::size_t count = rows.size();
  return json::Object{{"changes", std::move(rows)},
                      {"count", count},
                      {"since", report.since},
                      {"until", report.until}};
}

}  // namespace cortex::app
