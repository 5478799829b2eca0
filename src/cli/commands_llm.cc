// Rows of the commands around language models.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kFixturesDir = {.name = "fixtures-dir",
                               .value_name = "DIR",
                               .about =
                                   "Folder of recorded answers; default: fixtures in the data "
                                   "folder"};

constexpr Flag kReflectFlags[] = {
    {.name = "trace", .value_name = "ID", .about = "The trace", .required = true},
    {.name = "model",
     .value_name = "WHO",
     .about = "replay: recorded answers; live: the configured model; none: fixed rules",
     .required = true},
    kFixturesDir,
    {.name = "record",
     .value_name = "",
     .about = "With live: keep the answer, so that replay gives it again"},
};

constexpr std::string_view kListedBackends[] = {"ollama", "openai-compat", "claude"};
constexpr Flag kModelsFlags[] = {
    {.name = "backend",
     .value_name = "NAME",
     .about = "Ask this server instead of the configured one",
     .choices = kListedBackends},
};

constexpr Flag kRunFlags[] = {
    {.name = "task",
     .value_name = "TEXT",
     .about = "What is to be done; required",
     .form = Form::kMaybeEmpty},
    {.name = "model",
     .value_name = "NAME",
     .about = "Name in the record, or ollama:<name>@sha256:<digest> (default replay)",
     .form = Form::kMaybeEmpty},
    {.name = "trusted-history",
     .value_name = "",
     .about = "Sign the row; the ledger must be signed history of the key"},
    {.name = "attestation", .value_name = "KEY", .about = "Seed file of the key that signs"},
    {.name = "break-glass",
     .value_name = "JSON",
     .about = "Authorisation that makes the run diagnostic only",
     .form = Form::kMaybeEmpty},
    {.name = "stream", .value_name = "", .about = "Show the answer as it comes"},
    {.name = "strict", .value_name = "", .about = "Record no answer of another machine"},
    {.name = "offline-fallback",
     .value_name = "",
     .about = "Go on without a model when it cannot be set up"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Positional kFolder[] = {
    {.name = "dir", .value_name = "DIR", .about = "Folder of recorded answers"}};

constexpr Command kCommands[] = {
    {.path = "reflect",
     .about = "What would be remembered of a trace; writes nothing",
     .task = Task::kLearn,
     .flags = kReflectFlags,
     .example = "cortex reflect --trace trc_01ARZ3NDEKTSV4RRFFQ69G5FAV --model none"},
    {.path = "run",
     .about = "Put a task to a model with what is remembered, and record the answer",
     .task = Task::kAgents,
     .flags = kRunFlags,
     .example = "cortex run --task 'Summarise what we know of the build'"},
    {.path = "models list",
     .about = "List the models of the configured backend",
     .task = Task::kAgents,
     .flags = kModelsFlags,
     .example = "cortex models list"},
    {.path = "fixtures sign",
     .about = "Write the index over recorded answers",
     .task = Task::kAgents,
     .positionals = kFolder,
     .example = "cortex fixtures sign fixtures"},
};

}  // namespace

std::span<const Command> llm_commands() { return kCommands; }

}  // namespace cortex::cli
