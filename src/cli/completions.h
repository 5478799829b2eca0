// Completion scripts for interactive shells, made from the command table: subcommands, flags of
// this version, choices. A script finds out which command is being typed from the words before the
// cursor; after a flag that takes a value, and wherever no word is known, it leaves the field to
// the shell's file names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cortex::cli {

// bash, elvish, fish, powershell or zsh; nullopt for any other name.
std::optional<std::string> completion_script(std::string_view shell);

}  // namespace cortex::cli
