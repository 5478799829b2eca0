#include "app/operator_pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/ingest.h"
#include "app/keys.h"
#include "app/pack_sources.h"
#include "app/stored_memories_fixture.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;
using testing::Not;

class OperatorPackTest : public StoredMemoriesTest {
 protected:
  void SetUp() override {
    StoredMemoriesTest::SetUp();
    std::vector<core::Event> events;
    for (std::uint64_t n = 1; n <= 3; ++n) {
      events.push_back(event(n));
      events.back().payload = cat("{\"text\":\"said in event ", n, "\"}");
    }
    events[1].domain_tags = {"sensitivity:high"};
    ASSERT_TRUE(ingest(services_, {.layout = layout_, .text = session_of(events)}).ok());
    put_memory(1, "boil the water first", "[]", "semantic");
    exec(cat("UPDATE memories SET source_events_json = '[\"", id_of(1), "\",\"", id_of(2), "\",\"",
             id_of(3), "\"]'"));
    put_memory(2, "lives in Ulm", "[\"sensitivity:medium\"]", "operator_note");
    put_memory(3, "the safe is behind the clock", "[\"sensitivity:high\"]", "operator_note");
    register_key("anna", "operator");
  }
  void register_key(const std::string& name, const std::string& tier) {
    RegisterKeyRequest request{.change = {.layout = layout_}, .principal_id = name, .tier = tier};
    const auto made = generate_key(services_, request, folder_ / cat(name, ".seed"));
    ASSERT_TRUE(made.ok()) << made.error().text();
  }
  ContextRequest request(bool raw) {
    return {.task = "water",
            .for_operator = true,
            .raw_payloads = raw,
            .attestation_path = folder_ / "anna.seed"};
  }
  Result<ContextReport> build(const ContextRequest& request) {
    return build_context(services_, layout_, {}, request);
  }
  std::string printed(const ContextRequest& request) {
    const auto report = build(request);
    EXPECT_TRUE(report.ok()) << report.error().text();
    return report.ok() ? json::write_compact(report->pack) : std::string();
  }
  Error refused(const ContextRequest& request) {
    const auto report = build(request);
    EXPECT_FALSE(report.ok());
    return report.ok() ? Error{} : report.error();
  }
};

TEST_F(OperatorPackTest, PayloadsStandBesideTheirMemory_SecretOnesNever) {
  const std::string pack = printed(request(true));
  EXPECT_THAT(pack, HasSubstr(R"("pack_mode":"operator")"));
  EXPECT_THAT(pack, HasSubstr(R"("policy_id":"context_pack.operator.raw_payload_opt_in")"));
  EXPECT_THAT(pack, HasSubstr(R"("payload":{"text":"said in event 1"})"));
  EXPECT_THAT(pack, HasSubstr("said in event 3"));
  EXPECT_THAT(pack, Not(HasSubstr("said in event 2")));
  EXPECT_THAT(pack, HasSubstr(id_of(2))) << "what is left out is named";
  EXPECT_THAT(pack, HasSubstr("lives in Ulm"));
  EXPECT_THAT(pack, Not(HasSubstr("behind the clock")));
  EXPECT_THAT(pack, HasSubstr(memory_id(3)));
  EXPECT_THAT(pack, Not(HasSubstr("redacted_default_policy")));
}

TEST_F(OperatorPackTest, MarksCountInAnyCaseInTagsAndInPayloads) {
  exec(cat("UPDATE events SET domain_tags_json = '[\" Sensitivity: HIGH \"]' WHERE id = '",
           id_of(1), "'"));
  exec(cat(R"(UPDATE events SET payload_json = '{"text":"\u005bSens:High] said in event 3"}')",
           " WHERE id = '", id_of(3), "'"));
  exec(cat("UPDATE memories SET domains_json = '[\"Sensitivity:High\"]' WHERE id = '", memory_id(2),
           "'"));
  // Rows that are not those of the ledger prove nothing: the payloads are what is looked at.
  sqlite::Connection db = connect();
  const auto payloads = raw_payloads(db, {id_of(1), id_of(2), id_of(3)});
  ASSERT_TRUE(payloads.ok()) << payloads.error().message;
  ASSERT_EQ(payloads->size(), 3U);
  for (const auto& [id, payload] : *payloads) {
    EXPECT_EQ(payload.sensitivity, context::Sensitivity::kSecret) << id;
  }
  EXPECT_THAT(printed(request(true)), Not(HasSubstr("Ulm")));
}

TEST_F(OperatorPackTest, WithoutTheOptInItIsRedactedAsAnExternalOne) {
  const std::string pack = printed(request(false));
  EXPECT_THAT(pack, HasSubstr(R"("raw_event_payloads":"excluded")"));
  EXPECT_THAT(pack, Not(HasSubstr("said in event")));
  EXPECT_THAT(pack, HasSubstr("lives in Ulm"));
  const std::string external = printed({.task = "water"});
  EXPECT_THAT(external, Not(HasSubstr("Ulm")));
  EXPECT_THAT(external, Not(HasSubstr(memory_id(2)))) << "nor is it named";
}

