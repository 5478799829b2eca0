// `release readiness` and `compliance evidence`: whether a piece of evidence, carried by
// independent witnesses, allows the claim (docs/formats.md, "Gates").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/gate_kind.h"
#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

struct GateRequest {
  GateKind kind = GateKind::kRelease;
  std::optional<std::string> evidence_file{}, evidence_json{};  // at most one
  std::optional<std::string> evidence_blake3{};
  std::vector<std::string> witness_files{}, witness_json{};
  std::uint64_t age_seconds_max = 86'400;
  std::optional<std::string> key_registry{};  // TOML
  bool require_registered = false;
  std::optional<std::string> ledger{};  // the heads that witnesses name are compared with it
};

struct GateReport {
  bool open = false;                  // the claim is allowed
  json::Value report;                 // members sorted
  json::Value policy_outcome;         // for the envelope
  std::vector<std::string> warnings;  // for stderr
};

// Everything about evidence and witnesses is in the report. Errors: kPrecondition when the registry
// or the ledger cannot be read; kChain when the ledger has no rows there.
Result<GateReport> judge_gate(Services& services, const GateRequest& request);

struct StoreGateRequest {
  GateKind kind = GateKind::kRelease;
  Layout layout;
  // Key files, at most one: a public key or a seed.
  std::optional<std::string> verification_key{}, attestation{};
  std::vector<std::string> receipts{};  // files of external receipts of the ledger's anchors
  std::string trusted_root_path{};      // the cache; used when it is there
};

// `--from-store`: the axes that can be shown from what is here. Errors: kPrecondition when a key
// file cannot be used.
Result<GateReport> judge_gate_from_store(Services& services, const StoreGateRequest& request);

}  // namespace cortex::app
