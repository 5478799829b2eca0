#include "store/memory_history.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "sqlite/work_count.h"
#include "store/private_schema.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

std::string id_of(int n) { return cat("mem_01JH0000000000000000000", 100 + n); }
std::string two_digits(int n) { return cat(n < 10 ? "0" : "", n); }
std::string minute(int n) {
  return cat("2026-01-20T", two_digits(n / 60), ":", two_digits(n % 60), ":00+00:00");
}
std::string day(int n) { return cat("2026-01-", n < 10 ? "0" : "", n, "T00:00:00+00:00"); }

class MemoryHistoryTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
  }
  // As another program writes it, if nothing records a version.
  void put(int n, const std::string& at, std::string_view status = "active") {
    exec(
        cat("INSERT INTO memories (id, memory_type, status, claim, source_episodes_json,"
            " source_events_json, domains_json, salience_json, confidence, authority,"
            " applies_when_json, does_not_apply_when_json, created_at, updated_at) VALUES ('",
            id_of(n), "', 'operator_note', '", status, "', 'c', '[]', '[]', '[\"t", n % 3,
            "\"]', '{}', 0.5, 'operator', 'null', 'null', '", at, "', '", at, "')"));
  }
  void record(int n, std::string_view status, const std::string& known_at,
              const std::optional<ValidTime>& valid = {}) {
    exec(cat("UPDATE memories SET status = '", status, "' WHERE id = '", id_of(n), "'"));
    OperationRow row;
    row.event_id = cat("evt_", ++events_);
    row.name = "memory.test";
    const Status done = record_version(db_, row, id_of(n), known_at, valid, "");
    ASSERT_TRUE(done.ok()) << done.error().text();
  }
  std::vector<std::string> ids(const AsOf& when, const MemoryFilter& filter) {
    return ids(db_, when, filter);
  }
  static std::vector<std::string> ids(sqlite::Connection& db, const AsOf& when,
                                      const MemoryFilter& filter) {
    const auto found = memories_as_of(db, when, filter);
    EXPECT_TRUE(found.ok()) << found.error().text();
    std::vector<std::string> out;
    for (const MemoryThen& one : found->rows) out.push_back(one.memory.id);
    return out;
  }
  std::uint64_t events_ = 0;
};

// What a test knows of a version, in the order of the ledger.
struct Known {
  std::string at, status;
  ValidTime valid;
};

