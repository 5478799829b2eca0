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
     .about = "With --http: the private file with the token that clients must send",
     .needs = "http"},
#ifdef CORTEX_CONFORMANCE_FIXTURES
    {.name = "conformance-fixtures",
     .value_name = "",
     .about = "Builds for tests: what the protocol's conformance suite wants, without a token"},
#endif
};

constexpr Positional kClient[] = {
    {.name = "client",
     .value_name = "CLIENT",
     .about = "claude-code, codex, cursor, vscode and others"},
};
constexpr Flag kInstallFlags[] = {
    {.name = "dry-run", .value_name = "", .about = "Print what would be written, write nothing"},
    {.name = "project",
     .value_name = "",
     .about = "The file of this folder's project",
     .excludes = "config"},
    {.name = "config", .value_name = "FILE", .about = "This configuration file"},
    {.name = "command", .value_name = "PATH", .about = "The program to start (default: this one)"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Command kCommands[] = {
    {.path = "serve",
     .about = "Serve agents over MCP",
     .task = Task::kAgents,
     .flags = kServeFlags,
     .example = "cortex serve"},
    {.path = "mcp install",
     .about = "Put this server into the configuration of a client",
     .task = Task::kAgents,
     .positionals = kClient,
     .flags = kInstallFlags,
     .example = "cortex mcp install cursor --dry-run"},
};

}  // namespace

std::span<const Command> agent_commands() { return kCommands; }

}  // namespace cortex::cli
