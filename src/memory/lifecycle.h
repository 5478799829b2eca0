// The states of a memory and the ways between them, as one table. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cortex::memory {

enum class State : std::uint8_t { kCandidate, kActive, kRejected, kSuperseded, kPending };

std::string_view state_token(State state);  // "pending_mcp_commit", as in `memories.status`
std::optional<State> parse_state(std::string_view token);

enum class Verb : std::uint8_t {
  kAccept,     // a candidate becomes what agents act on; the gates of acceptance hold
  kReject,     // it is not to be used, and was perhaps never true
  kSupersede,  // another memory takes its place
  kRestore,    // back to what it was before it was rejected or superseded
  kPend,       // proposed by an agent, waiting for the commit of its session
  kCommit,     // that commit
};

std::string_view verb_token(Verb verb);  // "accept"; the operation is "memory.accept"

struct Transition {
  Verb verb;
  State from;
  State to;
};

// Every way there is. kRestore leads to kCandidate here; who restores a memory that is known to
// have been active before asks for restore_to().
std::span<const Transition> transitions();

// Where the verb leads from this state, or nothing when it may not be used there.
std::optional<State> next_state(Verb verb, State from);

// Where a memory returns that was in `before` when it was rejected or superseded.
State restore_to(std::optional<State> before);

}  // namespace cortex::memory
