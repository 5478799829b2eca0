#include "store/lineage_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/chain.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using trust::ProofState;

constexpr const char* kEventOne = "evt_01JH00000000000000000000C1";
constexpr const char* kEventTwo = "evt_01JH00000000000000000000C2";

std::string memory_id(int n) { return cat("mem_01JH0000000000000000000", 100 + n); }

class LineageProofTest : public StoreTest {
 protected:
  LineageProofTest() { migrate(); }

  std::string event(const std::string& id, const std::optional<std::string>& prev,
                    const std::string& payload = "{}") {
    const std::string payload_hash = crypto::blake3_hex(payload);
    const std::string hash = ledger::event_hash(prev, payload_hash);
    exec(
        cat("INSERT INTO events (id, schema_version, observed_at, recorded_at, source_json, "
            "event_type, domain_tags_json, payload_json, payload_hash, prev_event_hash, "
            "event_hash) VALUES ('",
            id, "', 2, 'now', 'now', '{}', 'cortex.event.system_note.v1', '[]', '", payload, "', '",
            payload_hash, "', ", prev ? cat("'", *prev, "'") : "NULL", ", '", hash, "')"));
    return hash;
  }
  void memory(int n, const std::string& events, const std::string& episodes = "[]",
              const std::string& type = "semantic") {
    exec(
        cat("INSERT INTO memories (id, memory_type, status, claim, source_episodes_json, "
            "source_events_json, domains_json, salience_json, confidence, authority, "
            "applies_when_json, does_not_apply_when_json, created_at, updated_at) VALUES ('",
            memory_id(n), "', '", type, "', 'active', 'c', '", episodes, "', '", events,
            "', '[]', '{}', 0.5, 'user', 'null', 'null', 't', 't')"));
  }
  LineageProof prove(int n, ProofDepth depth = ProofDepth::kHashes) {
    const std::array<std::string, 1> ids{memory_id(n)};
    return prove_lineages(db_, ids, depth).value().front();
  }
  static std::string in_array(const std::string& id) { return cat("[\"", id, "\"]"); }
};

TEST_F(LineageProofTest, LinksAndPredecessorsAreEdges) {
  const std::string one = event(kEventOne, std::nullopt);
  const std::string two = event(kEventTwo, one);
  memory(1, in_array(kEventTwo));
  const LineageProof proof = prove(1);
  EXPECT_TRUE(proof.usable());
  ASSERT_EQ(proof.closure.verified.size(), 2U);
  EXPECT_EQ(proof.closure.verified[0].evidence_ref, two);
  EXPECT_EQ(proof.closure.verified[1].from_ref, kEventOne);
  EXPECT_THAT(proof.event_ids, testing::ElementsAre(kEventTwo));
}

TEST_F(LineageProofTest, AChangedPayloadBreaksTheProofAtAnyDepth) {
  event(kEventOne, std::nullopt);
  memory(1, in_array(kEventOne));
  exec("UPDATE events SET payload_json = '{\"x\":1}'");
  EXPECT_EQ(prove(1).closure.state(), ProofState::kBroken);
  EXPECT_EQ(prove(1, ProofDepth::kRows).closure.state(), ProofState::kBroken);
}

TEST_F(LineageProofTest, InventedHashesPassOnlyAsTheReferenceSeesThem) {
  event(kEventOne, std::nullopt);
  memory(1, in_array(kEventOne));
  exec("UPDATE events SET payload_hash = 'invented-1', event_hash = 'invented-2'");
  EXPECT_EQ(prove(1, ProofDepth::kRows).closure.state(), ProofState::kFullChainVerified);
  EXPECT_EQ(prove(1).closure.state(), ProofState::kBroken);
  exec("UPDATE events SET payload_hash = '', event_hash = ''");
  EXPECT_EQ(prove(1).closure.state(), ProofState::kBroken);
}

TEST_F(LineageProofTest, GapsArePartialAndContradictionsBroken) {
  event(kEventOne, cat(std::string(64, 'a')));
  memory(1, in_array(kEventOne));  // the event before it is missing
  memory(2, in_array(kEventTwo));  // the event is missing
  memory(3, "[]");                 // nothing behind it
  memory(4, "{}");
  memory(5, "[1]");
  memory(6, "[\"nope\"]");
  memory(7, "[]", "[\"epi_01JH00000000000000000000C1\"]");
  for (const int n : {1, 2, 3, 7}) EXPECT_EQ(prove(n).closure.state(), ProofState::kPartial) << n;
  for (const int n : {4, 5, 6}) EXPECT_EQ(prove(n).closure.state(), ProofState::kBroken) << n;
  EXPECT_EQ(prove(99).closure.state(), ProofState::kPartial);
}

TEST_F(LineageProofTest, UndecodableColumnsCostOneMemoryItsProof) {
  event(kEventOne, std::nullopt);
  memory(1, in_array(kEventOne));
  memory(2, in_array(kEventOne));
  exec("PRAGMA ignore_check_constraints = 1");
  exec(cat("UPDATE memories SET source_events_json = '{bad' WHERE id = '", memory_id(2), "'"));
  EXPECT_TRUE(prove(1).usable());
  EXPECT_EQ(prove(2).closure.state(), ProofState::kBroken);
}

TEST_F(LineageProofTest, AnUnknownEventTypeIsNamed) {
  event(kEventOne, std::nullopt);
  memory(1, in_array(kEventOne));
  exec("UPDATE events SET event_type = 'other'");
  EXPECT_NE(prove(1).undecodable, "");
  EXPECT_EQ(prove(1).closure.state(), ProofState::kBroken);
}

TEST_F(LineageProofTest, SummariesRestOnTheMemoriesTheyWereMadeFrom) {
  event(kEventOne, std::nullopt);
  memory(1, in_array(kEventOne));
  memory(2, "[]", "[]", "operator_note");
  memory(3, "[]", cat("[\"", memory_id(1), "\",\"", memory_id(2), "\"]"), "summary");
  EXPECT_TRUE(prove(3).usable());
  exec("UPDATE events SET payload_json = '[]'");
  EXPECT_EQ(prove(3).closure.state(), ProofState::kBroken);
}

TEST_F(LineageProofTest, ALineageInACircleIsBrokenAndADeepOneUnresolved) {
  memory(1, "[]", in_array(memory_id(2)));
  memory(2, "[]", in_array(memory_id(1)));
  EXPECT_EQ(prove(1).closure.state(), ProofState::kBroken);
  constexpr int kDeep = kLineageDepthMax + 8;
  for (int n = 10; n < 10 + kDeep; ++n) memory(n, "[]", in_array(memory_id(n + 1)));
  EXPECT_EQ(prove(10).closure.state(), ProofState::kPartial);
}

}  // namespace
}  // namespace cortex::store
