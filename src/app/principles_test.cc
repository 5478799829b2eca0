#include "app/principles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/audit.h"
#include "app/context_pack.h"
#include "app/memory_note.h"
#include "app/mirror_fixture.h"
#include "app/promotion_attestation.h"
#include "crypto/key_file.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr crypto::Seed kSeed{65};

class PrinciplesUseTest : public AppTest {
 protected:
  void SetUp() override {
    AppTest::SetUp();
    ASSERT_TRUE(crypto::write_seed(fs_, key_path_, kSeed).ok());
    int n = 0;
    for (const char* claim :
         {"logs are read first", "a rollback is rehearsed", "nobody deploys late"}) {
      const auto noted =
          note(services_, layout_, {},
               {.claim = claim, .domains = {"ops", n++ % 2 == 0 ? "audit" : "deploy"}});
      ASSERT_TRUE(noted.ok()) << noted.error().text();
    }
  }
  void know_key() {
    const std::string id = crypto::SigningKey(kSeed).key_id();
    exec(
        cat("INSERT INTO authority_principal_timeline(principal_id, trust_tier, effective_at)"
            " VALUES('op', 'operator', '2020-01-01T00:00:00+00:00');"
            "INSERT INTO authority_key_timeline(key_id, principal_id, state, effective_at)"
            " VALUES('",
            id, "', 'op', 'active', '2020-01-01T00:00:00+00:00')"));
  }
  std::string candidate() {
    const auto found = extract_principles(services_, layout_, {.persist = true});
    EXPECT_TRUE(found.ok()) << found.error().text();
    EXPECT_THAT(found->persisted, SizeIs(1));
    return found->persisted.front();
  }
  PromoteReport promote(const std::string& id) {
    const auto report = promote_principle(services_, layout_,
                                          {.principle_id = id,
                                           .force = memory::Force::kGate,
                                           .reason = "because",
                                           .attestation = key_path_});
    EXPECT_TRUE(report.ok()) << report.error().text();
    return *report;
  }
  void expect_accounted() {
    for (const auto& [table, rows] : unaccounted_rows(services_, log_, connect())) {
      if (!table.starts_with("authority")) {
        EXPECT_EQ(rows, 0U) << table;
      }
    }
  }
  std::string key_path_ = folder_ / "operator.seed";
};

TEST_F(PrinciplesUseTest, FromMemoriesToDoctrine_AndTheLedgerAccountsForAll) {
  know_key();
  const std::string id = candidate();
  EXPECT_EQ(extract_principles(services_, layout_, {.persist = true})->added, 0U);
  const PromoteReport untested = promote(id);
  ASSERT_TRUE(untested.refused);
  EXPECT_THAT(json::write_compact(untested.refusal_detail),
              HasSubstr("principle_promotion.falsification"));
  ASSERT_TRUE(falsify_principle(services_, layout_,
                                {.principle_id = id, .counterexamples = {"one late deploy"}})
                  .ok());
  EXPECT_TRUE(promote(id).refused);
  const auto tested = falsify_principle(services_, layout_,
                                        {.principle_id = id,
                                         .failed_attempts = {"looked for an outage without logs"},
                                         .resolved = {"one late deploy"}});
  ASSERT_TRUE(tested.ok() && tested->record.holds());
  const PromoteReport done = promote(id);
  ASSERT_FALSE(done.refused) << json::write_compact(done.refusal_detail);
  const auto proof = verify_promotion(services_, layout_, id, true);
  ASSERT_TRUE(proof.ok()) << proof.error().text();
  EXPECT_EQ(proof->doctrine_id, done.doctrine_id);
  EXPECT_EQ(proof->operator_key_state, "valid");
  expect_accounted();
  EXPECT_EQ(principle_status(services_, layout_, {})->doctrine, 1U);
  const auto twice = promote_principle(
      services_, layout_, {.principle_id = id, .reason = "again", .attestation = key_path_});
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().token, "principle.promotion.invalid");
}

