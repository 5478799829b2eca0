// The proof behind memories: which links from a memory to the ledger's events hold
// (docs/formats.md, "Proof of a memory").
//
// Set-based: however many memories are asked for, it is one query for memories (one more a level
// where a memory's lineage is other memories, kLineageDepthMax at most), one for episodes, one for
// events and one for the events before them. What does not decode is a failing edge, never an
// error, so that one bad row costs one memory its proof and nobody else's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"
#include "trust/closure.h"

namespace cortex::store {

enum class ProofDepth : std::uint8_t {
  // As reference 0.1.2: a link holds when its row is there. Hashes that look like hashes are
  // recomputed all the same; texts that do not are taken as they are.
  kRows,
  // Every payload and event hash is recomputed; what is no hash is a mismatch.
  kHashes,
};

inline constexpr int kLineageDepthMax = 16;

struct LineageProof {
  trust::Closure closure;
  std::vector<std::string> event_ids;  // that the proof rests on, in order, each once
  std::string undecodable;             // why reference 0.1.2 would have given up, or empty

  // Neither quarantined nor rejected: what is used by default needs a whole proof.
  bool usable() const { return closure.state() == trust::ProofState::kFullChainVerified; }
};

// The proofs of `memory_ids`, in their order; an id without a row has a missing link. Errors: the
// store cannot be read.
Result<std::vector<LineageProof>> prove_lineages(sqlite::Connection& db,
                                                 std::span<const std::string> memory_ids,
                                                 ProofDepth depth);

}  // namespace cortex::store
