// Rows of the commands that let memories fade.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr std::string_view kKinds[] = {"episode-compression", "candidate-compression",
                                       "expired-principle-review"};
constexpr std::string_view kMethods[] = {"deterministic-concatenate", "llm"};
constexpr std::string_view kStates[] = {"pending", "in-progress", "completed", "failed",
                                        "cancelled"};

constexpr Flag kAttestation = {.name = "operator-attestation",
                               .value_name = "PATH",
                               .about =
                                   "Attestation of the operator for a summary by a model, as"
                                   " `decay attest` makes it for the job"};

constexpr Flag kScheduleFlags[] = {
    {.name = "kind",
     .value_name = "KIND",
     .about = "What is to be done",
     .required = true,
     .choices = kKinds},
    {.name = "episode-ids",
     .value_name = "IDS",
     .about = "Episodes, separated by commas",
     .form = Form::kMaybeEmpty},
    {.name = "memory-ids",
     .value_name = "IDS",
     .about = "Memories, separated by commas",
     .form = Form::kMaybeEmpty},
    {.name = "principle-id",
     .value_name = "ID",
     .about = "The principle to look at again",
     .form = Form::kMaybeEmpty},
    {.name = "fading",
     .value_name = "",
     .about = "Choose active memories that fade: dark, never validated, not touched for long",
     .excludes = "memory-ids"},
    {.name = "older-than",
     .value_name = "DAYS",
     .about = "With --fading: not touched for so long (default 30)",
     .form = Form::kCount,
     .needs = "fading"},
    {.name = "brightness-below",
     .value_name = "F",
     .about = "With --fading: darker than this (default 0.35)",
     .needs = "fading"},
    {.name = "at-most",
     .value_name = "N",
     .about = "With --fading: so many memories (default 32)",
     .form = Form::kCount,
     .needs = "fading"},
    {.name = "supersede-sources",
     .value_name = "",
     .about = "The summary takes the place of its sources"},
    {.name = "summary-method",
     .value_name = "METHOD",
     .about = "How the summary is made (default deterministic-concatenate)",
     .choices = kMethods},
    {.name = "scheduled-for",
     .value_name = "TIME",
     .about = "When it is due (default now)",
     .form = Form::kMaybeEmpty},
    {.name = "operator-attestation",
     .value_name = "PATH",
     .about = "Needed with llm: file of the attestation, which `decay attest` makes for the job"
              " afterwards"},
    {.name = "created-by",
     .value_name = "WHO",
     .about = "Who asks for it (default operator:cli)",
     .form = Form::kMaybeEmpty},
    {.name = "run-immediately", .value_name = "", .about = "Allow a time in the past"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Flag kRunFlags[] = {
    {.name = "job-id",
     .value_name = "ID",
     .about = "This job, whenever it is due",
     .form = Form::kMaybeEmpty,
     .excludes = "next-pending"},
    {.name = "next-pending",
     .value_name = "",
     .about = "The job that is due first",
     .excludes = "job-id"},
    kAttestation,
    {.name = "require-registered-key",
     .value_name = "",
     .about = "Refuse an attestation by a key that the store does not know"},
    {.name = "summary-backend-fixture",
     .value_name = "PATH",
     .about = "Recorded answers instead of a model",
     .excludes = "ollama-summary"},
    {.name = "claude-summary",
     .value_name = "",
     .about = "Ask Claude for the summary",
     .excludes = "ollama-summary"},
    {.name = "ollama-summary",
     .value_name = "",
     .about = "Ask the configured Ollama model for the summary",
     .excludes = "claude-summary summary-backend-fixture"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Flag kListFlags[] = {
    {.name = "state",
     .value_name = "STATE",
     .about = "Only jobs in this state",
     .repeatable = true,
     .choices = kStates},
    kDbFlag,
    kEventLogFlag,
};

constexpr Flag kCancelFlags[] = {
    {.name = "reason",
     .value_name = "TEXT",
     .about = "Why; kept with the job",
     .required = true,
     .form = Form::kMaybeEmpty},
    kDbFlag,
    kEventLogFlag,
};

constexpr Flag kAttestFlags[] = {
    {.name = "model",
     .value_name = "MODEL",
     .about = "The model that may make the summary, as it names itself",
     .required = true},
    {.name = "signing-key",
     .value_name = "KEY",
     .about = "Seed file of the operator's key",
     .required = true},
    {.name = "output", .value_name = "FILE", .about = "A new file", .required = true},
    kDbFlag,
    kEventLogFlag,
};

constexpr Positional kJob[] = {
    {.name = "id", .value_name = "JOB_ID", .about = "Id of a decay job: dcy_..."}};

constexpr Command kCommands[] = {
    command_row(Task::kLearn, "decay schedule", "Plan a decay job", {}, kScheduleFlags,
                "cortex decay schedule --kind candidate-compression --fading --supersede-sources"),
    command_row(Task::kLearn, "decay run", "Run a decay job", {}, kRunFlags,
                "cortex decay run --next-pending"),
    command_row(Task::kLearn, "decay list", "List decay jobs", {}, kListFlags,
                "cortex decay list --state pending"),
    command_row(Task::kLearn, "decay cancel", "Cancel a decay job", kJob, kCancelFlags,
                "cortex decay cancel dcy_01KG0000000000000000000001 --reason \"not needed\""),
    command_row(Task::kLearn, "decay status", "Show one decay job", kJob, kLayoutFlags,
                "cortex decay status dcy_01KG0000000000000000000001"),
    command_row(Task::kLearn, "decay attest", "Sign that a model may summarise a job", kJob,
                kAttestFlags,
                "cortex decay attest dcy_01KG0000000000000000000001 --model llama3 --signing-key"
                " operator.seed --output attestation.json"),
    command_row(Task::kLearn, "decay recover", "Free jobs whose runner is gone", {}, kLayoutFlags,
                "cortex decay recover"),
};

}  // namespace

std::span<const Command> decay_commands() { return kCommands; }

}  // namespace cortex::cli