TEST_F(PrinciplesUseTest, DoctrineWithAnOpenCounterexampleIsInNoPack) {
  know_key();
  const std::string id = candidate();
  ASSERT_TRUE(
      falsify_principle(services_, layout_, {.principle_id = id, .failed_attempts = {"a"}}).ok());
  const std::string doctrine = promote(id).doctrine_id;
  ASSERT_FALSE(doctrine.empty());
  const auto packed = [&] {
    const auto report =
        build_context(services_, layout_, {}, {.task = "deploy", .include_doctrine = true});
    EXPECT_TRUE(report.ok()) << report.error().text();
    const json::Array& rows = *report->pack.find("doctrine")->as_array();
    const std::string left = json::write_compact(*report->pack.find("exclusions"));
    EXPECT_EQ(rows.empty(), left.find(doctrine) != std::string::npos) << left;
    return !rows.empty();
  };
  EXPECT_TRUE(packed());
  ASSERT_TRUE(falsify_principle(services_, layout_,
                                {.principle_id = id, .counterexamples = {"it went wrong"}})
                  .ok());
  EXPECT_FALSE(packed());
  ASSERT_TRUE(
      falsify_principle(services_, layout_, {.principle_id = id, .resolved = {"it went wrong"}})
          .ok());
  EXPECT_TRUE(packed());
}

TEST_F(PrinciplesUseTest, AKeyThatTheStoreDoesNotKnowPromotesNothing) {
  const std::string id = candidate();
  ASSERT_TRUE(
      falsify_principle(services_, layout_, {.principle_id = id, .failed_attempts = {"a"}}).ok());
  const std::string before = get(log_);
  const PromoteReport refused = promote(id);
  ASSERT_TRUE(refused.refused);
  EXPECT_THAT(json::write_compact(refused.refusal_detail), HasSubstr("key_unknown"));
  EXPECT_EQ(get(log_), before);
}

TEST_F(PrinciplesUseTest, ATamperedPromotionIsNotProven) {
  know_key();
  const std::string id = candidate();
  ASSERT_TRUE(
      falsify_principle(services_, layout_, {.principle_id = id, .failed_attempts = {"a"}}).ok());
  ASSERT_FALSE(promote(id).refused);
  const auto public_key = crypto::read_signing_key(fs_, key_path_)->public_key();
  put(folder_ / "k.pub", std::string(public_key.begin(), public_key.end()));
  VerifyRequest attested{.layout = layout_};
  attested.attestation_keys = {folder_ / "k.pub"};
  EXPECT_EQ(to_json(audit_verify(services_, attested))
                .find("attestations")
                ->find_unsigned("operations_verified"),
            1U);
  exec("UPDATE doctrine SET force = 'Advisory'");
  EXPECT_EQ(verify_promotion(services_, layout_, id, false).error().code, Code::kPrecondition);
}

TEST_F(PrinciplesUseTest, TheWindowCountsFromNow) {
  clock_.time.seconds += 10 * 86'400;
  EXPECT_THAT(extract_principles(services_, layout_, {.window = "7d"})->candidates, SizeIs(0));
  EXPECT_THAT(extract_principles(services_, layout_, {.window = "30d"})->candidates, SizeIs(1));
  EXPECT_EQ(extract_principles(services_, layout_, {.window = " "}).error().code, Code::kUsage);
  EXPECT_THAT(extract_principles(services_, layout_, {.window = "recent"})->note,
              HasSubstr("no duration"));
  EXPECT_EQ(extract_principles(services_, layout_, {.model = "gpt"}).error().code, Code::kUsage);
}

TEST(PromotionAttestationTest, TheGoldenPairHolds) {
  const auto read = [](const char* name) {
    return fs::read_all(fs::posix(), std::string(CORTEX_TEST_DATA) + "/agents/promotion/" + name,
                        1U << 20)
        .value();
  };
  const json::Value doctrine = json::parse(read("doctrine-row.json")).value();
  const Promotion promotion{
      .principle_id = "prn_01ARZ3NDEKTSV4RRFFQ69G5FAV", .force = "Gate", .reason = "because"};
  EXPECT_EQ(promotion_payload_hash(promotion),
            "53c51f43f107784e0bc90665f3dbef5a9a7051dc6df8a3f9ed94ce37411d5caf");
  const json::Value promoted_by = json::parse(*doctrine.find_text("promoted_by_json")).value();
  const auto held = check_promotion(promoted_by, promotion);
  ASSERT_TRUE(held.ok()) << held.error().text();
  EXPECT_FALSE(check_promotion(promoted_by, {promotion.principle_id, "Advisory", "because"}).ok());
  json::Value forged = promoted_by;
  forged.as_object()
      ->find("attestation")
      ->as_object()
      ->set("lineage", json::Object{{"kind", "chain_position"}, {"value", 1}});
  EXPECT_FALSE(check_promotion(forged, promotion).ok());
}

}  // namespace
}  // namespace cortex::app
