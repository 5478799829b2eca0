#include "memory/lifecycle.h"

namespace cortex::memory {
namespace {

struct StateRow {
  State state;
  std::string_view token;
};
constexpr StateRow kLifecycleStates[] = {
    {State::kCandidate, "candidate"},        {State::kActive, "active"},
    {State::kRejected, "rejected"},          {State::kSuperseded, "superseded"},
    {State::kPending, "pending_mcp_commit"},
};

struct VerbRow {
  Verb verb;
  std::string_view token;
};
constexpr VerbRow kVerbs[] = {
    {Verb::kAccept, "accept"},   {Verb::kReject, "reject"}, {Verb::kSupersede, "supersede"},
    {Verb::kRestore, "restore"}, {Verb::kPend, "pend"},     {Verb::kCommit, "commit"},
};

constexpr Transition kTransitions[] = {
    {Verb::kAccept, State::kCandidate, State::kActive},
    {Verb::kReject, State::kCandidate, State::kRejected},
    {Verb::kReject, State::kActive, State::kRejected},
    {Verb::kReject, State::kPending, State::kRejected},
    {Verb::kSupersede, State::kActive, State::kSuperseded},
    {Verb::kRestore, State::kRejected, State::kCandidate},
    {Verb::kRestore, State::kSuperseded, State::kCandidate},
    {Verb::kPend, State::kCandidate, State::kPending},
    {Verb::kCommit, State::kPending, State::kActive},
};

}  // namespace

std::string_view state_token(State state) {
  for (const StateRow& row : kLifecycleStates) {
    if (row.state == state) return row.token;
  }
  return {};
}

std::optional<State> parse_state(std::string_view token) {
  for (const StateRow& row : kLifecycleStates) {
    if (row.token == token) return row.state;
  }
  return std::nullopt;
}

std::string_view verb_token(Verb verb) {
  for (const VerbRow& row : kVerbs) {
    if (row.verb == verb) return row.token;
  }
  return {};
}

std::span<const Transition> transitions() { return kTransitions; }

std::optional<State> next_state(Verb verb, State from) {
  for (const Transition& row : kTransitions) {
    if (row.verb == verb && row.from == from) return row.to;
  }
  return std::nullopt;
}

State restore_to(std::optional<State> before) {
  return before == State::kActive ? State::kActive : State::kCandidate;
}

}  // namespace cortex::memory
