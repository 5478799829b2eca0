// Rows of the commands around keys: signing with them and keeping them.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kSignFlags[] = {
    kSigningKeyTextFlag,
    kSigningKeyFileFlag,
    {.name = "payload", .value_name = "PATH", .about = "File to sign", .required = true},
    {.name = "output",
     .value_name = "PATH",
     .about = "Where the 64 bytes of the signature go; must not exist",
     .required = true},
};

constexpr std::string_view kTiers[] = {"verified", "operator"};

constexpr Flag kPrincipalFlag = {
    .name = "principal", .value_name = "ID", .about = "Whose key it is", .required = true};
constexpr Flag kTierFlag = {.name = "tier",
                            .value_name = "TIER",
                            .about = "How far a new principal is trusted",
                            .choices = kTiers};
constexpr Flag kKeyIdFlag = {.name = "key-id",
                             .value_name = "ID",
                             .about = "Name of the key; default: its public key as hex"};
constexpr Flag kKeyReasonFlag = {
    .name = "reason", .value_name = "TEXT", .about = "Why; stands in the ledger"};
constexpr Flag kOutputFlag = {.name = "output",
                              .value_name = "SEED",
                              .about = "Where the new seed goes, and SEED.pub; must not exist",
                              .required = true};

constexpr Flag kGenerateFlags[] = {
    kOutputFlag,
    kPrincipalFlag,
    kTierFlag,
    kKeyIdFlag,
    kKeyReasonFlag,
    {.name = "sign",
     .value_name = "",
     .about = "Let it sign the row that registers it: the ledger is signed from there on"},
    kDbFlag,
    kEventLogFlag,
};
constexpr Flag kRegisterFlags[] = {
    {.name = "public-key",
     .value_name = "FILE",
     .about = "Its public key, 32 raw bytes",
     .required = true},
    kPrincipalFlag,
    kTierFlag,
    kKeyIdFlag,
    {.name = "effective-at",
     .value_name = "TIME",
     .about = "From when on it may sign; default: now"},
    kKeyReasonFlag,
    kDbFlag,
    kEventLogFlag,
};
constexpr Flag kShowFlags[] = {
    {.name = "key-id",
     .value_name = "ID",
     .about = "The key of this name",
     .excludes = "public-key seed"},
    {.name = "public-key",
     .value_name = "FILE",
     .about = "The key of this public key, 32 raw bytes",
     .excludes = "key-id seed"},
    {.name = "seed",
     .value_name = "FILE",
     .about = "The key of this seed; of it nothing is shown",
     .excludes = "key-id public-key"},
    kDbFlag,
    kEventLogFlag,
};
constexpr Flag kRotateFlags[] = {
    {.name = "seed",
     .value_name = "FILE",
     .about = "Seed of the active key, which signs the new one",
     .required = true},
    kOutputFlag,
    {.name = "key-id",
     .value_name = "ID",
     .about = "Name of the active key; default: the one its public key is bound to"},
    kKeyReasonFlag,
    kDbFlag,
    kEventLogFlag,
};
constexpr Positional kRevokeArgs[] = {
    {.name = "id", .value_name = "ID", .about = "Name of the key"},
};
constexpr Flag kRevokeFlags[] = {
    {.name = "effective-at",
     .value_name = "TIME",
     .about = "Nothing signed from then on counts; default: now"},
    kKeyReasonFlag,
    kDbFlag,
    kEventLogFlag,
};

constexpr Command kCommands[] = {
    {.path = "key generate",
     .about = "Make a new key and register it",
     .task = Task::kProve,
     .flags = kGenerateFlags,
     .example = "cortex key generate --output op.seed --principal anna --tier operator"},
    {.path = "key register",
     .about = "Register a key that exists already",
     .task = Task::kProve,
     .flags = kRegisterFlags,
     .example = "cortex key register --public-key op.pub --principal anna --tier operator"},
    {.path = "key show",
     .about = "Show one key and its history, never its seed",
     .task = Task::kProve,
     .flags = kShowFlags,
     .example = "cortex key show --seed op.seed"},
    {.path = "key list",
     .about = "List the registered keys and what they may do now",
     .task = Task::kProve,
     .flags = kLayoutFlags,
     .example = "cortex key list"},
    {.path = "key rotate",
     .about = "Replace an active key by a new one",
     .task = Task::kProve,
     .flags = kRotateFlags,
     .example = "cortex key rotate --seed op.seed --output op2.seed"},
    {.path = "key revoke",
     .about = "Take a key out of use for good",
     .task = Task::kProve,
     .positionals = kRevokeArgs,
     .flags = kRevokeFlags,
     .example = "cortex key revoke ID --reason \"laptop stolen\""},
    {.path = "sign",
     .about = "Sign a file with an Ed25519 key",
     .task = Task::kProve,
     .flags = kSignFlags,
     .example = "cortex sign --signing-key-file operator.seed --payload a.json --output a.sig"},
};

}  // namespace

std::span<const Command> key_commands() { return kCommands; }

}  // namespace cortex::cli
