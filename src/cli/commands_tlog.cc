// Rows of the commands around the ledger's Merkle tree: checkpoints and proofs.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kCheckpointFlags[] = {
    {.name = "key", .value_name = "SEED", .about = "Ed25519 seed that signs, 32 raw bytes"},
    {.name = "origin",
     .value_name = "NAME",
     .about = "Name of the log, e.g. example.com/log; default: as before, else from the first row"},
    {.name = "output", .value_name = "FILE", .about = "Write a copy of the checkpoint here"},
    {.name = "reset",
     .value_name = "",
     .about = "Accept a ledger that was restored or replaced on purpose"},
    kEventLogFlag,
    kDbFlag,
};

constexpr Flag kProveFlags[] = {
    {.name = "output", .value_name = "FILE", .about = "Write the proof here instead of to stdout"},
    kEventLogFlag,
    kDbFlag,
};
constexpr Positional kProveArgs[] = {
    {.name = "event", .value_name = "EVENT", .about = "Id of the event: evt_..."},
};

constexpr Flag kCheckProofFlags[] = {
    {.name = "key",
     .value_name = "KEY",
     .about = "Public key of the log: 32 raw bytes, or the text that `audit checkpoint` prints",
     .required = true},
    {.name = "row", .value_name = "FILE", .about = "The row, for a proof that does not carry it"},
};
constexpr Positional kCheckProofArgs[] = {
    {.name = "file", .value_name = "FILE", .about = "Proof made by `audit prove`"},
};

constexpr Command kCommands[] = {
    {.path = "audit checkpoint",
     .about = "Sign how long the ledger is and what it holds",
     .task = Task::kProve,
     .flags = kCheckpointFlags,
     .example = "cortex audit checkpoint --key log.seed --output 2026-01.checkpoint"},
    {.path = "audit prove",
     .about = "Prove that one event is in the ledger that was signed",
     .task = Task::kProve,
     .positionals = kProveArgs,
     .flags = kProveFlags,
     .example = "cortex audit prove evt_01JM00000000000000000000A1 --output a1.tlog-proof"},
    {.path = "audit check-proof",
     .about = "Check such a proof; needs nothing but the file and the key",
     .task = Task::kProve,
     .positionals = kCheckProofArgs,
     .flags = kCheckProofFlags,
     .example = "cortex audit check-proof a1.tlog-proof --key log.vkey"},
};

}  // namespace

std::span<const Command> tlog_commands() { return kCommands; }

}  // namespace cortex::cli
