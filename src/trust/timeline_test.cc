#include "trust/timeline.h"

#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

namespace cortex::trust {
namespace {

constexpr std::int64_t kZero = 1'780'000'000;
const std::map<char, std::int64_t> kSeconds = {
    {'a', 500}, {'=', 1000}, {'b', 1500}, {'n', 2000}, {'f', 2500}};

std::optional<Timestamp> time_of(char c) {
  if (c == '-') return std::nullopt;
  return Timestamp{kZero + kSeconds.at(c), 0};
}

std::optional<Tier> tier_of(char c) {
  constexpr std::string_view kLetters = "uovO";
  if (c == '-') return std::nullopt;
  return static_cast<Tier>(kLetters.find(c));
}

// Seven axes: activated, revoked, retired, tier then, tier now, removed, review due.
KeyEvidence evidence_of(const std::string& axes) {
  KeyEvidence e;
  e.key_id = "key-1";
  e.event_time = {kZero + 1000, 0};
  e.now = {kZero + 2000, 0};
  e.activated = time_of(axes[0]);
  e.revoked = time_of(axes[1]);
  e.retired = time_of(axes[2]);
  e.tier_at_event = tier_of(axes[3]);
  e.current_tier = tier_of(axes[4]);
  if (e.current_tier) e.current_tier_since = Timestamp{kZero + 1500, 0};
  e.removed_at = time_of(axes[5]);
  e.review_due_at = time_of(axes[6]);
  return e;
}

TEST(Timeline, AllRecordedCases) {
  std::ifstream in(CORTEX_TEST_DATA "/trust/temporal_revalidation.txt");
  std::string line;
  int cases = 0;
  while (std::getline(in, line)) {
    if (line.starts_with("#")) continue;
    std::istringstream words(line);
    std::string axes, at_event, now, after, reasons, policy;
    words >> axes >> at_event >> now >> after >> reasons >> policy;
    const Authority authority = revalidate(evidence_of(axes), Tier::kVerified);
    EXPECT_EQ(authority.valid_at_event, at_event == "1") << line;
    EXPECT_EQ(authority.valid_now, now == "1") << line;
    const std::string joined = authority.joined_reasons();
    EXPECT_EQ(joined.empty() ? "-" : joined, reasons) << line;
    EXPECT_EQ(outcome_token(authority.outcome()), policy) << line;
    std::string since = "-";
    if (authority.invalidated_after) {
      since = std::to_string(authority.invalidated_after->seconds - kZero);
    }
    EXPECT_EQ(since, after) << line;
    ++cases;
  }
  EXPECT_EQ(cases, 286);
}

TEST(Timeline, Tokens_ReadBack) {
  for (const char* token : {"untrusted", "observed", "verified", "operator"}) {
    EXPECT_EQ(tier_token(parse_tier(token).value()), token);
  }
  for (const char* token : {"active", "retired", "revoked"}) {
    EXPECT_EQ(key_state_token(parse_key_state(token).value()), token);
  }
  EXPECT_FALSE(parse_tier("Operator"));
  EXPECT_FALSE(parse_key_state(""));
}

}  // namespace
}  // namespace cortex::trust
