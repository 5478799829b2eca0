// Rows of the commands about the data folder as a whole: set-up and health; and of the shell
// integration.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kInitFlags[] = {
    kDbFlag,
    kEventLogFlag,
    {.name = "validate-perms",
     .value_name = "",
     .about = "Fail unless folder (0700), store and ledger are private"},
};

constexpr Flag kDoctorFlags[] = {
    {.name = "strict",
     .value_name = "",
     .about = "Check schema, boundary and required tables",
     .excludes = "repair print-deployment-id"},
    {.name = "repair",
     .value_name = "",
     .about = "Apply pending migrations and bring the mirror up to date",
     .excludes = "print-deployment-id deep"},
    {.name = "dry-run",
     .value_name = "",
     .about = "With --repair: show what would be applied, change nothing",
     .needs = "repair"},
    {.name = "from-ledger",
     .value_name = "",
     .about = "With --repair: make every row of the store what the ledger says; keeps a copy",
     .excludes = "dry-run",
     .needs = "repair"},
    {.name = "print-deployment-id",
     .value_name = "",
     .about = "Print the id of this data folder",
     .excludes = "deep"},
    {.name = "deep",
     .value_name = "",
     .about = "Also check the hash chain, ledger and store row by row, and SQLite itself"},
    kDbFlag,
    kEventLogFlag,
};

constexpr std::string_view kShells[] = {"bash", "elvish", "fish", "powershell", "zsh"};
constexpr Positional kCompletionsArgs[] = {
    {.name = "shell", .value_name = "SHELL", .about = "Shell to write for", .choices = kShells},
};

constexpr Command kCommands[] = {
    {.path = "init",
     .about = "Create the data folder, the store and the ledger",
     .task = Task::kStart,
     .flags = kInitFlags,
     .example = "cortex init"},
    {.path = "status",
     .about = "What is there, and is it in order",
     .task = Task::kStart,
     .flags = kLayoutFlags,
     .example = "cortex status"},
    {.path = "doctor",
     .about = "Check the store, or bring it up to date",
     .task = Task::kProve,
     .flags = kDoctorFlags,
     .example = "cortex doctor --strict"},
    {.path = "completions",
     .about = "Print a completion script for a shell",
     .task = Task::kShell,
     .positionals = kCompletionsArgs,
     .example = "cortex completions bash > ~/.local/share/bash-completion/completions/cortex"},
};

}  // namespace

std::span<const Command> store_commands() { return kCommands; }

}  // namespace cortex::cli
