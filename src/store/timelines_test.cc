#include "store/timelines.h"

#include <tuple>

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

auto facts_of(const trust::Authority& a) {
  const trust::KeyEvidence& e = a.evidence;
  return std::tuple(e.key_id, e.principal_id, e.event_time, e.now, e.tier_at_event, e.current_tier,
                    a.valid_at_event, a.valid_now, a.invalidated_after, a.reasons);
}

// Both ways to the facts say the same at every pair of moments.
TEST_F(TimelinesTest, TimelinesInMemory_SayWhatTheQueriesSay) {
  principal(kT1, trust::Tier::kVerified);
  key(kT1, trust::KeyState::kActive);
  key(kT2, trust::KeyState::kRetired);
  key(kT2, trust::KeyState::kRevoked);
  principal(kT3, trust::Tier::kUntrusted);
  exec(
      "UPDATE authority_principal_timeline SET removed_at = '2026-04-01T00:00:00+00:00',"
      " trust_review_due_at = '2026-05-01T00:00:00+00:00' WHERE trust_tier = 'untrusted'");
  const trust::Timelines timelines = read_timelines(db_).value();
  const char* moments[] = {
      "2025-12-31T23:59:59.999999999+00:00", kT1, "2026-01-01T00:00:00.5+00:00", kT2,
      "2026-02-01T00:00:00.000001+00:00",    kT3, "2026-06-01T00:00:00+00:00"};
  for (const char* event : moments) {
    for (const char* now : moments) {
      for (const char* id : {"k", "unknown"}) {
        const auto query = trust::revalidate(key_evidence(db_, id, at(event), at(now)).value(),
                                             trust::Tier::kVerified);
        const auto memory =
            trust::revalidate(timelines.evidence(id, at(event), at(now)), trust::Tier::kVerified);
        EXPECT_TRUE(facts_of(query) == facts_of(memory)) << id << " " << event << " " << now;
      }
    }
  }
  EXPECT_TRUE(timelines.knows("k"));
  EXPECT_FALSE(timelines.knows("unknown"));
}

TEST_F(TimelinesTest, KeyOfABoundId_IsKnownByItsPublicKeyToo) {
  principal(kT1, trust::Tier::kVerified);
  key(kT1, trust::KeyState::kActive);
  key(kT3, trust::KeyState::kRevoked);
  EXPECT_FALSE(key_evidence(db_, "aa", at(kT2), at(kT2)).value().activated);
  ASSERT_TRUE(bind_public_key(db_, "k", "aa", kT1).ok());
  ASSERT_TRUE(bind_public_key(db_, "another", "bb", kT1).ok());
  const trust::Timelines timelines = read_timelines(db_).value();
  for (const char* id : {"k", "aa", "bb", "another"}) {
    for (const char* now : {kT2, kT3}) {
      const auto query = trust::revalidate(key_evidence(db_, id, at(kT2), at(now)).value(),
                                           trust::Tier::kVerified);
      const auto memory =
          trust::revalidate(timelines.evidence(id, at(kT2), at(now)), trust::Tier::kVerified);
      EXPECT_TRUE(facts_of(query) == facts_of(memory)) << id;
    }
  }
  const trust::KeyEvidence named = key_evidence(db_, "aa", at(kT2), at(kT3)).value();
  EXPECT_EQ(named.activated, at(kT1));
  EXPECT_EQ(named.revoked, at(kT3));
  EXPECT_EQ(named.current_tier, trust::Tier::kVerified);
  EXPECT_FALSE(key_evidence(db_, "bb", at(kT2), at(kT2)).value().activated);
}

TEST_F(TimelinesTest, RevokedUnderOneId_IsRevokedUnderEvery) {
  principal(kT1, trust::Tier::kOperator);
  for (const char* id : {"a", "k", "aa"}) {
    ASSERT_TRUE(add_key_row(db_, {id, "op", trust::KeyState::kActive, kT1, {}}).ok());
    ASSERT_TRUE(bind_public_key(db_, id, "aa", kT1).ok());
  }
  key(kT2, trust::KeyState::kRevoked);  // of "k"
  const trust::Timelines timelines = read_timelines(db_).value();
  for (const char* id : {"a", "k", "aa"}) {
    EXPECT_EQ(key_evidence(db_, id, at(kT1), at(kT3)).value().revoked, at(kT2)) << id;
    EXPECT_EQ(timelines.evidence(id, at(kT1), at(kT3)).revoked, at(kT2)) << id;
    EXPECT_FALSE(key_evidence(db_, id, at(kT1), at(kT1)).value().revoked) << id;
  }
}

TEST_F(TimelinesTest, UnreadableRows_AreErrors) {
  key(kT1, trust::KeyState::kActive);
  exec(
      "INSERT INTO authority_principal_timeline(principal_id, trust_tier, effective_at)"
      " VALUES('op', 'godlike', '2026-01-01T00:00:00+00:00')");
  EXPECT_EQ(key_evidence(db_, "k", at(kT1), at(kT2)).error().code, Code::kIntegrity);
  EXPECT_EQ(read_timelines(db_).error().code, Code::kIntegrity);
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
