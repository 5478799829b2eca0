// Rows of the commands around keys: signing with them and keeping them.
#include "cli/command_table.h"
#include "cli/shared_flags.h"

namespace cortex::cli {
namespace {

constexpr Flag kSignFlags[] = {
    {.name = "signing-key-b64",
     .value_name = "B64",
     .about = "Seed as padded base64, or - for standard input; other users can see the former",
     .excludes = "signing-key-file"},
    {.name = "signing-key-file",
     .value_name = "PATH",
     .about = "File with the 32 raw bytes of the seed",
     .excludes = "signing-key-b64"},
    {.name = "payload", .value_name = "PATH", .about = "File to sign", .required = true},
    {.name = "output",
     .value_name = "PATH",
     .about = "Where the 64 bytes of the signature go; must not exist",
     .required = true},
};

constexpr Command kCommands[] = {
    {.path = "sign",
     .about = "Sign a file with an Ed25519 key",
     .task = Task::kProve,
     .flags = kSignFlags,
     .example = "cortex sign --signing-key-file operator.seed --payload a.json --output a.sig",
     .available = true},
};

}  // namespace

std::span<const Command> key_commands() { return kCommands; }

}  // namespace cortex::cli
