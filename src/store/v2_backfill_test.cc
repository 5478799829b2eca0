#include "store/v2_backfill.h"

#include <gmock/gmock.h>

#include "store/schema_query.h"
#include "store/store_fixture.h"
#include "store/v2_fixture.h"

namespace cortex::store {
namespace {

using testing::ElementsAre;

class V2BackfillTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    exec(kV1Rows);
  }
  std::vector<std::string> all(const std::string& column, const std::string& table) {
    return text_column(db_, "SELECT " + column + " FROM " + table + " ORDER BY id").value();
  }
};

TEST_F(V2BackfillTest, EveryOlderRow_GetsItsColumns) {
  EXPECT_FALSE(is_backfilled(db_).value());
  const auto done = backfill_v2(db_, {1'700'000'000, 0});
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(done->attestations, 1U);
  EXPECT_TRUE(is_backfilled(db_).value());
  EXPECT_THAT(all("source_attestation_json", "events"),
              ElementsAre(R"({"state":"legacy_unattested","value":{"imported_at":)"
                          R"("2023-11-14T22:13:20+00:00","original_recorded_at":)"
                          R"("2026-02-03T04:05:00.250+00:00"}})"));
  EXPECT_THAT(all("summary_spans_json", "episodes"),
              ElementsAre(R"([{"byte_end":13,"byte_start":0,"derived_from_event_ids":["evt_1"],)"
                          R"("max_source_authority":"derived"}])"));
  EXPECT_THAT(all("summary_spans_json", "memories"),
              ElementsAre(R"([{"byte_end":13,"byte_start":0,"derived_from_event_ids":["evt_1"],)"
                          R"("max_source_authority":"derived"}])",
                          "[]"));
  EXPECT_THAT(all("cross_session_use_count + validation_epoch", "memories"), ElementsAre("0", "0"));
}

TEST_F(V2BackfillTest, WhatIsThere_IsKept) {
  exec("UPDATE memories SET validation_epoch = 7, summary_spans_json = '[{}]'");
  exec("UPDATE events SET source_attestation_json = '{\"state\":\"missing\"}'");
  ASSERT_TRUE(backfill_v2(db_, {}).ok());
  EXPECT_THAT(all("validation_epoch", "memories"), ElementsAre("7", "7"));
  EXPECT_THAT(all("summary_spans_json", "memories"), ElementsAre("[{}]", "[{}]"));
  EXPECT_THAT(all("source_attestation_json", "events"), ElementsAre(R"({"state":"missing"})"));
  EXPECT_EQ(backfill_v2(db_, {})->other_rows, 0U);
}

}  // namespace
}  // namespace cortex::store
