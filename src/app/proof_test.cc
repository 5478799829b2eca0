#include "app/proof.h"

#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/ingest.h"
#include "app/init.h"
#include "app/open_store.h"
#include "base/limits.h"
#include "ledger/signed_fixture.h"

namespace cortex::app {
namespace {

using trust::ProofState;

constexpr const char* kMemory = "mem_01JH000000000000000000000A";

class ProofTest : public AppTest {
 protected:
  // Three events, and a memory that rests on the second.
  void remember(std::uint64_t first = 1) {
    ASSERT_TRUE(init(services_, layout_, false).ok());
    ASSERT_TRUE(ingest(services_, {.session = session(first, 3), .layout = layout_}).ok());
    sqlite::Connection db = connect();
    const std::string event = id_of(first + 1);
    ASSERT_TRUE(
        db.exec(cat("INSERT INTO memories (id, memory_type, status, claim, source_episodes_json, "
                    "source_events_json, domains_json, salience_json, confidence, authority, "
                    "applies_when_json, does_not_apply_when_json, created_at, updated_at) VALUES "
                    "('",
                    kMemory, "', 'semantic', 'active', 'c', '[]', '[\"", event,
                    "\"]', '[]', '{}', 0.5, 'user', 'null', 'null', '2026-01-01T00:00:00+00:00', "
                    "'2026-01-01T00:00:00+00:00')"))
            .ok());
  }
  // The key of byte 7 is an operator's, and signs from here on.
  void begin_signing() {
    put(folder_ / "k.seed", std::string(32, '\x07'));
    layout_.signing_seed = folder_ / "k.seed";
    ASSERT_TRUE(open_store(services_, layout_).ok());
    exec(cat(
        "INSERT INTO authority_principal_timeline(principal_id, trust_tier, effective_at)"
        " VALUES('op', 'operator', '2020-01-01T00:00:00+00:00');"
        "INSERT INTO authority_key_timeline(key_id, principal_id, state, effective_at) VALUES('",
        ledger::test_key(7).key_id(), "', 'op', 'active', '2020-01-01T00:00:00+00:00')"));
  }
  ProofState state(ProofReach reach = ProofReach::kLedger) {
    const auto report = prove_memory(services_, layout_, kMemory, reach);
    EXPECT_TRUE(report.ok()) << report.error().text();
    return report->closure.state();
  }
};

TEST_F(ProofTest, AWholeChainToTheStartOfTheLedger) {
  remember();
  EXPECT_EQ(state(), ProofState::kFullChainVerified);
  const json::Value report =
      to_json(prove_memory(services_, layout_, kMemory, ProofReach::kLedger).value());
  EXPECT_EQ(*report.find("claim_ceiling")->as_string(), "local_unsigned");
  EXPECT_EQ(report.find("verified_edges")->as_array()->size(), 3U);
}

TEST_F(ProofTest, TheLedgerHasTheLastWord) {
  remember();
  std::string text = get(layout_.event_log_path);
  text[text.find("\"payload\":{") + 12] ^= 1;  // the first row, which is before the event
  put(layout_.event_log_path, text);
  EXPECT_EQ(state(ProofReach::kHashes), ProofState::kFullChainVerified);
  EXPECT_EQ(state(), ProofState::kBroken);
}

TEST_F(ProofTest, AnEventThatTheLedgerLacksIsMissing) {
  remember();
  put(layout_.event_log_path, "");
  EXPECT_EQ(state(), ProofState::kPartial);
}

TEST_F(ProofTest, ASignedRowIsAsGoodAsItsSignature) {
  ASSERT_TRUE(init(services_, layout_, false).ok());
  begin_signing();
  remember();
  const auto edges = [this](std::string_view member) {
    const json::Value report =
        to_json(prove_memory(services_, layout_, kMemory, ProofReach::kLedger).value());
    std::string kinds;
    for (const json::Value& edge : *report.find(member)->as_array()) {
      if (*edge.find_text("kind") == "signature") kinds += *edge.find_text("from_ref");
    }
    return kinds;
  };
  EXPECT_EQ(state(), ProofState::kFullChainVerified);
  EXPECT_EQ(edges("verified_edges"), ledger::test_key(7).key_id());
  std::string text = get(layout_.event_log_path);
  const std::size_t second = text.find('\n') + 1;
  const std::string_view member = "\"bytes\":\"";
  const std::size_t at = text.find(member, second);
  ASSERT_NE(at, std::string::npos) << text.substr(second, 900);
  text[at + member.size()] = text[at + member.size()] == 'A' ? 'B' : 'A';
  put(layout_.event_log_path, text);
  EXPECT_EQ(state(), ProofState::kBroken);
  EXPECT_EQ(edges("failing_edges"), ledger::test_key(7).key_id());
}

// Rows from before anybody signed are no faults, however many there are.
TEST_F(ProofTest, ManyUnsignedRowsBefore_HideNoSignature) {
  ASSERT_TRUE(init(services_, layout_, false).ok());
  const std::uint64_t count = limits::kFailuresShownMax + 1;
  ASSERT_TRUE(ingest(services_, {.session = session(1, count), .layout = layout_}).ok());
  begin_signing();
  remember(count + 1);
  EXPECT_EQ(state(), ProofState::kFullChainVerified);
}

TEST_F(ProofTest, IdsAreReadInEitherCaseAndNothingElse) {
  remember();
  const auto report =
      prove_memory(services_, layout_, "mem_01jh000000000000000000000a", ProofReach::kHashes);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->memory_id, kMemory);
  EXPECT_EQ(prove_memory(services_, layout_, "evt_01JH000000000000000000000A", ProofReach::kRows)
                .error()
                .code,
            Code::kUsage);
}

}  // namespace
}  // namespace cortex::app
