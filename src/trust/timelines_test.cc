#include "trust/timelines.h"

#include <gtest/gtest.h>

#include <map>

namespace cortex::trust {
namespace {

constexpr Timestamp kStart{1'780'000'000, 0};
Timestamp after(std::int64_t seconds) { return {kStart.seconds + seconds, 0}; }

TEST(Timelines, JudgementCodesAreEqualExactlyForEqualJudgements) {
  std::map<std::uint32_t, std::string> seen;
  const std::optional<Timestamp> times[] = {std::nullopt, after(1), after(3), after(5)};
  const std::optional<Tier> tiers[] = {std::nullopt, Tier::kObserved, Tier::kOperator};
  for (const auto& activated : times) {
    for (const auto& revoked : times) {
      for (const auto& retired : times) {
        for (const auto& then : tiers) {
          for (const auto& current : tiers) {
            for (const auto& removed : times) {
              KeyEvidence e;
              e.event_time = after(2);
              e.now = after(4);
              e.activated = activated;
              e.revoked = revoked;
              e.retired = retired;
              e.tier_at_event = then;
              e.current_tier = current;
              e.removed_at = e.review_due_at = removed;
              const Authority judged = revalidate(e, Tier::kVerified);
              const auto [known, fresh] =
                  seen.emplace(judgement_code(judged), judged.joined_reasons());
              EXPECT_EQ(known->second, judged.joined_reasons());
            }
          }
        }
      }
    }
  }
  std::map<std::string, std::uint32_t> reverse;
  for (const auto& [code, reasons] : seen) {
    EXPECT_TRUE(reverse.emplace(reasons, code).second) << reasons;
  }
  EXPECT_GT(seen.size(), 100U);
  EXPECT_EQ(seen.at(0), "");
}

TEST(Timelines, KeysAreBoundToTheirPublicKeys) {
  Timelines timelines;
  timelines.bind("k", "aa");
  ASSERT_NE(timelines.bound_key("k"), nullptr);
  EXPECT_EQ(*timelines.bound_key("k"), "aa");
  EXPECT_EQ(timelines.bound_key("other"), nullptr);
}

TEST(Timelines, KeyOfABoundId_IsKnownByItsPublicKeyToo) {
  Timelines timelines;
  timelines.bind("a-name-without-rows", "aa");
  timelines.bind("op", "aa");
  EXPECT_FALSE(timelines.knows("aa")) << "no id of it is registered";
  timelines.add_key("op", {"anna", KeyState::kActive, after(1)});
  timelines.add_principal("anna", {Tier::kOperator, after(0), {}, {}});
  ASSERT_NE(timelines.name_of("aa"), nullptr);
  EXPECT_EQ(*timelines.name_of("aa"), "op");
  EXPECT_EQ(*timelines.name_of("op"), "op");
  EXPECT_TRUE(timelines.knows("aa"));
  EXPECT_FALSE(timelines.knows("ab"));
  EXPECT_FALSE(timelines.knows("a-name-without-rows"));
  const KeyEvidence evidence = timelines.evidence("aa", after(2), after(3));
  EXPECT_EQ(evidence.key_id, "aa") << "told by the id that was asked for";
  EXPECT_EQ(evidence.principal_id, "anna");
  EXPECT_TRUE(revalidate(evidence, Tier::kVerified).valid_now);
}

TEST(Timelines, OwnTimelineComesBeforeTheOneOfAName) {
  Timelines timelines;
  timelines.bind("op", "aa");
  timelines.add_key("op", {"anna", KeyState::kActive, after(1)});
  timelines.add_key("aa", {"anna", KeyState::kRevoked, after(1)});
  EXPECT_EQ(*timelines.name_of("aa"), "aa");
  EXPECT_TRUE(timelines.evidence("aa", after(2), after(3)).revoked);
}

// Whichever name is asked for, and whichever comes first.
TEST(Timelines, AKeyUnderSeveralIds_IsAsGoodAsTheWorstOfThem) {
  for (const char* revoked_one : {"a-first", "b-last", "aa"}) {
    Timelines timelines;
    timelines.add_principal("anna", {Tier::kOperator, after(0), {}, {}});
    timelines.add_principal("guest", {Tier::kObserved, after(0), {}, {}});
    for (const char* name : {"a-first", "b-last", "aa"}) {
      timelines.bind(name, "aa");
      timelines.add_key(name, {"anna", KeyState::kActive, after(1)});
    }
    timelines.add_key("other", {"anna", KeyState::kRevoked, after(1)});
    for (const char* asked : {"a-first", "b-last", "aa"}) {
      EXPECT_TRUE(revalidate(timelines.evidence(asked, after(2), after(9)), Tier::kVerified)
                      .reasons.empty());
    }
    timelines.add_key(revoked_one, {"anna", KeyState::kRevoked, after(5)});
    for (const char* asked : {"a-first", "b-last", "aa"}) {
      const Authority before =
          revalidate(timelines.evidence(asked, after(2), after(9)), Tier::kVerified);
      EXPECT_EQ(before.joined_reasons(), "revoked_after_signing") << asked << revoked_one;
      const Authority behind =
          revalidate(timelines.evidence(asked, after(6), after(9)), Tier::kVerified);
      EXPECT_EQ(behind.outcome(), Outcome::kReject) << asked << revoked_one;
      EXPECT_EQ(behind.evidence.key_id, asked);
    }
    timelines.bind("c", "aa");
    timelines.add_key("c", {"guest", KeyState::kActive, after(1)});
    const Authority weak =
        revalidate(timelines.evidence("aa", after(2), after(3)), Tier::kVerified);
    EXPECT_EQ(weak.joined_reasons(), "insufficient_trust_at_signing,trust_tier_downgraded");
  }
}

}  // namespace
}  // namespace cortex::trust
