#include "store/timelines.h"

#include "store/private_schema.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

constexpr const char* kT1 = "2026-01-01T00:00:00+00:00";
constexpr const char* kT2 = "2026-02-01T00:00:00+00:00";
constexpr const char* kT3 = "2026-03-01T00:00:00+00:00";

Timestamp at(const char* text) { return parse_strict_rfc3339(text).value(); }

class TimelinesTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
  }
  void principal(const char* time, trust::Tier tier) {
    ASSERT_TRUE(add_principal_row(db_, {"op", tier, time, {}, {}}).ok());
  }
  void key(const char* time, trust::KeyState state) {
    ASSERT_TRUE(add_key_row(db_, {"k", "op", state, time, "because"}).ok());
  }
  trust::KeyEvidence evidence(const char* event, const char* now) {
    return key_evidence(db_, "k", at(event), at(now)).value();
  }
};

TEST_F(TimelinesTest, UnknownKey_IsUnknown) {
  const auto e = evidence(kT1, kT2);
  EXPECT_FALSE(e.activated || e.retired || e.revoked || e.principal_id || e.current_tier);
}

TEST_F(TimelinesTest, StatesAndTiers_AreThoseOfTheirTimes) {
  principal(kT1, trust::Tier::kVerified);
  key(kT1, trust::KeyState::kActive);
  principal(kT2, trust::Tier::kOperator);
  key(kT3, trust::KeyState::kRevoked);
  const auto early = evidence(kT1, kT2);
  EXPECT_EQ(early.activated, at(kT1));
  EXPECT_FALSE(early.revoked);
  EXPECT_EQ(early.tier_at_event, trust::Tier::kVerified);
  EXPECT_EQ(early.current_tier, trust::Tier::kOperator);
  EXPECT_EQ(early.current_tier_since, at(kT2));
  EXPECT_EQ(evidence(kT1, kT3).revoked, at(kT3));
  EXPECT_FALSE(evidence("2025-01-01T00:00:00+00:00", kT3).activated);
}

TEST_F(TimelinesTest, SameRowAgain_IsFine_AnotherOneIsRefused) {
  principal(kT1, trust::Tier::kOperator);
  principal(kT1, trust::Tier::kOperator);
  EXPECT_EQ(add_principal_row(db_, {"op", trust::Tier::kObserved, kT1, {}, {}}).error().code,
            Code::kPrecondition);
  key(kT1, trust::KeyState::kActive);
  key(kT1, trust::KeyState::kActive);
  EXPECT_FALSE(add_key_row(db_, {"k", "other", trust::KeyState::kActive, kT1, "because"}).ok());
}

TEST_F(TimelinesTest, UnreadableRows_AreErrors) {
  key(kT1, trust::KeyState::kActive);
  exec(
      "INSERT INTO authority_principal_timeline(principal_id, trust_tier, effective_at)"
      " VALUES('op', 'godlike', '2026-01-01T00:00:00+00:00')");
  EXPECT_EQ(key_evidence(db_, "k", at(kT1), at(kT2)).error().code, Code::kIntegrity);
}

TEST_F(TimelinesTest, KeyId_BelongsToOnePublicKey) {
  EXPECT_FALSE(bound_public_key(db_, "k").value());
  ASSERT_TRUE(bind_public_key(db_, "k", "aa", kT1).ok());
  ASSERT_TRUE(bind_public_key(db_, "k", "aa", kT2).ok());
  EXPECT_EQ(bound_public_key(db_, "k").value(), "aa");
  EXPECT_EQ(bind_public_key(db_, "k", "bb", kT2).error().code, Code::kPrecondition);
}

}  // namespace
}  // namespace cortex::store
