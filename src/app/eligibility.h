// Which memories may be used by default: those with a whole proof and without an open
// contradiction. What may not is left out one by one, with its reason, and never silences the rest.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "sqlite/connection.h"
#include "store/lineage_proof.h"
#include "store/memories.h"
#include "store/memory_history.h"
#include "trust/closure.h"

namespace cortex::app {

struct LeftOut {
  std::string memory_id;
  std::string reason;  // "unproven", "broken_proof", "contradicted", "undecodable"
  std::string detail;
  std::string names{};    // another memory that `detail` names, or ""
  std::string unnamed{};  // `detail` without its name
};

struct Verdict {
  trust::ProofState proof = trust::ProofState::kUnknown;
  trust::Closure closure;
  std::vector<std::string> event_ids{};  // that the proof rests on
  std::optional<LeftOut> left_out{};     // empty: may be used
  bool noted_by_agent = false;  // it speaks with trust::kAgentAuthority, whatever its row says
};

// Of `memory_ids`, in their order. A constant number of queries. A contradiction counts whatever
// side of it is asked for, also when its other side is not active; one of a memory with itself does
// not.
// `when`: the contradictions that were known and open then. Proofs are those of now.
Result<std::vector<Verdict>> judge(sqlite::Connection& db, std::span<const std::string> memory_ids,
                                   store::ProofDepth depth,
                                   const std::optional<store::AsOf>& when = {});

// As reference 0.1.2: refuses everything at the first memory without a whole proof, in the order
// given, then at the first open contradiction that touches one of them. `use` is a word for the
// message ("retrieval"). Error: kPrecondition.
Status refuse_unless_all_usable(sqlite::Connection& db, std::span<const std::string> memory_ids,
                                store::ProofDepth depth, std::string_view use);

// Rows that cannot be read, as what is left out.
std::vector<LeftOut> left_out_of(const std::vector<store::UnreadableMemory>& unreadable);
json::Array to_json(const std::vector<LeftOut>& left_out);

}  // namespace cortex::app
