#include "store/memory_tally.h"

#include <gmock/gmock.h>

#include <random>
#include <string>

#include "base/text.h"
#include "store/followed_tables.h"
#include "store/memories.h"
#include "store/private_schema.h"
#include "store/schema_query.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::ElementsAre;

constexpr HealthKind kAll[] = {HealthKind::kLowConfidence, HealthKind::kNeverValidated,
                               HealthKind::kOlder,         HealthKind::kNoOutcome,
                               HealthKind::kWeakNegative,  HealthKind::kContradicted};

// The kind in words of its own, over the rows.
std::string condition(HealthKind kind, const HealthLimits& limits) {
  switch (kind) {
    case HealthKind::kLowConfidence:
      return cat("confidence < ", std::to_string(limits.confidence_below));
    case HealthKind::kNeverValidated:
      return "ifnull(validation_epoch, 0) = 0";
    case HealthKind::kOlder:
      return cat("created_at < '", limits.created_before, "'");
    case HealthKind::kNoOutcome:
      return "ifnull(cross_session_use_count, 0) = 0";
    case HealthKind::kWeakNegative:
      return "cross_session_use_count > 5 AND ifnull(validation_epoch, 0) = 0";
    case HealthKind::kContradicted:
      return "EXISTS (SELECT 1 FROM contradictions c WHERE c.status <> 'resolved' AND memories.id"
             " IN (c.left_ref, c.right_ref))";
  }
  return {};
}

class MemoryTallyTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
  }
  void put(int n, std::string_view confidence, std::string_view created,
           std::string_view status = "active", std::string_view tags = "[]",
           std::string_view how = "INSERT") {
    exec(cat(how,
             " INTO memories (id, memory_type, status, claim, source_episodes_json,"
             " source_events_json, domains_json, salience_json, confidence, authority,"
             " applies_when_json, does_not_apply_when_json, created_at, updated_at) VALUES ('",
             id(n), "', 'operator_note', '", status, "', 'c', '[]', '[]', '", tags, "', '{}', ",
             confidence, ", 'operator', 'null', 'null', '", created,
             "', '2026-01-01T00:00:00+00:00')"));
  }
  static std::string id(int n) { return cat("mem_01JH0000000000000000000", 100 + n); }

  std::vector<std::string> ids(HealthKind kind, const HealthLimits& limits, std::uint64_t count) {
    return health_ids(db_, kind, limits, {count, 1000, 0}).value();
  }
  // Counts and ids are those of the rows.
  void expect_true(const HealthLimits& limits) {
    const HealthCounts counts = count_health(db_, limits).value();
    EXPECT_EQ(counts.total, number("SELECT count(*) FROM memories WHERE status = 'active'"));
    EXPECT_EQ(count_active(db_).value(), counts.total);
    for (std::size_t i = 0; i < std::size(kAll); ++i) {
      const std::string where =
          cat(" FROM memories WHERE status = 'active' AND ", condition(kAll[i], limits),
              limits.unvalidated_only ? " AND ifnull(validation_epoch, 0) = 0" : "");
      EXPECT_EQ(counts.of[kAll[i]], number(cat("SELECT count(*)", where))) << where;
      EXPECT_EQ(ids(kAll[i], limits, counts.of[kAll[i]]),
                text_column(db_, cat("SELECT id", where, " ORDER BY rowid")).value())
          << where;
      // Many are found another way than few.
      EXPECT_EQ(ids(kAll[i], limits, 1'000'000), ids(kAll[i], limits, 1)) << where;
    }
  }
  static std::vector<std::string> ids_of(const MemoryPage& page) {
    std::vector<std::string> ids;
    for (const Memory& memory : page.rows) ids.push_back(memory.id);
    return ids;
  }
  std::uint64_t number(const std::string& sql) {
    return static_cast<std::uint64_t>(db_.query_int(sql).value());
  }
};

TEST_F(MemoryTallyTest, LimitsInsideAHundredthAndADayAreExact) {
  put(1, "0.5", "2026-01-02T10:00:00+00:00");
  put(2, "0.504", "2026-01-02T12:00:00+00:00");
  put(3, "0.29", "2026-01-02T14:00:00.5+00:00");  // times 100 it is below 29
  put(4, "1.0", "2025-12-31T23:59:59+00:00");
  put(5, "0.0", "2026-01-03");
  for (const double confidence : {0.0, 0.28, 0.29, 0.3, 0.5, 0.504, 0.505, 0.999, 1.0}) {
    for (const char* time : {"2025-01-01T00:00:00+00:00", "2026-01-02T12:00:00+00:00",
                             "2026-01-02T14:00:00.6+00:00", "2026-01-03T00:00:00+00:00"}) {
      expect_true({confidence, time, false});
    }
  }
}

