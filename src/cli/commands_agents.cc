// Rows of the commands for programs that act as agents.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kServeFlags[] = {
    kDbFlag,
    kEventLogFlag,
    {.name = "token-file",
     .value_name = "FILE",
     .about = "Write the confirmation token to this new private file instead of stderr"},
};

constexpr Command kCommands[] = {
    {.path = "serve",
     .about = "Serve agents over MCP, on stdin and stdout",
     .task = Task::kAgents,
     .flags = kServeFlags,
     .example = "cortex serve",
     .available = true},
};

}  // namespace

std::span<const Command> agent_commands() { return kCommands; }

}  // namespace cortex::cli
