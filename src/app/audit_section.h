// The parts that `audit verify` is made of. Each mode of the command (boundary, signatures,
// anchors, receipts, checkpoints, mirror, ...) is one Section in a file of its own; audit.cc reads
// the ledger once for all of them and combines what they find.
//
// A mode is added by a MakeSection function and a row in the table of audit.cc. It never reads the
// ledger itself as long as the pass can collect what it needs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/audit.h"
#include "app/services.h"
#include "base/fs/fs.h"
#include "base/result.h"
#include "json/value.h"
#include "ledger/verify.h"
#include "trust/ceiling.h"
#include "trust/closure.h"
#include "trust/policy.h"

namespace cortex::app {

// What one mode found. `code` other than kOk ends the run with that code, and `error` is the
// sentence for people then. A vote that blocks turns the end of an otherwise good run into
// kIntegrity; `error` is used for it as well.
struct Finding {
  Code code = Code::kOk;
  std::optional<Error> error;
  std::vector<trust::Contribution> votes;
  trust::Closure edges;
  json::Object members;                            // of the report; new names only
  bool members_last = false;                       // they stand behind those of all others
  std::vector<std::string> results;                // lines for stdout of a run that ends well
  std::vector<std::string> notes;                  // lines for stderr: "external_anchor_status=..."
  std::optional<trust::RuntimeMode> runtime_mode;  // of a run that ends well
};

// The ledger after the pass: its bytes as far as they were verified, and what was found in them.
struct Pass {
  fs::File& file;  // open for reading
  std::uint64_t size_bytes;
  const ledger::ChainReport& chain;
};

// Called once, in the order of the table, unless an earlier section ended the run.
using Judge = std::function<Finding(const Pass&)>;

struct Section {
  Judge judge;
  // Called instead when the chain is broken or an earlier section ended the run; its code is
  // ignored. Empty: the mode says nothing then.
  Judge when_ended = {};
};

// Before the ledger is read: nullopt when the mode is not asked for; an Error ends the run there
// and then. A mode reads its own inputs here and tells the pass what to collect (positions, hooks).
// An input whose failure has its place behind the check of the chain is kept in the closure and
// reported by judge().
using MakeSection = Result<std::optional<Section>>(Services& services, const VerifyRequest& request,
                                                   ledger::VerifyOptions& pass);

// The two halves of most modes: one rule's verdict as one vote and one edge of the proof from
// "audit.verify" to `to`.
void add_verdict(Finding& finding, std::string_view rule, trust::EdgeKind kind, std::string_view to,
                 bool holds, std::string reason);

// Gives every row's leaf hash to `function` too, beside whoever wants it already.
void add_leaf_function(
    ledger::VerifyOptions& pass,
    std::function<void(std::uint64_t row, const ledger::TreeHash& leaf, const Ulid& event_id)>
        function);

// The sections, one file each.
MakeSection registry_section;     // --witness-key-registry
MakeSection signed_section;       // --signed
MakeSection boundary_section;     // always; --require-v1-to-v2-boundary
MakeSection against_section;      // --against
MakeSection history_section;      // --against-history
MakeSection external_section;     // --against-external
MakeSection attestation_section;  // --attestations
MakeSection coverage_section;     // always: row hashes
MakeSection tree_section;         // always: promised end and Merkle tree
MakeSection since_section;        // --since
MakeSection mirror_section;       // --mirror

}  // namespace cortex::app
