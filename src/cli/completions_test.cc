#include "cli/completions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "cli/command_table.h"

namespace cortex::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Shell {
  const char* name;
  const char* entry_point;
};

constexpr Shell kShells[] = {
    {"bash", "_cortex()"},
    {"zsh", "#compdef cortex"},
    {"fish", "complete -c cortex"},
    {"powershell", "Register-ArgumentCompleter"},
    {"elvish", "edit:completion:arg-completer[cortex]"},
};

TEST(Completions, EveryShellGetsItsEntryPointAndEveryWord) {
  for (const Shell& shell : kShells) {
    const auto script = completion_script(shell.name);
    ASSERT_TRUE(script.has_value()) << shell.name;
    EXPECT_THAT(*script, HasSubstr(shell.entry_point));
    for (const Command* command : all_commands()) {
      for (const std::string_view word : split(command->path, ' ')) {
        EXPECT_THAT(*script, HasSubstr(word)) << shell.name;
      }
    }
  }
}

TEST(Completions, OtherShellsHaveNone) {
  EXPECT_EQ(completion_script("tcsh"), std::nullopt);
  EXPECT_EQ(completion_script(""), std::nullopt);
}

// Runs the bash script as bash would at the end of `line` (words separated by blanks, the last
// being completed).
std::string complete_in_bash(const std::string& line) {
  const auto folder = std::filesystem::temp_directory_path() /
                      cat("cortex_completions_", static_cast<long>(::getpid()));
  std::filesystem::create_directories(folder);
  const auto file = folder / "script.bash";
  std::ofstream(file) << *completion_script("bash")
                      << "IFS=' ' read -ra COMP_WORDS <<<\"$1\"\n"
                         "case \"$1\" in *' ') COMP_WORDS+=('') ;; esac\n"
                         "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_cortex\n"
                         "echo \"${COMPREPLY[*]}\"\n";
  std::string out;
  const std::string command = cat("bash '", file.string(), "' '", line, "'");
  if (FILE* pipe = ::popen(command.c_str(), "r")) {
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += static_cast<char>(c);
    ::pclose(pipe);
  }
  std::filesystem::remove_all(folder);
  return std::string(trim(out));
}

TEST(Completions, BashCompletesTheWordAtHand) {
  ASSERT_EQ(std::system("bash -c true"), 0) << "bash is needed";
  EXPECT_EQ(complete_in_bash("cortex ini"), "init");
  EXPECT_EQ(complete_in_bash("cortex --json audit rep"), "repair-tail");
  EXPECT_EQ(complete_in_bash("cortex restore intent "), "build help --help --version");
  EXPECT_EQ(complete_in_bash("cortex backup --no"), "--no-verify");
  EXPECT_EQ(complete_in_bash("cortex completions p"), "powershell");
  EXPECT_EQ(complete_in_bash("cortex backup --output in"), "") << "a value: left to file names";
  EXPECT_EQ(complete_in_bash("cortex --json mem"), "memory") << "takes a value elsewhere";
  EXPECT_EQ(complete_in_bash("cortex restore intent build --sign --deploy"), "--deployment-id")
      << "the same";
  EXPECT_EQ(complete_in_bash("cortex recall --kind e"), "events");
}

}  // namespace
}  // namespace cortex::cli
