// Rows of the commands that tie Cortex to agent programs.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr std::string_view kAgents[] = {"claude-code"};
constexpr std::string_view kCalls[] = {"session-start", "user-prompt", "session-end"};

constexpr Flag kSettings = {.name = "settings",
                            .value_name = "FILE",
                            .about =
                                "Settings of the agent program (default"
                                " ~/.claude/settings.json)"};
constexpr Flag kInstallFlags[] = {
    kSettings,
    {.name = "program", .value_name = "PATH", .about = "What the hooks call (default cortex)"},
    kDbFlag,
    kEventLogFlag,
};
constexpr Flag kRunFlags[] = {
    {.name = "foreground",
     .value_name = "",
     .about = "Record the session before returning, and say when that fails"},
    kDbFlag,
    kEventLogFlag,
};

constexpr Positional kAgent[] = {
    {.name = "agent", .value_name = "AGENT", .about = "The agent program", .choices = kAgents}};
constexpr Positional kCall[] = {{.name = "call",
                                 .value_name = "CALL",
                                 .about = "What happened; the rest comes on standard input",
                                 .choices = kCalls}};

constexpr Command kCommands[] = {
    {.path = "hook install",
     .about = "Let an agent program record its sessions and recall memories",
     .task = Task::kAgents,
     .positionals = kAgent,
     .flags = kInstallFlags,
     .example = "cortex hook install claude-code"},
    {.path = "hook uninstall",
     .about = "Take the hooks out again; the settings are what they were",
     .task = Task::kAgents,
     .flags = kLayoutFlags,
     .example = "cortex hook uninstall"},
    {.path = "hook run",
     .about = "What the hooks call: answers at once or not at all, and never fails",
     .task = Task::kAgents,
     .positionals = kCall,
     .flags = kRunFlags,
     .example = "cortex hook run session-start < call.json"},
};

}  // namespace

std::span<const Command> hook_commands() { return kCommands; }

}  // namespace cortex::cli