TEST_F(MemoryTallyTest, FollowsWhoeverWrites) {
  std::mt19937 random(7);
  const auto any = [&random](unsigned below) { return static_cast<int>(random() % below); };
  constexpr const char* kStatuses[] = {"active", "candidate", "rejected", "active"};
  for (int step = 0; step < 400; ++step) {
    const int n = any(40);
    switch (any(8)) {
      case 0:
      case 1:
      case 2:
        put(n, cat("0.", 10 + any(90)), cat("2026-01-0", 1 + any(9), "T0", any(9), ":00:00+00:00"),
            kStatuses[any(4)], any(2) == 0 ? "[\"a\",\"a\",1]" : "[\"a\",\"b\"]",
            "INSERT OR IGNORE");
        break;
      case 3:
        exec(
            cat("UPDATE memories SET status = '", kStatuses[any(4)], "' WHERE id = '", id(n), "'"));
        break;
      case 4:
        exec(cat("UPDATE memories SET cross_session_use_count = ", any(9),
                 ", validation_epoch = nullif(", any(3), ", 2) WHERE id = '", id(n), "'"));
        break;
      case 5:
        exec(cat("UPDATE memories SET confidence = 0.", any(99), ", domains_json = '[\"b\"]',",
                 " updated_at = '2026-02-0", 1 + any(9), "' WHERE id = '", id(n), "'"));
        break;
      case 6:
        exec(cat("DELETE FROM memories WHERE id = '", id(n), "'"));
        break;
      default:
        exec(cat("INSERT OR REPLACE INTO contradictions VALUES ('con_", any(9), "', '", id(n),
                 "', '", id(any(40)), "', 't', '", any(2) == 0 ? "unresolved" : "resolved",
                 "', 'i', 'now', 'now')"));
    }
    if (step % 20 != 0) continue;
    expect_true({0.5, "2026-01-05T04:00:00+00:00", step % 40 == 0});
    for (const std::vector<std::string>& tags :
         {std::vector<std::string>{"a"}, {"b", "a"}, {"b"}, {"none"}}) {
      // Two statuses go the other way, through the rows.
      const MemoryFilter rows{.statuses = {"active", "active"}, .tags = tags};
      const MemoryFilter by_tag{.statuses = {"active"}, .tags = tags, .limit = 5, .offset = 1};
      MemoryFilter of_rows = rows;
      of_rows.limit = 5;
      of_rows.offset = 1;
      EXPECT_EQ(count_memories(db_, by_tag).value(), count_memories(db_, rows).value());
      EXPECT_EQ(ids_of(page_of_memories(db_, by_tag).value()),
                ids_of(page_of_memories(db_, of_rows).value()));
    }
  }
}

TEST_F(MemoryTallyTest, ATableThatWasMadeAnewIsCountedAnew) {
  put(1, "0.5", "2026-01-02", "active", "[\"a\"]");
  put(2, "0.5", "2026-01-02", "active", "[\"b\"]");
  exec("DROP TRIGGER cortex_memory_tally_added");
  exec("DROP TRIGGER cortex_memory_tally_removed");
  exec("DROP TRIGGER cortex_memory_tags_added");
  exec("DELETE FROM memories WHERE domains_json = '[\"b\"]'");
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  expect_true({0.5, "2026-01-05", false});
  EXPECT_EQ(count_active(db_).value(), 1U);
}

TEST_F(MemoryTallyTest, ATableThatIsGoneIsMadeAnewWithWhatItHeld) {
  put(1, "0.5", "2026-01-02", "active", "[\"a\"]");
  exec("DROP TABLE cortex_memory_tally; DROP TABLE cortex_memory_tags");
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  expect_true({0.5, "2026-01-05", false});
  EXPECT_EQ(count_memories(db_, {.statuses = {"active"}, .tags = {"a"}}).value(), 1U);
}

TEST_F(MemoryTallyTest, RepeatedTagsFailNoStatement_ReplacedRowsAreFoundByARefill) {
  put(1, "0.5", "2026-01-02", "active", R"(["a","a"])", "INSERT OR ABORT");
  put(1, "0.7", "2026-01-02", "active", R"(["b"])", "INSERT OR REPLACE");
  ASSERT_TRUE(refill_followed_tables(db_).ok());
  expect_true({0.6, "2026-01-05", false});
  EXPECT_EQ(count_memories(db_, {.statuses = {"active"}, .tags = {"a"}}).value(), 0U);
}

TEST_F(MemoryTallyTest, PagesOfIdsAreInTheOrderOfTheTable) {
  for (int n = 9; n > 0; --n) put(n, "0.1", "2026-01-02");
  const HealthLimits limits{0.5, "2026-01-05", false};
  EXPECT_THAT(health_ids(db_, HealthKind::kLowConfidence, limits, {9, 2, 3}).value(),
              ElementsAre(id(6), id(5)));
  EXPECT_THAT(health_ids(db_, HealthKind::kOlder, limits, {9, 2, 8}).value(), ElementsAre(id(1)));
  EXPECT_THAT(health_ids(db_, HealthKind::kOlder, limits, {9, 2, 9}).value(), ElementsAre());
}

}  // namespace
}  // namespace cortex::store
