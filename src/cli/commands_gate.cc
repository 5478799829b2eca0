// Rows of the gates. Both take the same flags.
#include "cli/command_table.h"

namespace cortex::cli {
namespace {

constexpr Flag kGateFlags[] = {
    {.name = "evidence-file",
     .value_name = "PATH",
     .about = "The evidence: a JSON document",
     .excludes = "evidence-json"},
    {.name = "evidence-json",
     .value_name = "JSON",
     .about = "The evidence itself",
     .form = Form::kMaybeEmpty},
    {.name = "evidence-blake3",
     .value_name = "HEX",
     .about = "BLAKE3 of the evidence's exact bytes",
     .form = Form::kMaybeEmpty},
    {.name = "witness-file",
     .value_name = "PATH",
     .about = "A witness: a JSON document",
     .repeatable = true},
    {.name = "witness-json",
     .value_name = "JSON",
     .about = "A witness itself",
     .repeatable = true,
     .form = Form::kMaybeEmpty},
    {.name = "max-witness-age-seconds",
     .value_name = "N",
     .about = "Oldest witness that counts (default 86400)"},
    {.name = "witness-key-registry",
     .value_name = "TOML",
     .about = "Keys that may witness, and what"},
    {.name = "require-registered-witnesses",
     .value_name = "",
     .about = "Refuse witnesses whose key no registry knows"},
    {.name = "against-ledger",
     .value_name = "PATH",
     .about = "Compare the heads that witnesses name with this ledger"},
    {.name = "from-store", .value_name = "", .about = "Show what this store can witness itself"},
    {.name = "db",
     .value_name = "PATH",
     .about = "Store file; names the data folder",
     .needs = "from-store"},
    {.name = "event-log", .value_name = "PATH", .about = "Ledger file", .needs = "from-store"},
    {.name = "verification-key",
     .value_name = "PATH",
     .about = "Public key of the signed ledger: 32 raw bytes",
     .excludes = "attestation",
     .needs = "from-store"},
    {.name = "attestation",
     .value_name = "PATH",
     .about = "Seed of that key instead",
     .needs = "from-store"},
    {.name = "receipts",
     .value_name = "PATH",
     .about = "External receipts of this ledger's anchors",
     .repeatable = true,
     .needs = "from-store"},
};

constexpr Command kCommands[] = {
    {.path = "release readiness",
     .about = "Judge evidence for a release",
     .task = Task::kProve,
     .flags = kGateFlags,
     .example = "cortex release readiness --evidence-file ci.json --evidence-blake3 $DIGEST"},
    {.path = "compliance evidence",
     .about = "Judge evidence for compliance",
     .task = Task::kProve,
     .flags = kGateFlags,
     .example = "cortex compliance evidence --from-store --verification-key ledger.pub"},
};

}  // namespace

std::span<const Command> gate_commands() { return kCommands; }

}  // namespace cortex::cli
