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
    {.name = "http",
     .value_name = "ADDRESS",
     .about = "Serve HTTP on this loopback address instead of stdin and stdout: 127.0.0.1:8717"},
    {.name = "bearer-token-file",
     .value_name = "FILE",
     .about = "With --http: the private file with the token that clients must send"},
};

constexpr Command kCommands[] = {
    {.path = "serve",
     .about = "Serve agents over MCP",
     .task = Task::kAgents,
     .flags = kServeFlags,
     .example = "cortex serve",
     .available = true},
};

}  // namespace

std::span<const Command> agent_commands() { return kCommands; }

}  // namespace cortex::cli
