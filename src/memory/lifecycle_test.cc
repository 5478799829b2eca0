#include "memory/lifecycle.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace cortex::memory {
namespace {

constexpr State kStates[] = {State::kCandidate, State::kActive, State::kRejected,
                             State::kSuperseded, State::kPending};

TEST(Lifecycle, StatesAreThoseOfTheTriggers) {
  for (const State state : kStates) EXPECT_EQ(parse_state(state_token(state)), state);
  EXPECT_EQ(state_token(State::kPending), "pending_mcp_commit");
  EXPECT_FALSE(parse_state("Active"));
  EXPECT_FALSE(parse_state(""));
}

TEST(Lifecycle, EveryWayIsInTheTableOnce) {
  std::set<std::pair<Verb, State>> seen;
  for (const Transition& row : transitions()) {
    EXPECT_TRUE(seen.emplace(row.verb, row.from).second);
    EXPECT_NE(row.from, row.to);
    EXPECT_EQ(next_state(row.verb, row.from), row.to);
  }
}

TEST(Lifecycle, OnlyACandidateIsAccepted_OnlyThePendingAreCommitted) {
  for (const State state : kStates) {
    EXPECT_EQ(next_state(Verb::kAccept, state).has_value(), state == State::kCandidate);
    EXPECT_EQ(next_state(Verb::kCommit, state).has_value(), state == State::kPending);
    EXPECT_EQ(next_state(Verb::kSupersede, state).has_value(), state == State::kActive);
  }
  EXPECT_FALSE(next_state(Verb::kReject, State::kRejected));
}

TEST(Lifecycle, RestoredMemory_IsWhatItWas_NeverMoreThanACandidateWhenThatIsUnknown) {
  EXPECT_EQ(restore_to(State::kActive), State::kActive);
  EXPECT_EQ(restore_to(State::kCandidate), State::kCandidate);
  EXPECT_EQ(restore_to(State::kPending), State::kCandidate);
  EXPECT_EQ(restore_to(std::nullopt), State::kCandidate);
}

}  // namespace
}  // namespace cortex::memory
