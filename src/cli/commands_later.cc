// Commands of the product that this version refuses. They are rows so that completions know every
// name and so that a caller who types one hears what it is instead of "unknown command".
#include "cli/command_table.h"

namespace cortex::cli {
namespace {

constexpr Command kCommands[] = {
    {.path = "compliance evidence", .about = "Judge evidence for compliance"},
    {.path = "models list", .about = "List the models of the configured backend"},
    {.path = "reflect", .about = "Reflect on a trace"},
    {.path = "release readiness", .about = "Judge evidence for a release"},
    {.path = "run", .about = "Run a task with what is remembered"},
};

}  // namespace

std::span<const Command> later_commands() { return kCommands; }

}  // namespace cortex::cli
