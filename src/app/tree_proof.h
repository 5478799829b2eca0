// `audit prove` and `audit check-proof`: one row's inclusion in a signed checkpoint, as a C2SP
// tlog-proof file that stands alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

inline constexpr std::string_view kNoCheckpointToken = "audit.prove.no_checkpoint";
inline constexpr std::string_view kAfterCheckpointToken = "audit.prove.after_checkpoint";
inline constexpr std::string_view kRowErasedToken = "audit.prove.row_erased";
inline constexpr std::string_view kRowDiffersToken = "audit.prove.row_differs";
inline constexpr std::string_view kProofMalformedToken = "audit.proof.malformed";
inline constexpr std::string_view kProofSignatureToken = "audit.proof.signature_invalid";
inline constexpr std::string_view kProofFailsToken = "audit.proof.not_included";

struct ProveRequest {
  Layout layout;
  std::string event_id;
  std::optional<std::string> output{};  // must not exist
};

struct ProveReport {
  std::string event_id;
  std::uint64_t row = 0;  // from 1
  std::uint64_t checkpoint_rows = 0;
  std::string origin;
  std::string proof;  // the file
};

// The proof is against the last signed checkpoint, and checked before it is given. Reads one row, 4
// bytes a row of the index and O(log rows) tiles; the whole ledger only when the index or a tile is
// missing or damaged, which are then made again.
Result<ProveReport> audit_prove(Services& services, const ProveRequest& request);

struct CheckProofRequest {
  std::string file;
  std::string key_path;              // see log_key.h
  std::optional<std::string> row{};  // file with the row, for proofs that do not carry it
};

struct CheckProofReport {
  std::string event_id;
  std::uint64_t row = 0;  // from 1
  std::uint64_t checkpoint_rows = 0;
  std::string origin;
  std::string row_text;
};

// Needs nothing but the file and the key. Errors: kQuarantined with one of the tokens above,
// kPrecondition when a file cannot be read.
Result<CheckProofReport> check_proof(Services& services, const CheckProofRequest& request);

json::Value to_json(const ProveReport& report);
json::Value to_json(const CheckProofReport& report);

}  // namespace cortex::app
