// OpenTimestamps proofs (docs/formats.md, "OpenTimestamps"): a tree of hash steps from one digest
// to attestations, parsed, joined and written. What an attestation is worth is judged by
// ots_receipt.h. Pure; everything is bounded, since proofs come from strangers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cortex::ledger {

// Real proofs have some kilobytes, a hundred steps and a handful of attestations.
inline constexpr std::size_t kOtsProofBytesMax = 64U << 10;
inline constexpr std::size_t kOtsNodesMax = 4096;
inline constexpr std::size_t kOtsAttestationsMax = 64;
inline constexpr std::string_view kOtsMalformedToken = "ots.proof.malformed";
inline constexpr std::string_view kOtsUnknownTagToken = "ots.tag_whitelist.unknown_tag";

enum class OtsDigest : std::uint8_t { kSha1 = 0x02, kRipemd160 = 0x03, kSha256 = 0x08 };

struct OtsAttestation {
  enum class Kind : std::uint8_t { kBitcoin, kPending };
  Kind kind = Kind::kPending;
  std::uint64_t height = 0;  // kBitcoin: of the block
  std::string uri;           // kPending: of the calendar
  std::size_t node = 0;      // where it stands

  friend bool operator==(const OtsAttestation&, const OtsAttestation&) = default;
};

// One message of the tree. Node 0 holds the digest that the proof starts from.
struct OtsNode {
  std::string message;
  std::size_t parent = 0;  // of node 0: itself
  std::string step;        // the bytes of the operation that made it from its parent
};

struct OtsProof {
  OtsDigest digest_type = OtsDigest::kSha256;
  std::vector<OtsNode> nodes;                // a parent stands before its children
  std::vector<OtsAttestation> attestations;  // at least one

  const std::string& digest() const { return nodes.front().message; }
  // True when `node` is `ancestor` or was made from it.
  bool descends(std::size_t node, std::size_t ancestor) const;
};

// A detached proof file. Errors: kOtsUnknownTagToken with Code::kIntegrity for an attestation other
// than Bitcoin and pending, else kOtsMalformedToken with Code::kPrecondition.
Result<OtsProof> parse_ots(std::string_view bytes);

// A detached proof file of SHA-256 `digest` (32 bytes) from the bare timestamp that a calendar
// answers with.
std::string wrap_timestamp(std::string_view digest, std::string_view timestamp);

// Adds to `node` of `proof` everything that a bare timestamp of that node's message says. Errors as
// of parse_ots; `proof` is then as it was.
Status join_timestamp(OtsProof& proof, std::size_t node, std::string_view timestamp);

std::string write_ots(const OtsProof& proof);

}  // namespace cortex::ledger
