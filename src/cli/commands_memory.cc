// Rows of the commands that write, move and tell memories.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kReason = {.name = "reason", .value_name = "TEXT", .about = "Why; kept with it"};
constexpr Flag kLimit = {
    .name = "limit", .value_name = "N", .about = "At most so many rows", .form = Form::kCount};
constexpr Flag kOffset = {.name = "offset", .value_name = "N", .about = "Leave out the first rows"};
constexpr Flag kAsOf = {.name = "as-of",
                        .value_name = "TIME",
                        .about = "What was believed then: an RFC 3339 time or a date"};
constexpr Flag kConfidence = {
    .name = "confidence", .value_name = "F", .about = "How sure, from 0 to 1 (default 0.9)"};
constexpr Flag kDomain = {.name = "domain",
                          .value_name = "TAG",
                          .about = "Tag of the memory (default operator_note)",
                          .repeatable = true,
                          .form = Form::kMaybeEmpty};
constexpr Flag kAllowDuplicate = {.name = "allow-duplicate",
                                  .value_name = "",
                                  .about = "Record it though a memory says nearly the same"};
constexpr Flag kValidFrom = {
    .name = "valid-from", .value_name = "TIME", .about = "When the claim begins to hold"};
constexpr Flag kValidUntil = {
    .name = "valid-until", .value_name = "TIME", .about = "When the claim stops holding"};

constexpr Flag kNoteFlags[] = {kDomain,         kConfidence, kValidFrom, kValidUntil,
                               kAllowDuplicate, kReason,     kDbFlag,    kEventLogFlag};
constexpr Flag kReasonFlags[] = {kReason, kDbFlag, kEventLogFlag};
constexpr Flag kListFlags[] = {
    {.name = "tag",
     .value_name = "TAG",
     .about = "Only with this tag",
     .repeatable = true,
     .form = Form::kMaybeEmpty},
    {.name = "status",
     .value_name = "STATUS",
     .about = "In this state instead of active, e.g. candidate",
     .repeatable = true},
    kAsOf,
    {.name = "valid-at",
     .value_name = "TIME",
     .about = "What held at that time, as it is believed now or at --as-of"},
    kLimit,
    kOffset,
    kDbFlag,
    kEventLogFlag,
};
constexpr Flag kPageFlags[] = {kLimit, kOffset, kDbFlag, kEventLogFlag};
constexpr Flag kHealthFlags[] = {
    {.name = "unvalidated-only",
     .value_name = "",
     .about = "Only memories that were never validated"},
    {.name = "older-than", .value_name = "DAYS", .about = "What counts as old (default 30)"},
    {.name = "confidence-below", .value_name = "F", .about = "What counts as low (default 0.5)"},
    kLimit,
    kOffset,
    kDbFlag,
    kEventLogFlag,
};
constexpr std::string_view kResults[] = {"helpful", "not-helpful", "validated"};
constexpr Flag kOutcomeFlags[] = {
    {.name = "memory-id", .value_name = "ID", .about = "The memory", .required = true},
    {.name = "session",
     .value_name = "S",
     .about = "Session that used it",
     .required = true,
     .form = Form::kMaybeEmpty},
    {.name = "result",
     .value_name = "RESULT",
     .about = "How it did",
     .required = true,
     .choices = kResults},
    {.name = "note",
     .value_name = "TEXT",
     .about = "What happened; kept with it",
     .form = Form::kMaybeEmpty},
    {.name = "scope", .value_name = "TEXT", .about = "With validated: what it holds for"},
    {.name = "evidence", .value_name = "REF", .about = "With validated: what shows it"},
    {.name = "attestation",
     .value_name = "KEY",
     .about = "With validated: key file of who says so"},
    kDbFlag,
    kEventLogFlag,
};
constexpr Flag kForgetFlags[] = {
    {.name = "erase",
     .value_name = "",
     .about = "Take its text out of ledger, store, index and vectors, for good (required)"},
    {.name = "confirm",
     .value_name = "MEMORY_ID",
     .about = "The id again: it cannot be taken back",
     .required = true},
    {.name = "reason",
     .value_name = "TEXT",
     .about = "Why; stands in the ledger",
     .required = true},
    kDbFlag,
    kEventLogFlag,
};
constexpr Flag kShowFlags[] = {kAsOf, kDbFlag, kEventLogFlag};
constexpr Flag kSupersedeFlags[] = {
    {.name = "by",
     .value_name = "ID",
     .about = "The memory that takes its place",
     .required = true},
    {.name = "since", .value_name = "TIME", .about = "From when on that one holds (default now)"},
    kReason,
    kDbFlag,
    kEventLogFlag,
};
constexpr Flag kDiffFlags[] = {
    {.name = "since", .value_name = "TIME", .about = "Begin", .required = true},
    {.name = "until", .value_name = "TIME", .about = "End (default now)"},
    kDbFlag,
    kEventLogFlag,
};
constexpr Flag kAddFlags[] = {
    {.name = "type",
     .value_name = "TYPE",
     .about =
         "hard_inconsistency (default), conditional_tension, supersession_candidate or a word"},
    kReason,
    kDbFlag,
    kEventLogFlag,
};
constexpr Flag kInterpretation = {
    .name = "interpretation", .value_name = "TEXT", .about = "What it means", .required = true};
