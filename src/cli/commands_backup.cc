// Rows of the commands that make bundles and look after them.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kBackupFlags[] = {
    {.name = "output",
     .value_name = "DIR",
     .about = "Folder to create; must not exist",
     .excludes = "to"},
    {.name = "to",
     .value_name = "DIR",
     .about = "Folder in which to create cortex-<time>, instead of --output",
     .excludes = "output"},
    {.name = "since",
     .value_name = "BUNDLE",
     .about = "Store only what changed since that bundle, beside it",
     .excludes = "encrypt-to"},
    {.name = "encrypt-to",
     .value_name = "RECIPIENT",
     .about = "Encrypt for an age public key, or for those of a file",
     .repeatable = true,
     .excludes = "since"},
    kDbFlag,
    kEventLogFlag,
    {.name = "no-verify",
     .value_name = "",
     .about = "Do not read the copies back before publishing (faster, proves less)"},
};

constexpr Positional kBundleArgs[] = {
    {.name = "bundle", .value_name = "BUNDLE", .about = "Folder of the bundle"},
};
constexpr Positional kShelfArgs[] = {
    {.name = "dir", .value_name = "DIR", .about = "Folder in which the bundles are"},
};

constexpr Flag kIdentityFlag = {.name = "identity",
                                .value_name = "FILE",
                                .about = "File of your age key, for an encrypted bundle"};

constexpr Flag kCompactFlags[] = {
    {.name = "output",
     .value_name = "DIR",
     .about = "Folder to create; must not exist",
     .required = true},
    kIdentityFlag,
};

constexpr Flag kVerifyFlags[] = {
    kIdentityFlag,
    {.name = "drill",
     .value_name = "",
     .about = "Also restore into a private place, open and search it",
     .excludes = "sample part"},
    {.name = "sample",
     .value_name = "PERCENT",
     .about = "Check only some blocks, chosen anew each time: 5%",
     .excludes = "part"},
    {.name = "part",
     .value_name = "N/T",
     .about = "Check only the n-th of t shares of the blocks: 3/7"},
};

constexpr Flag kPruneFlags[] = {
    {.name = "keep-last", .value_name = "N", .about = "Keep the newest N", .form = Form::kCount},
    {.name = "keep-daily",
     .value_name = "N",
     .about = "Keep the newest of each of N days",
     .form = Form::kCount},
    {.name = "keep-weekly",
     .value_name = "N",
     .about = "Keep the newest of each of N weeks",
     .form = Form::kCount},
    {.name = "keep-monthly",
     .value_name = "N",
     .about = "Keep the newest of each of N months",
     .form = Form::kCount},
    {.name = "keep-yearly",
     .value_name = "N",
     .about = "Keep the newest of each of N years",
     .form = Form::kCount},
    {.name = "apply", .value_name = "", .about = "Remove the others; without it, only say which"},
};

constexpr Command kCommands[] = {
    {.path = "backup",
     .about = "Write a verified bundle of store and ledger",
     .task = Task::kKeep,
     .flags = kBackupFlags,
     .example = "cortex backup --output backups/monday"},
    {.path = "backup verify",
     .about = "Check every byte of a bundle, or drill its restore",
     .task = Task::kKeep,
     .positionals = kBundleArgs,
     .flags = kVerifyFlags,
     .example = "cortex backup verify backups/monday --drill"},
    {.path = "backup compact",
     .about = "Make a full, plain bundle of an incremental or encrypted one",
     .task = Task::kKeep,
     .positionals = kBundleArgs,
     .flags = kCompactFlags,
     .example = "cortex backup compact backups/tuesday --output backups/whole"},
    {.path = "backup list",
     .about = "List the bundles of a folder",
     .task = Task::kKeep,
     .positionals = kShelfArgs,
     .example = "cortex backup list backups"},
    {.path = "backup prune",
     .about = "Remove bundles that no rule keeps",
     .task = Task::kKeep,
     .positionals = kShelfArgs,
     .flags = kPruneFlags,
     .example = "cortex backup prune backups --keep-daily 7 --keep-weekly 4 --apply"},
};

}  // namespace

std::span<const Command> backup_commands() { return kCommands; }

}  // namespace cortex::cli
