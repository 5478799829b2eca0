// Help texts, made from the command table. Plain text without colour, each ending in a newline.
// They list what this version can do; commands it only knows by name have a help text of their own
// that says so.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/command_table.h"

namespace cortex::cli {

std::string version_text();  // "cortex 0.2.0\n"

// Rows of a command or flag and what it is go on in their right column beyond `columns`; that
// column is never narrower than a few words.
inline constexpr std::size_t kHelpColumnsMax = 100;
std::string root_help(std::size_t columns = kHelpColumnsMax);
std::string group_help(const Group& group, std::size_t columns = kHelpColumnsMax);
std::string command_help(const Command& command, std::size_t columns = kHelpColumnsMax);

// "cortex backup --output DIR [OPTIONS]"; of the root or a group: "cortex audit COMMAND". No
// newline.
std::string command_usage(const Command& command);
std::string group_usage(std::string_view path);

}  // namespace cortex::cli