TEST_F(OperatorPackTest, NamesTheOtherSideOfAContradiction_AnExternalOneOnlyWhatItMayName) {
  exec(cat("INSERT INTO contradictions VALUES ('con_1', '", memory_id(1), "', '", memory_id(3),
           "', 't', 'unresolved', NULL, 'now', 'now')"));
  EXPECT_THAT(printed(request(false)), HasSubstr(cat("con_1 with ", memory_id(3))));
  const std::string external = printed({.task = "water"});
  EXPECT_THAT(external, HasSubstr("con_1"));
  EXPECT_THAT(external, Not(HasSubstr(memory_id(3))));
}

TEST_F(OperatorPackTest, OnlyTheKeyOfAnOperatorOpensOne) {
  register_key("bert", "verified");
  ContextRequest asked = request(true);
  asked.attestation_path = folder_ / "bert.seed";
  EXPECT_EQ(refused(asked).token, kOperatorNotAttested);
  put(folder_ / "stranger.seed", std::string(32, '\x05'));
  asked.attestation_path = folder_ / "stranger.seed";
  EXPECT_EQ(refused(asked).token, kOperatorNotAttested);
  EXPECT_EQ(count("context_packs"), 0);
}

TEST_F(OperatorPackTest, FlagsThatDoNotGoTogetherAreRefused) {
  ContextRequest external{.task = "water", .raw_payloads = true};
  EXPECT_EQ(refused(external).token, kExternalRawPayload);
  external = {.task = "water", .attestation_path = folder_ / "anna.seed"};
  EXPECT_EQ(refused(external).code, Code::kUsage);
  ContextRequest alone = request(true);
  alone.attestation_path.reset();
  EXPECT_EQ(refused(alone).token, kOperatorNotAttested);
  for (const auto spoil : {+[](ContextRequest& r) { r.persist = false; },
                           +[](ContextRequest& r) { r.compatible = true; },
                           +[](ContextRequest& r) { r.as_of = "2030-01-01T00:00:00Z"; }}) {
    ContextRequest spoilt = request(true);
    spoil(spoilt);
    EXPECT_EQ(refused(spoilt).code, Code::kUsage);
  }
}

TEST_F(OperatorPackTest, TheLedgerKeepsWhoAskedAndNoPayload) {
  const auto report = build(request(true));
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->persisted);
  const std::string ledger = get(layout_.event_log_path);
  const std::string row = ledger.substr(ledger.rfind('\n', ledger.size() - 2) + 1);
  EXPECT_THAT(row, HasSubstr("raw_event_ids"));
  EXPECT_THAT(row, HasSubstr("signature"));
  EXPECT_THAT(row, Not(HasSubstr("said in event")));
  sqlite::Connection db = connect();
  EXPECT_THAT(db.query_text("SELECT consumer_advisory_json FROM context_packs").value(),
              HasSubstr("untrusted_execution"));
}

TEST_F(OperatorPackTest, PayloadsGiveWayBeforeTheirMemory) {
  ContextRequest asked = request(true);
  std::string pack;
  for (asked.max_tokens = 100; pack.find("boil the water first") == std::string::npos;
       asked.max_tokens += 4) {
    ASSERT_LT(asked.max_tokens, 1000U);
    pack = printed(asked);
  }
  EXPECT_THAT(pack, HasSubstr("the payload does not fit beside"));
  EXPECT_THAT(pack, Not(HasSubstr("said in event")));
}

TEST_F(OperatorPackTest, AnErasedPayloadIsLeftOut) {
  exec(
      cat("UPDATE events SET payload_json = '{\"cortex_erased\":{}}' WHERE id = '", id_of(1), "'"));
  const std::string pack = printed(request(true));
  EXPECT_THAT(pack, Not(HasSubstr("said in event 1")));
}

TEST_F(OperatorPackTest, SummariesAreTakenPartByPart) {
  exec(cat("UPDATE memories SET claim = 'boil water, then tea', summary_spans_json = '",
           R"([{"byte_start":0,"byte_end":11,"derived_from_event_ids":[")", id_of(1),
           R"("],"max_source_authority":"derived"},)",
           R"({"byte_start":12,"byte_end":20,"derived_from_event_ids":["evt_none"],)",
           R"("max_source_authority":"derived"}]' WHERE id = ')", memory_id(1), "'"));
  const std::string pack = printed({.task = "water", .by_span = true});
  EXPECT_THAT(pack, HasSubstr(R"("summary":"boil water,")"));
  EXPECT_THAT(pack, HasSubstr(cat(R"("span":{"byte_end":11,"byte_start":0,)",
                                  R"("derived_from_event_ids":[")", id_of(1), "\"]")));
  EXPECT_THAT(pack, Not(HasSubstr("then tea")));
  EXPECT_THAT(pack, HasSubstr("the span from byte 12 names events"));
  EXPECT_THAT(printed({.task = "water"}), HasSubstr("boil water, then tea"));
}

}  // namespace
}  // namespace cortex::app
