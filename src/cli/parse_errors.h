// Texts of parser errors. Each says what is wrong, that nothing was changed, and how the command is
// used.
#pragma once

#include <string>
#include <string_view>

#include "cli/command_table.h"
#include "cli/parse.h"

namespace cortex::cli {

// "cortex: <problem>. Nothing was changed." plus usage line and the help to read; code kUsage.
Exit usage_error(std::string_view problem, std::string_view usage, std::string_view help_words);
Exit usage_error(const Command& command, std::string_view problem);

Exit unknown_flag(std::string_view path, std::string_view typed);  // at the root or in a group
Exit unknown_flag(const Command& command, std::string_view typed);
Exit unknown_word(std::string_view path, std::string_view typed);

}  // namespace cortex::cli
