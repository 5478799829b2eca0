#include "bundle/semantic_diff.h"

#include <gtest/gtest.h>

namespace cortex::bundle {
namespace {

Snapshot with_memory(TruthState truth, std::string claim = "c") {
  Snapshot out;
  out.memories["m"] = {.claim = std::move(claim),
                       .memory_type = MemoryType::kSemantic,
                       .claim_key = std::nullopt,
                       .truth_state = truth,
                       .salience = 1};
  return out;
}

std::string only_kind(const SemanticDiff& diff) {
  return diff.changes.size() == 1 ? diff.changes.front().kind : std::string();
}

TEST(SemanticDiff, TheSameIsClean) {
  const Snapshot one = with_memory(TruthState::kActive);
  const SemanticDiff diff = compare_snapshots(one, one, false);
  EXPECT_TRUE(diff.changes.empty());
  EXPECT_TRUE(diff.allows());
  EXPECT_EQ(json::write_compact(decision_json(diff)), "\"clean\"");
}

TEST(SemanticDiff, ALostMemoryBlocks_AnAcknowledgementLetsItPass) {
  const Snapshot one = with_memory(TruthState::kActive);
  const SemanticDiff blocked = compare_snapshots(one, Snapshot{}, false);
  EXPECT_EQ(only_kind(blocked), "active_memory_missing");
  EXPECT_FALSE(blocked.allows());
  EXPECT_TRUE(diff_policy(blocked).blocked());
  EXPECT_TRUE(compare_snapshots(one, Snapshot{}, true).allows());
  const SemanticDiff gained = compare_snapshots(Snapshot{}, one, false);
  EXPECT_EQ(only_kind(gained), "active_memory_added");
  EXPECT_TRUE(gained.allows());
}

TEST(SemanticDiff, ALowerTruthBlocks_AHigherOneWarns) {
  const Snapshot low = with_memory(TruthState::kActive);
  const Snapshot high = with_memory(TruthState::kValidated);
  EXPECT_EQ(only_kind(compare_snapshots(high, low, false)), "truth_state_downgraded");
  EXPECT_EQ(only_kind(compare_snapshots(low, high, false)), "active_memory_changed");
  EXPECT_EQ(only_kind(compare_snapshots(low, with_memory(TruthState::kActive, "d"), false)),
            "active_memory_changed");
}

TEST(SemanticDiff, AKeyThatComesBackToLifeBlocks) {
  Snapshot now;
  now.keys["k"] = {"p", KeyState::kRevoked};
  Snapshot then = now;
  then.keys["k"].key_state = KeyState::kActive;
  EXPECT_EQ(only_kind(compare_snapshots(now, then, false)), "key_reactivated");
  EXPECT_FALSE(compare_snapshots(now, then, false).allows());
  EXPECT_EQ(only_kind(compare_snapshots(then, now, false)), "key_state_downgraded");
  then.keys["k"] = {"q", KeyState::kRevoked};
  EXPECT_EQ(only_kind(compare_snapshots(now, then, false)), "key_principal_changed");
}

TEST(SemanticDiff, ARisingRuntimeModeIsNoChange) {
  Snapshot now;
  Snapshot then;
  then.runtime_mode = SnapshotMode::kAuthorityGrade;
  EXPECT_TRUE(compare_snapshots(now, then, false).changes.empty());
  EXPECT_EQ(only_kind(compare_snapshots(then, now, false)), "runtime_mode_downgraded");
}

}  // namespace
}  // namespace cortex::bundle
