#include "bundle/shelf.h"

#include "bundle/deployment_fixture.h"
#include "bundle/increment_make.h"

namespace cortex::bundle {
namespace {

Timestamp at(std::string_view text) { return *parse_strict_rfc3339(text); }

ShelvedBundle bundle(std::string name, std::string_view time) {
  ShelvedBundle out;
  out.name = std::move(name);
  out.made_at = at(time);
  out.manifest_blake3 = cat("blake3:", out.name);
  return out;
}

TEST(Retention, OfEachPeriodTheNewestCounts) {
  const std::vector<ShelvedBundle> bundles = {
      bundle("g", "2026-03-02T10:00:00Z"),  // Monday
      bundle("f", "2026-03-02T09:00:00Z"), bundle("e", "2026-03-01T10:00:00Z"),
      bundle("d", "2026-02-25T10:00:00Z"), bundle("c", "2026-02-24T10:00:00Z"),
      bundle("b", "2026-01-10T10:00:00Z"), bundle("a", "2025-01-10T10:00:00Z")};
  const auto names = [&](const Retention& retention) {
    std::string out;
    const auto reasons = kept_by(bundles, retention);
    for (std::size_t i = 0; i < bundles.size(); ++i) {
      if (!reasons[i].empty()) out += bundles[i].name;
    }
    return out;
  };
  EXPECT_EQ(names({.last = 2}), "gf");
  EXPECT_EQ(names({.daily = 3}), "ged");
  EXPECT_EQ(names({.weekly = 2}), "ge");
  EXPECT_EQ(names({.monthly = 3}), "gdb");
  EXPECT_EQ(names({.yearly = 5}), "ga");
  EXPECT_EQ(names({.last = 1, .weekly = 3}), "geb");
  EXPECT_EQ(names({}), "");
}

TEST(Retention, WhatIsBrokenCountsForNothingAndStays) {
  std::vector<ShelvedBundle> bundles = {bundle("b", "2026-03-02T10:00:00Z"),
                                        bundle("a", "2026-03-01T10:00:00Z")};
  bundles[0].problem = "`cortex.db` is missing";
  const auto reasons = kept_by(bundles, {.last = 1});
  EXPECT_EQ(reasons[0], std::vector<std::string>{"not a complete bundle"});
  EXPECT_EQ(reasons[1], std::vector<std::string>{"last"});
}

TEST(Retention, WhatAKeptIncrementNeedsIsKept) {
  std::vector<ShelvedBundle> bundles = {
      bundle("d", "2026-03-04T10:00:00Z"), bundle("c", "2026-03-03T10:00:00Z"),
      bundle("b", "2026-03-02T10:00:00Z"), bundle("a", "2026-03-01T10:00:00Z")};
  bundles[0].parent_blake3 = "blake3:b";
  bundles[2].parent_blake3 = "blake3:a";
  auto reasons = kept_by(bundles, {.last = 1});
  keep_parents(bundles, reasons);
  EXPECT_TRUE(reasons[1].empty());
  EXPECT_EQ(reasons[2], std::vector<std::string>{"parent of d"});
  EXPECT_EQ(reasons[3], std::vector<std::string>{"parent of b"});
}

class ShelfTest : public DeploymentTest {
 protected:
  // A bundle of the deployment in the shelf, made on that day.
  void add(const std::string& name, std::string_view time) {
    clock_.time = at(time);
    out_ = fs::join(shelf_, name);
    ASSERT_TRUE(back_up().ok());
  }
  std::string shelf_ = folder_ / "shelf";
};

TEST_F(ShelfTest, BundlesAreListedNewestFirst_WithWhatIsWrong) {
  fill(2);
  add("b", "2026-03-01T10:00:00Z");
  add("a", "2026-03-02T10:00:00Z");
  put(fs::join(shelf_, "b.drills.jsonl"),
      "{\"outcome\":\"failed\",\"drilled_at\":\"x\"}\n{\"outcome\":\"passed\",\"drilled_at\":\"y\"}"
      "\n{");
  put(fs::join(shelf_, "a/events.jsonl"), "");
  ASSERT_TRUE(fs_.make_directory(fs::join(shelf_, "other"), 0700).ok());
  const auto bundles = list_bundles(fs_, shelf_);
  ASSERT_TRUE(bundles.ok());
  ASSERT_EQ(bundles->size(), 2U);
  EXPECT_EQ((*bundles)[0].name, "a");
  EXPECT_NE((*bundles)[0].problem.find("events.jsonl"), std::string::npos);
  EXPECT_EQ((*bundles)[1].problem, "");
  EXPECT_EQ((*bundles)[1].ledger_rows, 2U);
  EXPECT_EQ((*bundles)[1].last_drill, "passed at y");
}

TEST_F(ShelfTest, WhatIsNoPartOfABundleIsAProblemOfIt) {
  fill(1);
  add("a", "2026-03-01T10:00:00Z");
  put(fs::join(shelf_, "a/notes.txt"), "mine");
  const auto bundles = list_bundles(fs_, shelf_);
  ASSERT_TRUE(bundles.ok());
  EXPECT_NE((*bundles)[0].problem.find("\"notes.txt\""), std::string::npos);
}

TEST_F(ShelfTest, ABundleThatCannotBeReadHasNoTimeAndNoRows) {
  ASSERT_TRUE(fs_.make_directories(fs::join(shelf_, "a"), 0700).ok());
  put(fs::join(shelf_, "a/BACKUP_MANIFEST"), "{}");
  const auto bundles = list_bundles(fs_, shelf_);
  ASSERT_TRUE(bundles.ok());
  EXPECT_NE((*bundles)[0].problem, "");
  EXPECT_FALSE((*bundles)[0].made_at.has_value());
  EXPECT_FALSE((*bundles)[0].ledger_rows.has_value());
}

TEST_F(ShelfTest, WhatContinuesABundleThatIsNotThereIsNotComplete) {
  fill(1);
  add("full", "2026-03-01T10:00:00Z");
  for (const auto& [name, parent] : {std::pair{"one", "full"}, {"two", "one"}}) {
    append(name == std::string("one") ? 2 : 3, 1);
    mirror();
    ASSERT_TRUE(make_increment(fs_,
                               {.db_path = db_,
                                .event_log_path = log_,
                                .parent = fs::join(shelf_, parent),
                                .output = fs::join(shelf_, name),
                                .work_dir = live_},
                               clock_, random_)
                    .ok());
  }
  const auto problems = [&] {
    std::vector<std::string> out;
    for (const ShelvedBundle& bundle : list_bundles(fs_, shelf_).value()) {
      out.push_back(bundle.problem);
    }
    return out;
  };
  EXPECT_EQ(problems(), (std::vector<std::string>{"", "", ""}));
  ASSERT_TRUE(fs::remove_tree(fs_, fs::join(shelf_, "full")).ok());
  EXPECT_EQ(problems(), (std::vector<std::string>{
                            "the bundle \"one\" that it continues lacks one that it continues",
                            "the bundle \"full\" that it continues is not beside it"}));
}

TEST_F(ShelfTest, RemovingTakesWhatLiesBesideAndNothingElse) {
  fill(1);
  add("a", "2026-03-01T10:00:00Z");
  add("ab", "2026-03-02T10:00:00Z");
  put(fs::join(shelf_, "a.blocks"), "");
  put(fs::join(shelf_, "ab.blocks"), "");
  const auto bundles = list_bundles(fs_, shelf_);
  ASSERT_TRUE(remove_bundle(fs_, (*bundles)[1], clock_, random_).ok());
  EXPECT_EQ(names_in(shelf_), (std::vector<std::string>{"ab", "ab.blocks"}));
  ASSERT_TRUE(
      fs_.make_directory(fs::join(shelf_, ".a.pruned.01M8N6P3T8WMDDNNW6B8D46J8A"), 0700).ok());
  ASSERT_TRUE(
      fs_.make_directory(fs::join(shelf_, ".b.staging.01M8N6P3T8WMDDNNW6B8D46J8A"), 0700).ok());
  ASSERT_TRUE(fs_.make_directory(fs::join(shelf_, ".a.pruned.x"), 0700).ok());
  remove_half_pruned(fs_, shelf_);
  EXPECT_EQ(names_in(shelf_), (std::vector<std::string>{".a.pruned.x", "ab", "ab.blocks"}));
}

}  // namespace
}  // namespace cortex::bundle
