#include "bundle/snapshot.h"

#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

class SnapshotTest : public DeploymentTest {
 protected:
  void insert_memory(std::string_view id, std::string_view status, std::string_view salience,
                     std::string_view authority = "user", std::string_view type = "strategic") {
    exec(
        cat("INSERT INTO memories (id, memory_type, status, claim, source_episodes_json,"
            " source_events_json, domains_json, salience_json, confidence, authority,"
            " applies_when_json, does_not_apply_when_json, created_at, updated_at) VALUES ('",
            id, "', '", type, "', '", status, "', 'c', '[]', '[]', '[]', '", salience, "', 0.5, '",
            authority, "', '[]', '[]', 'now', 'now')"));
  }
  Result<Snapshot> take() { return snapshot_of_store(fs_, db_); }
  Result<Snapshot> read(std::string_view text) {
    put(folder_ / "snapshot.json", text);
    return read_snapshot_file(fs_, folder_ / "snapshot.json", "current");
  }
};

TEST_F(SnapshotTest, OnlyActiveMemoriesCount_SalienceIsRoundedAwayFromZero) {
  fill(1);
  insert_memory("mem_1", "active", R"({"score":0.895})", "operator");
  insert_memory("mem_2", "active", R"({"score":-3})", "derived", "operator_note");
  insert_memory("mem_3", "active", R"({"score":7})", "other");
  insert_memory("mem_4", "active", "[]");
  insert_memory("mem_5", "candidate", R"({"score":1e999})");
  const auto snapshot = take();
  ASSERT_TRUE(snapshot.ok()) << snapshot.error().text();
  ASSERT_EQ(snapshot->memories.size(), 4U);
  EXPECT_EQ(snapshot->memories.at("mem_1").salience, 90U);
  EXPECT_EQ(snapshot->memories.at("mem_1").truth_state, TruthState::kValidated);
  EXPECT_EQ(snapshot->memories.at("mem_2").salience, 0U);
  EXPECT_EQ(snapshot->memories.at("mem_2").memory_type, MemoryType::kSemantic);
  EXPECT_EQ(snapshot->memories.at("mem_3").truth_state, TruthState::kUnknown);
  EXPECT_EQ(snapshot->memories.at("mem_3").salience, 100U);
  EXPECT_EQ(snapshot->salience, (SalienceDistribution{2, 0, 0, 2}));
  EXPECT_EQ(snapshot->schema_version, 2U);
}

TEST_F(SnapshotTest, ANumberThatOverflowsIsAnError_NotZero) {
  fill(1);
  insert_memory("mem_1", "active", "{}");
  exec(R"(UPDATE memories SET salience_json = '{"score":1e999}')");
  EXPECT_EQ(code_of(take()), Code::kPrecondition);
}

TEST_F(SnapshotTest, OfSeveralKeyStatesAtOnceRevokedWins) {
  fill(1);
  exec(
      "INSERT INTO authority_key_timeline VALUES ('k', 'p', 'active', '2026-01-01', NULL, NULL),"
      " ('k', 'p', 'revoked', '2026-01-02', NULL, NULL),"
      " ('k', 'q', 'active', '2026-01-02', NULL, NULL)");
  const auto snapshot = take();
  ASSERT_TRUE(snapshot.ok());
  EXPECT_EQ(snapshot->keys.at("k").key_state, KeyState::kRevoked);
  EXPECT_EQ(snapshot->principals.at("p").key_ids.count("k"), 1U);
  EXPECT_EQ(snapshot->principals.at("q").key_ids.count("k"), 1U);
  EXPECT_EQ(snapshot->principals.at("p").trust_tier, TrustTier::kUntrusted);
}

TEST_F(SnapshotTest, LookingLeavesNothingBeside) {
  fill(2);
  const FolderState before = state_of(live_);
  ASSERT_TRUE(take().ok());
  EXPECT_EQ(state_of(live_), before);
}

TEST_F(SnapshotTest, WhatIsPrintedReadsBackAsTheSame) {
  fill(1);
  insert_memory("mem_1", "active", R"({"score":0.5})");
  const Snapshot snapshot = take().value();
  const std::string text = json::write_pretty(to_json(snapshot));
  const auto again = read(text);
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(json::write_pretty(to_json(*again)), text);
}

TEST_F(SnapshotTest, AMissingFileIsAPrecondition_AnotherDocumentIsQuarantined) {
  EXPECT_EQ(code_of(read_snapshot_file(fs_, folder_ / "none", "current")), Code::kPrecondition);
  EXPECT_TRUE(read("{}").ok());
  for (const char* text :
       {"", "null", "{} x", R"({"active_memories":{"m":{}}})",
        R"({"truth_ceiling":{"runtime_mode":"other"}})", R"({"schema_version":70000})"}) {
    EXPECT_EQ(code_of(read(text)), Code::kQuarantined) << text;
  }
}

TEST_F(SnapshotTest, AStoreWithoutItsTablesIsASchemaFailure) {
  EXPECT_EQ(code_of(take()), Code::kSchema);
  put(db_, "no database at all");
  EXPECT_EQ(code_of(take()), Code::kPrecondition);
}

}  // namespace
}  // namespace cortex::bundle
