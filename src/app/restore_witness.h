// Who witnesses a restore in production: a public log, or a second key on this site. The witness
// takes the anchor of the ledger that is about to be restored, before anything is replaced.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/services.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "json/value.h"
#include "ledger/anchor/anchor.h"

namespace cortex::app {

enum class WitnessKind : std::uint8_t { kRekor, kLocalKey };

struct WitnessRequest {
  std::string sink;                         // "rekor" or "local-witness"
  std::string sink_path;                    // where the receipt goes; must not exist
  std::string endpoint, trusted_root_path;  // of the log
  std::optional<std::string> key_file;      // seed of the second key
  crypto::PublicKey operator_key{};
  std::string intent_blake3;
};

// Errors: kPrecondition, tokens restore.production.sink_kind.*.
Result<WitnessKind> parse_witness(const std::string& sink);
// The receipt's path is free and its folder is there: kPrecondition.
Status check_sink_path(Services& services, const std::string& path);
// The log's keys are recent enough to believe it: kPrecondition, tokens
// restore.production.sink.rekor.trust_root_*. A line more for stderr in `note`.
Status check_trusted_root(Services& services, const std::string& path, std::string& note);
// The second key is there and is not the operator's: kPrecondition.
Status check_witness_key(Services& services, const WitnessRequest& request);

struct Witness {
  std::string text;      // of the receipt file
  json::Object members;  // of the report's `external_anchor_sink`
};
// Errors: kIntegrity, restore.production.sink.rekor.{submit_failed,verify_failed}; kPrecondition.
Result<Witness> witness_anchor(Services& services, WitnessKind kind, const WitnessRequest& request,
                               const ledger::Anchor& anchor);

// Writes and syncs the receipt. Error: kInternal.
Status keep_receipt(Services& services, WitnessKind kind, const std::string& path,
                    const Witness& witness);
std::string_view persisted_token(WitnessKind kind);

}  // namespace cortex::app
