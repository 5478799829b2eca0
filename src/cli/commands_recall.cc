// Rows of the commands that find what was said and learned.
#include "app/recall.h"
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kRecallFlags[] = {
    {.name = "limit",
     .value_name = "N",
     .about = "Show at most N hits (default 10)",
     .form = Form::kCount},
    {.name = "offset", .value_name = "N", .about = "Leave out the N best hits"},
    {.name = "session", .value_name = "ID", .about = "Only events of this session"},
    {.name = "since", .value_name = "TIME", .about = "Only what was said at or after this time"},
    {.name = "until", .value_name = "TIME", .about = "Only what was said before this time"},
    {.name = "source", .value_name = "SOURCE", .about = "Only from this source, e.g. user or git"},
    {.name = "as-of", .value_name = "TIME", .about = "Only what was known at this time"},
    {.name = "kind",
     .value_name = "KIND",
     .about = "events, memories or all (default)",
     .choices = app::kRecallKinds},
    {.name = "budget-tokens",
     .value_name = "N",
     .about = "Stop before the JSON of the hits exceeds N tokens of 4 bytes",
     .form = Form::kCount},
    {.name = "explain", .value_name = "", .about = "Show what each score is made of"},
    {.name = "vectors",
     .value_name = "DIR",
     .about = "Compare static vectors too: a folder with model.safetensors and its vocabulary"},
    kDbFlag,
    kEventLogFlag,
};
constexpr Positional kRecallArgs[] = {
    {.name = "query", .value_name = "QUERY", .about = "What to look for, in plain words"},
};

constexpr Command kCommands[] = {
    {.path = "recall",
     .about = "Find what was said or learned about something",
     .task = Task::kRemember,
     .positionals = kRecallArgs,
     .flags = kRecallFlags,
     .example = "cortex recall \"why did we drop the cache\" --limit 5"},
};

}  // namespace

std::span<const Command> recall_commands() { return kCommands; }

}  // namespace cortex::cli
