// Rows of the commands that write, read and prove the ledger.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kIngestFlags[] = {
    kEventLogFlag,
    kDbFlag,
    {.name = "user-attestation",
     .value_name = "KEY",
     .about = "File with the operator's seed, which attests what people brought in"},
    {.name = "sign",
     .value_name = "SEED",
     .about = "File with the seed of a registered key, which signs every row"},
    {.name = "no-mirror",
     .value_name = "",
     .about = "Append only; the store catches up when it is next opened"},
    {.name = "no-tree",
     .value_name = "",
     .about = "Leave the Merkle tree behind; it is caught up later"},
    {.name = "row-hash",
     .value_name = "",
     .about = "Cover whole rows by a hash from here on, in later runs too"},
};
constexpr Positional kIngestArgs[] = {
    {.name = "session",
     .value_name = "SESSION",
     .about = "Session file: one event, an array, or an object with \"events\"",
     .form = Form::kText},
};

constexpr Flag kLogFlags[] = {
    {.name = "limit",
     .value_name = "N",
     .about = "Show the last N events (default 20)",
     .form = Form::kCount},
    {.name = "session", .value_name = "ID", .about = "Only events of this session"},
    {.name = "trace", .value_name = "ID", .about = "Only events of this trace"},
    {.name = "type", .value_name = "TYPE", .about = "Only events of this type, e.g. tool_result"},
    {.name = "source", .value_name = "SOURCE", .about = "Only events of this source, e.g. user"},
    {.name = "since", .value_name = "TIME", .about = "Only events observed at or after this time"},
    {.name = "until", .value_name = "TIME", .about = "Only events observed before this time"},
    {.name = "follow", .value_name = "", .about = "Keep printing new events as they arrive"},
    {.name = "jsonl", .value_name = "", .about = "Print the ledger rows as they are, one a line"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Positional kShowArgs[] = {
    {.name = "id", .value_name = "ID", .about = "Id of any kind: evt_..., mem_..., prn_..."},
};

constexpr Flag kVerifyFlags[] = {
    kEventLogFlag,
    kDbFlag,
    {.name = "require-v1-to-v2-boundary",
     .value_name = "",
     .about = "Fail unless the ledger has exactly one v1-to-v2 boundary row"},
    {.name = "strict",
     .value_name = "",
     .about = "Fail on findings that are otherwise only reported"},
    {.name = "since",
     .value_name = "CHECKPOINT",
     .about = "Fail unless the ledger extends the one of this signed checkpoint"},
    {.name = "checkpoint-key",
     .value_name = "KEY",
     .about = "Public key that must have signed it: 32 raw bytes or its text form"},
    {.name = "mirror", .value_name = "", .about = "Compare the store with the ledger, row by row"},
    {.name = "signed",
     .value_name = "",
     .about = "Check the signature of every row and the authority of its key"},
    {.name = "verification-key",
     .value_name = "KEY_PATH",
     .about = "File with the public key that signed the first row"},
    {.name = "attestation",
     .value_name = "KEY_PATH",
     .about = "File with the seed of that key instead"},
    {.name = "attestations",
     .value_name = "KEY",
     .about = "Check every stored attestation; this public key and registered ones count",
     .repeatable = true},
    {.name = "ledger-id",
     .value_name = "NAME",
     .about = "Name that the signatures bind; default: the ledger's file name without extension"},
    {.name = "against", .value_name = "ANCHOR", .about = "Anchor file that the ledger must hold"},
    {.name = "against-history",
     .value_name = "HISTORY",
     .about = "Anchor history that the ledger must hold"},
    {.name = "against-external",
     .value_name = "RECEIPTS",
     .about = "Receipts of services outside that must fit the ledger"},
    {.name = "bitcoin-header",
     .value_name = "FILE",
     .about = "Block header of 80 bytes, its height beside it in <stem>.height"},
    {.name = "witness-key-registry",
     .value_name = "PATH",
     .about = "Registered witness keys (TOML); must be readable"},
};

constexpr Flag kRepairTailFlags[] = {
    kEventLogFlag,
    kDbFlag,
    {.name = "apply",
     .value_name = "",
     .about = "Really set the torn tail aside; without it only a plan is shown"},
};

constexpr Command kCommands[] = {
    {.path = "ingest",
     .about = "Append the events of a session to the ledger",
     .task = Task::kRecord,
     .positionals = kIngestArgs,
     .flags = kIngestFlags,
     .example = "cortex ingest session.json",
     .leading_json_only = true},
    {.path = "log",
     .about = "List events, newest last",
     .task = Task::kRecord,
     .flags = kLogFlags,
     .example = "cortex log --limit 5 --type tool_result"},
    {.path = "show",
     .about = "Show one event or record in full",
     .task = Task::kRecord,
     .positionals = kShowArgs,
     .flags = kLayoutFlags,
     .example = "cortex show evt_01JM00000000000000000000A1"},
    {.path = "audit verify",
     .about = "Check the hash chain of the ledger from end to end",
     .task = Task::kProve,
     .flags = kVerifyFlags,
     .example = "cortex audit verify --event-log events.jsonl"},
    {.path = "audit repair-tail",
     .about = "Set aside a last line that a crash left half written",
     .task = Task::kProve,
     .flags = kRepairTailFlags,
     .example = "cortex audit repair-tail --apply"},
};

}  // namespace

std::span<const Command> ledger_commands() { return kCommands; }

}  // namespace cortex::cli
