// `audit anchor`: says at which row and hash the ledger stands now, keeps that in files, and has
// outside services witness it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "ledger/anchor/anchor.h"
#include "ledger/chain_check.h"
#include "trust/ceiling.h"
#include "trust/policy.h"

namespace cortex::app {

enum class AnchorSink : std::uint8_t { kLocalOnly, kAppendOnly, kRekor, kOpenTimestamps };

// "local-only", "external-append-only", "rekor", "opentimestamps", and "open-timestamps" when read.
std::string_view anchor_sink_token(AnchorSink sink);
std::optional<AnchorSink> parse_anchor_sink(std::string_view text);

struct AnchorRequest {
  Layout layout;
  AnchorSink sink = AnchorSink::kLocalOnly;
  std::optional<std::string> output{}, history{};           // of the local sink
  std::optional<std::string> sink_path{};                   // of the append-only sink
  std::optional<std::string> endpoint{};                    // of the services outside
  std::optional<std::string> receipt{}, receipt_history{};  // where their receipts go
  std::optional<std::string> receipt_in{};      // a timestamp proof instead of a request
  std::optional<std::string> bitcoin_header{};  // 80 bytes, height in <stem>.height
  std::string trusted_root_path{};              // the cache; used when it is there
  bool offline = false;
  bool allow_pending = false;
  bool strict = false;  // a decision that blocks writes nothing and is kIntegrity
  bool live = false;    // timestamp services may be reached
  std::vector<std::string> header_providers{};
};

// What was reached decides which parts are there; `code` is the exit.
struct AnchorReport {
  Code code = Code::kOk;
  std::optional<Error> error;  // present unless `code` is kOk
  AnchorSink sink = AnchorSink::kLocalOnly;
  std::optional<std::string> authority, sink_reason;  // absent: the run ended before
  bool sink_configured = false;
  bool external_authority = false;
  std::optional<std::string> external_status;
  std::optional<ledger::Anchor> anchor;
  std::optional<std::string> output_path, history_path;  // written
  std::optional<trust::Decision> decision;
  trust::TruthCeiling truth;
  std::vector<std::string> results;  // lines for stdout before the anchor
  std::vector<std::string> notes;    // lines for stderr
  json::Object rekor;                // members of a Rekor run
};

// Reads the ledger once. Files are written only after everything that can refuse has been asked,
// the output first; they are synced before this returns.
AnchorReport audit_anchor(Services& services, const AnchorRequest& request);

json::Value to_json(const AnchorReport& report);

}  // namespace cortex::app