// The answer from all versions of all memories.
std::vector<std::string> expected(const std::map<int, std::vector<Known>>& all, const AsOf& when,
                                  const MemoryFilter& filter) {
  std::vector<std::pair<std::string, std::string>> held;  // when it began, id
  for (const auto& [n, versions] : all) {
    const Known* last = nullptr;
    for (const Known& one : versions) {
      if (one.at <= when.known_at) last = &one;
    }
    if (last == nullptr) continue;
    const auto has = [&](const std::string& status) {
      return std::ranges::find(filter.statuses, status) != filter.statuses.end();
    };
    const bool believed =
        last->status == "active" || (last->status == "superseded" && last->valid.until);
    const bool valid = (!last->valid.from || *last->valid.from <= when.valid_at) &&
                       (!last->valid.until || when.valid_at < *last->valid.until);
    if (filter.statuses.empty() ? !believed || !valid : !has(last->status)) continue;
    const std::string tag = cat("t", n % 3);
    if (!std::ranges::all_of(filter.tags, [&](const auto& one) { return one == tag; })) continue;
    if (filter.ids && std::ranges::find(*filter.ids, id_of(n)) == filter.ids->end()) continue;
    held.emplace_back(last->at, id_of(n));
  }
  std::ranges::sort(held, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<std::string> out;
  for (std::size_t i = filter.offset; i < held.size(); ++i) {
    if (filter.limit && out.size() == *filter.limit) break;
    out.push_back(held[i].second);
  }
  return out;
}

TEST_F(MemoryHistoryTest, AnyHistoryIsAnsweredAsFromAllItsVersions) {
  constexpr std::string_view kStatuses[] = {"active", "candidate", "rejected", "superseded"};
  std::mt19937 random(7);
  const auto pick = [&random](unsigned most) { return static_cast<int>(random() % most); };
  std::map<int, std::vector<Known>> all;
  for (int n = 0; n < 30; ++n) {
    const std::string at = day(1 + pick(20));
    const std::string status(kStatuses[pick(4)]);
    put(n, at, status);
    all[n] = {{at, status, {}}};
    // A third are never told of. Clocks go back now and then.
    if (n % 3 == 0) continue;
    all[n].clear();
    for (int step = 0; step < 1 + pick(4); ++step) {
      Known known{day(1 + pick(28)), std::string(kStatuses[pick(4)]), {}};
      if (pick(2) == 0) known.valid.from = day(1 + pick(14));
      if (pick(2) == 0) known.valid.until = day(10 + pick(14));
      record(n, known.status, known.at, known.valid);
      all[n].push_back(known);
    }
  }
  for (int question = 0; question < 400; ++question) {
    const AsOf when{day(1 + pick(28)), day(1 + pick(28))};
    MemoryFilter filter;
    if (pick(3) == 0) filter.statuses = {"candidate", "superseded"};
    if (pick(3) == 0) filter.tags = {cat("t", pick(3))};
    if (pick(3) == 0) filter.ids = {{id_of(pick(30)), id_of(pick(30)), "mem_none"}};
    if (pick(2) == 0) filter.limit = random() % 6;
    filter.offset = random() % 3;
    EXPECT_THAT(ids(when, filter), ElementsAreArray(expected(all, when, filter)))
        << when.known_at << " about " << when.valid_at;
  }
}

TEST_F(MemoryHistoryTest, APageOfTheStatesOfAMomentReadsLittleMoreThanItself) {
  const auto steps = [this] {
    sqlite::WorkCount count;
    auto db = sqlite::Connection::open(path_, sqlite::OpenMode::kReadOnly).value();
    EXPECT_EQ(ids(db, {day(28), day(28)}, {.limit = 5}).size(), 5U);
    EXPECT_EQ(ids(db, {day(28), day(28)}, {.ids = {{id_of(1)}}}).size(), 1U);
    return count.total().steps;
  };
  for (int n = 1; n <= 20; ++n) {
    put(n, minute(n));
    if (n % 2 == 0) record(n, "active", minute(n));
  }
  const std::uint64_t few = steps();
  for (int n = 21; n <= 800; ++n) {
    put(n, minute(n));
    if (n % 2 == 0) record(n, "active", minute(n));
  }
  EXPECT_LT(steps(), 3 * few);
}

TEST_F(MemoryHistoryTest, WhatIsNotToldOfIsKnownSinceItWasMade) {
  put(1, day(3));
  put(2, day(2));
  record(2, "active", day(5));
  EXPECT_THAT(ids({day(4), day(4)}, {}), ElementsAre(id_of(1)));
  EXPECT_THAT(ids({day(5), day(5)}, {}), ElementsAre(id_of(2), id_of(1)));
  EXPECT_EQ(db_.query_text("SELECT group_concat(memory_id) FROM cortex_memories_untold").value(),
            id_of(1));
  exec(cat("DELETE FROM memories WHERE id = '", id_of(1), "'"));
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM cortex_memories_untold").value(), 0);
}

TEST_F(MemoryHistoryTest, NotesOfAgentsAreFoundWithoutReadingHistories) {
  constexpr int kMemories = 50, kVersions = 20;
  std::vector<std::string> all;
  for (int n = 0; n < kMemories; ++n) {
    put(n, day(1));
    all.push_back(id_of(n));
    for (int version = 0; version < kVersions; ++version) record(n, "active", day(2));
  }
  OperationRow row;
  row.event_id = "evt_of_agent";
  row.name = "memory.note";
  row.caller.actor = "agent";
  ASSERT_TRUE(record_version(db_, row, id_of(7), day(3), {}, "").ok());
  sqlite::WorkCount work;
  sqlite::Connection db = sqlite::Connection::open(path_, sqlite::OpenMode::kReadOnly).value();
  work.reset();
  EXPECT_THAT(noted_by_agents(db, all).value(), ElementsAre(id_of(7)));
  EXPECT_EQ(work.total().statements, 1U);
  // Some instructions an id, and none a version.
  EXPECT_LT(work.total().steps, static_cast<std::uint64_t>(kMemories) * kVersions);
}

}  // namespace
}  // namespace cortex::store
