// `audit verify`: one pass over the ledger, judged by the sections that were asked for
// (audit_section.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/fs/fs.h"
#include "base/result.h"
#include "json/value.h"
#include "ledger/chain_check.h"
#include "trust/ceiling.h"
#include "trust/closure.h"
#include "trust/policy.h"

namespace cortex::app {

// What to do where there is no ledger.
inline constexpr std::string_view kNoLedgerNext =
    "run `cortex init`, or name the ledger with --event-log";

// The ledger that is looked at, or repaired. kPrecondition, with what to do next, when it cannot be
// opened.
Result<std::unique_ptr<fs::File>> open_audited(Services& services, const std::string& path,
                                               fs::Open how = fs::Open::kRead);

struct VerifyRequest {
  Layout layout;
  bool require_boundary = false;
  bool strict = false;                          // findings that are otherwise only reported fail
  std::optional<std::string> since{};           // a checkpoint file
  std::optional<std::string> checkpoint_key{};  // see log_key.h; only with `since`
  bool mirror = false;                          // compare the store with the ledger
  // Files of evidence.
  std::optional<std::string> against{}, against_history{}, against_external{};
  std::optional<std::string> witness_key_registry{};
  std::optional<std::string> bitcoin_header{};  // 80 bytes, height in <stem>.height
  std::string trusted_root_path{};              // the cache; used when it is there
  bool live = false;                            // block headers may be asked for on the network
  std::vector<std::string> header_providers{};
  bool signed_rows = false;
  // Key files, one of them with signed_rows: a public key, or a seed.
  std::optional<std::string> verification_key = {}, attestation = {};
  // Public keys whose attestations count, beside those that the timelines know; one at least lets
  // every stored attestation be checked.
  std::vector<std::string> attestation_keys = {};
  std::optional<std::string> ledger_id = {};  // what signatures bind, when not the file's name
  // Where keys are registered when the layout's store does not exist.
  std::optional<std::string> default_db = {};
};

// What was reached decides which parts are there; `code` is the exit. The first step that fails
// ends the run: the reading of inputs, the chain, then the sections in their order.
struct VerifyReport {
  Code code = Code::kOk;
  std::string path;
  std::optional<ledger::ChainReport> chain;  // absent: the ledger could not be read
  std::optional<Error> error;                // what ended the run; present unless `code` is kOk
  json::Object members;                      // of the sections
  std::vector<std::string> results;          // their lines for stdout
  std::vector<std::string> notes;            // their lines for stderr
  trust::Decision decision;
  trust::Closure closure;
  trust::TruthCeiling truth;
};

// Reads the ledger and what the sections name; nothing is created or changed. O(ledger), constant
// memory.
VerifyReport audit_verify(Services& services, const VerifyRequest& request);

json::Value to_json(const VerifyReport& report);

}  // namespace cortex::app
