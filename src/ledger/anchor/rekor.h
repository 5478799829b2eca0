// Rekor entries as evidence: the log promised (signed entry timestamp) and showed (inclusion proof,
// checkpoint) that it holds the digest of an anchor since a moment. Pure; everything is checked
// offline against the trusted root. The service is spoken to by app/anchor_rekor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "ledger/anchor/receipt.h"
#include "ledger/anchor/trusted_root.h"

namespace cortex::ledger {

inline constexpr std::string_view kRekorSubmitToken = "audit.anchor.rekor.submit_failed";
inline constexpr std::string_view kRekorVerifyToken = "audit.anchor.rekor.verify_failed";
inline constexpr std::string_view kRekorNoLogToken = "rekor.trusted_root.tlog_logid_no_match";
inline constexpr std::string_view kRekorSetToken = "audit.anchor.rekor.set_signature_invalid";
inline constexpr std::string_view kRekorInclusionToken =
    "audit.anchor.rekor.inclusion_proof_invalid";
inline constexpr std::string_view kRekorCheckpointToken = "audit.anchor.rekor.checkpoint_invalid";
inline constexpr std::string_view kRekorWindowToken = "audit.anchor.rekor.log_key_not_valid_then";
inline constexpr std::string_view kRekorOtherEntryToken =
    "audit.anchor.rekor.entry_not_of_this_anchor";
inline constexpr std::string_view kRekorEntrySignatureToken =
    "audit.anchor.rekor.entry_signature_invalid";

struct RekorEntry {
  std::string uuid;
  std::string body;  // base64, as the log gave it
  std::string log_id;
  std::uint64_t log_index = 0;
  std::int64_t integrated_at = 0;  // Unix seconds
  std::string set;                 // base64 of a DER signature
  std::uint64_t proof_index = 0;   // in the tree of the proof
  std::uint64_t tree_size = 0;
  std::string root_hash;  // lower-case hex
  std::vector<std::string> hashes;
  std::optional<std::string> checkpoint;  // a signed note
};

// True when the receipt holds an entry to verify: body, inclusionProof and signedEntryTimestamp.
bool has_rekor_entry(const Receipt& receipt);

// The request for a new entry: the digest, signed by a key made for this one entry.
Result<std::string> rekor_proposal(std::string_view anchor_text);

// The log has not taken an anchor: kPrecondition with kRekorSubmitToken.
Error rekor_submit_failed(std::string message);

// The log's answer to a proposal as the object of a receipt. Errors: rekor_submit_failed().
Result<json::Object> rekor_receipt(std::string_view answer);

// Everything that the entry of a receipt claims, in this order: shape (kRekorVerifyToken), log
// (kRekorNoLogToken), promise (kRekorSetToken), the log key's time (kRekorWindowToken), the anchor
// (kRekorOtherEntryToken), the entry's own signature (kRekorEntrySignatureToken), inclusion
// (kRekorInclusionToken), checkpoint (kRekorCheckpointToken). Code::kIntegrity. Entries of the
// shape that reference 0.1.2 writes are read too; they have no signature and are hashed without
// prefixes.
Result<RekorEntry> verify_rekor(const Receipt& receipt, const TrustedRoot& root);

}  // namespace cortex::ledger
