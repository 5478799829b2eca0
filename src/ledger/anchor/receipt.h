// External receipts: what a service outside answered when an anchor was submitted to it
// (docs/formats.md, "External receipts"). Reading, writing and the binding to the anchor; what a
// service's own proof is worth is judged by rekor.h and ots_receipt.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "ledger/anchor/anchor.h"

namespace cortex::ledger {

enum class Sink : std::uint8_t { kRekor, kOpenTimestamps };
std::string_view sink_token(Sink sink);  // "rekor", "opentimestamps"

struct Receipt {
  Sink sink = Sink::kRekor;
  std::string anchor_text_sha256;  // 64 lower-case hex characters
  std::uint64_t event_count = 0;   // > 0
  std::string head;                // 64 lower-case hex characters
  // The time of the anchor: what is written here was anchored in the same second.
  Timestamp submitted_at;
  std::string endpoint;  // not empty
  json::Object receipt;  // what the service answered

  Anchor anchor() const { return {submitted_at, event_count, head}; }
};

// Header and record, with their line ends; the members of `receipt` sorted.
std::string receipt_text(const Receipt& receipt);

// One or more records; unknown members are ignored. Errors: Code::kPrecondition, token
// receipt.format.{empty, header, body, json, member, sink, hash, count, time, endpoint}, or, with
// Code::kIntegrity, receipt.history.count_decreases.
Result<std::vector<Receipt>> parse_receipts(std::string_view text);

// The receipt is about this ledger: its anchor holds (check_anchor) and is the text whose digest
// was submitted, else Code::kIntegrity, external_anchor_receipts.anchor_text_hash.mismatch.
Status check_binding(const Receipt& receipt, const ChainReport& chain);

}  // namespace cortex::ledger
