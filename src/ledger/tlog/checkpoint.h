// C2SP tlog-checkpoint: a log's size and root hash as the text of a signed note; and C2SP
// tlog-proof: one row's inclusion in a checkpoint as a file that stands alone. Parsing and writing;
// pure and strict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/tlog/merkle.h"
#include "ledger/tlog/note.h"

namespace cortex::ledger {

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  TreeHash root{};
  std::vector<std::string> extensions;  // lines without newline; never written by this program

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

struct SignedCheckpoint {
  Checkpoint checkpoint;
  Note note;
};

// The note's text.
std::string checkpoint_text(const Checkpoint& checkpoint);
// Error kQuarantined: no checkpoint, and why. Signatures are not looked at.
Result<SignedCheckpoint> parse_checkpoint(std::string_view bytes);

// Written under the log's own name: key name and origin are the same.
std::string sign_checkpoint(const Checkpoint& checkpoint, const crypto::SigningKey& key);

struct TreeProof {
  std::optional<std::string> extra;  // opaque; in proofs of this program the row's bytes
  std::uint64_t index = 0;           // 0-based
  std::vector<TreeHash> hashes;
  std::string checkpoint;  // the note, byte for byte
};

inline constexpr std::size_t kProofHashesMax = 63;

std::string proof_text(const TreeProof& proof);
// Error kQuarantined. The checkpoint is cut out, not parsed.
Result<TreeProof> parse_proof(std::string_view bytes);

}  // namespace cortex::ledger
