// Rows of the commands that bring a store to a newer schema.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kV2Flags[] = {
    {.name = "dry-run", .value_name = "", .about = "Show what would be done, change nothing"},
    {.name = "backup-manifest",
     .value_name = "FILE",
     .about = "BACKUP_MANIFEST of a backup made just before"},
    {.name = "operator-attestation",
     .value_name = "FILE",
     .about = "Signed by `migrate sign-operator-attestation`"},
    {.name = "unattended-migrate",
     .value_name = "",
     .about = "Say that nobody watches; needs the attestation, as always"},
    {.name = "resume-mirror",
     .value_name = "",
     .about = "Complete a store that a lost cutover left behind; no other flag with it"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Flag kSignFlags[] = {
    {.name = "output", .value_name = "FILE", .about = "Attestation to write", .required = true},
    {.name = "signing-seed",
     .value_name = "FILE",
     .about = "Ed25519 seed, 32 raw bytes",
     .required = true},
    {.name = "operator-key-id",
     .value_name = "ID",
     .about = "Key id as the store knows it; default: cortex-operator",
     .form = Form::kMaybeEmpty},
    kDbFlag,
    kEventLogFlag,
};

constexpr Flag kSeedFlags[] = {
    {.name = "operator-key-id",
     .value_name = "ID",
     .about = "Key id to register",
     .required = true,
     .form = Form::kMaybeEmpty},
    {.name = "principal-id",
     .value_name = "ID",
     .about = "Whose key it is; default: <key id>-principal"},
    {.name = "public-key",
     .value_name = "FILE",
     .about = "Bind the id to this Ed25519 public key, 32 raw bytes"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Command kCommands[] = {
    {.path = "migrate v2",
     .about = "Bring a v1 store to v2",
     .task = Task::kKeep,
     .flags = kV2Flags,
     .example = "cortex migrate v2 --dry-run"},
    {.path = "migrate sign-operator-attestation",
     .about = "Sign the attestation of a migration",
     .task = Task::kKeep,
     .flags = kSignFlags,
     .example =
         "cortex migrate sign-operator-attestation --output att.json --signing-seed op.seed"},
    {.path = "migrate seed-drill-operator",
     .about = "Register an operator key for drills",
     .task = Task::kKeep,
     .flags = kSeedFlags,
     .example = "CORTEX_DRILL_ALLOW_SEED_OPERATOR=1 cortex migrate seed-drill-operator"
                " --operator-key-id drill"},
};

}  // namespace

std::span<const Command> migrate_commands() { return kCommands; }

}  // namespace cortex::cli