constexpr Flag kInterpretFlags[] = {kInterpretation, kDbFlag, kEventLogFlag};
constexpr Flag kResolveFlags[] = {
    kInterpretation,
    {.name = "winner", .value_name = "ID", .about = "The side that is preferred from now on"},
    kDbFlag,
    kEventLogFlag,
};
constexpr Flag kContradictionFlags[] = {
    {.name = "open", .value_name = "", .about = "Only those not resolved"},
    {.name = "memory", .value_name = "ID", .about = "Only those that touch this memory"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Positional kClaim[] = {
    {.name = "claim", .value_name = "CLAIM", .about = "What is to be remembered"}};
constexpr Positional kId[] = {
    {.name = "id", .value_name = "MEMORY_ID", .about = "Id of a memory: mem_..."}};
constexpr Positional kIdAndClaim[] = {
    {.name = "id", .value_name = "MEMORY_ID", .about = "The memory that is wrong"},
    {.name = "claim", .value_name = "CLAIM", .about = "What is right"}};
constexpr Positional kIdAndTag[] = {
    {.name = "id", .value_name = "MEMORY_ID", .about = "Id of a memory: mem_..."},
    {.name = "tag", .value_name = "TAG", .about = "The tag"}};
constexpr Positional kSides[] = {
    {.name = "left", .value_name = "LEFT_ID", .about = "One memory"},
    {.name = "right", .value_name = "RIGHT_ID", .about = "The other one"}};
constexpr Positional kContradiction[] = {
    {.name = "id", .value_name = "CONTRADICTION_ID", .about = "Id of a contradiction: con_..."}};

constexpr Command kCommands[] = {
    command_row(Task::kRemember, "memory note", "Record a fact as a memory", kClaim, kNoteFlags,
                "cortex memory note \"Migrations run before the deploy\" --domain release"),
    command_row(Task::kRemember, "memory accept", "Accept a candidate memory", kId, kLayoutFlags,
                "cortex memory accept mem_01KG0000000000000000000001"),
    command_row(Task::kRemember, "memory list", "List memories", {}, kListFlags,
                "cortex memory list --tag release"),
    command_row(Task::kRemember, "memory candidates", "List what waits to be accepted", {},
                kPageFlags, "cortex memory candidates"),
    command_row(Task::kRemember, "memory show", "Show a memory and where it came from", kId,
                kShowFlags, "cortex memory show mem_01KG0000000000000000000001"),
    command_row(Task::kRemember, "memory why", "Say what speaks for and against a memory", kId,
                kLayoutFlags, "cortex memory why mem_01KG0000000000000000000001"),
    command_row(Task::kRemember, "memory history", "Show every state that a memory was in", kId,
                kLayoutFlags, "cortex memory history mem_01KG0000000000000000000001"),
    command_row(Task::kRemember, "memory diff", "Show what was learned between two moments", {},
                kDiffFlags, "cortex memory diff --since 2026-01-31"),
    command_row(
        Task::kRemember, "memory reject", "Take a memory out of use", kId, kReasonFlags,
        "cortex memory reject mem_01KG0000000000000000000001 --reason \"measured otherwise\""),
    command_row(Task::kRemember, "memory forget", "Erase what a memory said, provably", kId,
                kForgetFlags,
                "cortex memory forget mem_01JM00000000000000000000A1 --erase --confirm"
                " mem_01JM00000000000000000000A1 --reason \"asked to\""),
    command_row(Task::kRemember, "memory supersede", "Let another memory take its place", kId,
                kSupersedeFlags,
                "cortex memory supersede mem_01KG0000000000000000000001 --by"
                " mem_01KG0000000000000000000002"),
    command_row(Task::kRemember, "memory correct", "Replace a claim that was wrong all along",
                kIdAndClaim, kNoteFlags,
                "cortex memory correct mem_01KG0000000000000000000001 \"The port is 8443\""),
    command_row(Task::kRemember, "memory restore", "Bring a rejected or superseded memory back",
                kId, kReasonFlags, "cortex memory restore mem_01KG0000000000000000000001"),
    command_row(Task::kRemember, "memory tag add", "Add a tag to a memory", kIdAndTag, kLayoutFlags,
                "cortex memory tag add mem_01KG0000000000000000000001 release"),
    command_row(Task::kRemember, "memory tag remove", "Remove a tag from a memory", kIdAndTag,
                kLayoutFlags, "cortex memory tag remove mem_01KG0000000000000000000001 release"),
    command_row(
        Task::kRemember, "memory outcome record", "Record how a memory did", {}, kOutcomeFlags,
        "cortex memory outcome record --memory-id mem_01KG0000000000000000000001 --session s1"
        " --result helpful"),
    command_row(Task::kRemember, "memory health", "Show memories that need review", {},
                kHealthFlags, "cortex memory health --older-than 90"),
    command_row(Task::kRemember, "memory contradiction add",
                "Say that two memories contradict each other", kSides, kAddFlags,
                "cortex memory contradiction add mem_01KG0000000000000000000001"
                " mem_01KG0000000000000000000002"),
    command_row(Task::kRemember, "memory contradiction list", "List contradictions", {},
                kContradictionFlags, "cortex memory contradiction list --open"),
    command_row(
        Task::kRemember, "memory contradiction interpret", "Say what a contradiction means",
        kContradiction, kInterpretFlags,
        "cortex memory contradiction interpret con_01KG0000000000000000000001 --interpretation"
        " \"staging differs\""),
    command_row(
        Task::kRemember, "memory contradiction resolve", "Decide a contradiction", kContradiction,
        kResolveFlags,
        "cortex memory contradiction resolve con_01KG0000000000000000000001 --interpretation"
        " \"measured\" --winner mem_01KG0000000000000000000001"),
};

}  // namespace

std::span<const Command> memory_commands() { return kCommands; }

}  // namespace cortex::cli
