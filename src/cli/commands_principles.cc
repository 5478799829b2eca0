// Rows of the commands for principles and doctrine.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr std::string_view kForces[] = {"advisory", "conditioning", "gate"};

constexpr Flag kExtractFlags[] = {
    {.name = "window",
     .value_name = "WINDOW",
     .about = "Memories changed within a duration such as 30d, ids separated by commas, or all",
     .required = true,
     .form = Form::kMaybeEmpty},
    {.name = "model",
     .value_name = "MODEL",
     .about = "How: replay",
     .required = true,
     .form = Form::kMaybeEmpty},
    {.name = "persist", .value_name = "", .about = "Keep the candidates"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Flag kPromoteFlags[] = {
    {.name = "force",
     .value_name = "FORCE",
     .about = "How binding the doctrine is",
     .required = true,
     .choices = kForces},
    {.name = "reason",
     .value_name = "TEXT",
     .about = "Why; signed and kept",
     .required = true,
     .form = Form::kMaybeEmpty},
    {.name = "attestation", .value_name = "KEY", .about = "Seed file of the operator's key"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Flag kVerifyFlags[] = {
    {.name = "require-registered-key",
     .value_name = "",
     .about = "Also demand that the key may promote now"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Flag kFalsifyFlags[] = {
    {.name = "failed-attempt",
     .value_name = "TEXT",
     .about = "An attempt that could not refute it",
     .repeatable = true},
    {.name = "counterexample",
     .value_name = "TEXT",
     .about = "A counterexample of high risk",
     .repeatable = true},
    {.name = "resolved",
     .value_name = "TEXT",
     .about = "A counterexample that turned out to be none",
     .repeatable = true},
    kDbFlag,
    kEventLogFlag,
};

constexpr Positional kPrinciple[] = {
    {.name = "id", .value_name = "PRINCIPLE_ID", .about = "Id of a principle: prn_..."}};

constexpr Command kCommands[] = {
    command_row(Task::kLearn, "principles extract",
                "Find candidate principles among active memories", {}, kExtractFlags,
                "cortex principles extract --window 30d --model replay --persist"),
    command_row(Task::kLearn, "principle list", "List candidate principles", {}, kLayoutFlags,
                "cortex principle list"),
    command_row(Task::kLearn, "principle falsify", "Record an attempt to refute a principle",
                kPrinciple, kFalsifyFlags,
                "cortex principle falsify prn_01KG0000000000000000000001 --failed-attempt"
                " \"looked for a release without it\""),
    command_row(Task::kLearn, "principle promote", "Promote a principle to doctrine", kPrinciple,
                kPromoteFlags,
                "cortex principle promote prn_01KG0000000000000000000001 --force advisory --reason"
                " \"three cases\" --attestation operator.seed"),
    command_row(Task::kLearn, "principle verify-promotion", "Check the promotion of a principle",
                kPrinciple, kVerifyFlags,
                "cortex principle verify-promotion prn_01KG0000000000000000000001"),
};

}  // namespace

std::span<const Command> principle_commands() { return kCommands; }

}  // namespace cortex::cli
