#include "app/repair_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "ledger/head_file.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;

class RepairTailTest : public AppTest {
 protected:
  Result<RepairTailReport> repair(bool apply) { return repair_tail(services_, layout_, apply); }
  // Moves `tail` aside from behind `whole`.
  void expect_moved(const std::string& whole, const std::string& tail) {
    const auto report = repair(true);
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_TRUE(report->applied);
    EXPECT_EQ(report->torn->offset, whole.size());
    EXPECT_EQ(get(report->torn->evidence_path), tail);
    EXPECT_EQ(get(log_), whole);
    EXPECT_EQ(*to_json(*report).find("evidence_path")->as_string(), report->torn->evidence_path);
  }
};

TEST_F(RepairTailTest, SoundLedger_HasNothingToRepair) {
  for (const std::uint64_t rows : {std::uint64_t{0}, std::uint64_t{2}}) {
    if (rows > 0) append(1, rows);
    const FolderState before = state_of(live_);
    for (const bool apply : {false, true}) {
      const auto report = repair(apply);
      ASSERT_TRUE(report.ok()) << report.error().text();
      EXPECT_FALSE(report->torn.has_value());
      EXPECT_FALSE(report->applied);
      EXPECT_EQ(json::write_compact(to_json(*report)), "{\"torn\":false,\"applied\":false}");
    }
    EXPECT_EQ(state_of(live_), before);
  }
}

TEST_F(RepairTailTest, TornTail_IsShownAndOnlyMovedWhenAsked) {
  append(1, 2);
  const std::string whole = get(log_);
  const std::string tail = "{\"id\":\"evt_";
  put(log_, whole + tail);
  const FolderState before = state_of(live_);
  const auto look = repair(false);
  ASSERT_TRUE(look.ok()) << look.error().text();
  EXPECT_FALSE(look->applied);
  EXPECT_EQ(look->torn->size_bytes, tail.size());
  EXPECT_EQ(to_json(*look).find("evidence_path"), nullptr);
  EXPECT_EQ(state_of(live_), before);
  expect_moved(whole, tail);
  EXPECT_FALSE(repair(true)->torn.has_value());
}

TEST_F(RepairTailTest, DamageBehindTheLastAcknowledgedRow_IsMovedWithAllThatFollows) {
  append(1, 2);
  const std::string whole = get(log_);
  const std::string tail = cat("no row\n", whole);
  put(log_, whole + tail);
  const auto look = repair(false);
  ASSERT_TRUE(look.ok()) << look.error().text();
  EXPECT_THAT(look->what, HasSubstr("line 3"));
  EXPECT_EQ(look->torn->size_bytes, tail.size());
  expect_moved(whole, tail);
}

TEST_F(RepairTailTest, DamageThatMayHaveBeenAcknowledged_IsNotTouched) {
  append(1, 2);
  const std::string whole = get(log_);
  put(log_, cat(whole, "no row\n", whole));
  ASSERT_TRUE(fs_.remove_file(ledger::head_file_path(log_)).ok());
  const FolderState before = state_of(live_);
  for (const bool apply : {false, true}) {
    const auto report = repair(apply);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, Code::kChain);
    EXPECT_THAT(report.error().message, HasSubstr("acknowledged"));
    EXPECT_EQ(report.error().unchanged, "nothing was changed");
  }
  EXPECT_EQ(state_of(live_), before);
}

TEST_F(RepairTailTest, MissingLedger_IsAPreconditionAndIsNotMade) {
  ASSERT_TRUE(fs_.remove_file(log_).ok());
  EXPECT_EQ(code_of(repair(false)), Code::kPrecondition);
  EXPECT_EQ(code_of(repair(true)), Code::kPrecondition);
  EXPECT_EQ(kind_of(log_), fs::Kind::kMissing);
}

}  // namespace
}  // namespace cortex::app
