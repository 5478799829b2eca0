// Command lines (arguments separated by NUL): the program never ends without a word, never prints
// what steers a terminal, and passes values on as they were typed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/text.h"
#include "cli/command_table.h"
#include "cli/parse.h"
#include "fuzz/require.h"
#include "json/value.h"

namespace {

using cortex::cli::Command;
using cortex::cli::Exit;
using cortex::cli::Flag;
using cortex::cli::Invocation;
using cortex::cli::Positional;
using cortex::fuzz::require;

using Words = std::vector<std::string>;

void check_exit(const Exit& exit) {
  require(cortex::fuzz::is_printable(exit.out) && cortex::fuzz::is_printable(exit.err));
  if (exit.code == cortex::Code::kOk) {
    require(!exit.out.empty() && exit.err.empty());
    return;
  }
  require(exit.code == cortex::Code::kUsage);
  require(exit.out.empty() != exit.err.empty());
  if (!exit.out.empty()) require(cortex::json::parse(exit.out).ok());
  require((exit.out + exit.err).ends_with('\n'));
}

// `value` stands in the command line, by itself or behind "--name=".
bool was_typed(const Words& words, std::string_view name, std::string_view value) {
  const std::string joined = cortex::cat("--", name, "=", value);
  return std::ranges::any_of(
      words, [&](const std::string& word) { return word == value || word == joined; });
}

bool is_choice(std::span<const std::string_view> choices, std::string_view value) {
  return choices.empty() || std::ranges::find(choices, value) != choices.end();
}

void check_flag(const Invocation& invocation, const Words& words, const Flag& flag) {
  const auto values = invocation.all(flag.name);
  require(flag.repeatable || values.size() <= 1);
  if (values.empty()) {
    require(!flag.required);
    return;
  }
  if (!flag.needs.empty()) require(invocation.has(flag.needs));
  for (const std::string_view other : cortex::split(flag.excludes, ' ')) {
    require(other.empty() || !invocation.has(other));
  }
  for (const std::string& value : values) {
    if (!flag.takes_value()) {
      require(value == "true");
      continue;
    }
    require(!value.empty() && was_typed(words, flag.name, value));
    require(is_choice(flag.choices, value));
  }
}

void check_invocation(const Invocation& invocation, const Words& words) {
  require((invocation.command == nullptr) == invocation.print_config);
  if (invocation.command == nullptr) {
    require(invocation.values.empty());
    return;
  }
  const Command& command = *invocation.command;
  require(cortex::cli::find_command(command.path) == &command);
  std::size_t known = 0;
  for (const Flag& flag : command.flags) {
    check_flag(invocation, words, flag);
    if (invocation.has(flag.name)) ++known;
  }
  for (const Positional& positional : command.positionals) {
    const auto values = invocation.all(positional.name);
    require(values.size() == 1);
    require(std::ranges::find(words, values[0]) != words.end());
    require(is_choice(positional.choices, values[0]));
    ++known;
  }
  require(known == invocation.values.size());
}

cortex::cli::Parsed parse(const Words& words) {
  std::vector<const char*> argv = {"cortex"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  return cortex::cli::parse(static_cast<int>(argv.size() - 1), argv.data(), "cmd_1_1");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kWordsMax = 64;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Words words;
  if (size > 0) {
    for (const std::string_view word : cortex::split(text, '\0')) words.emplace_back(word);
  }
  if (words.size() > kWordsMax) words.resize(kWordsMax);
  const auto parsed = parse(words);
  if (const auto* exit = std::get_if<Exit>(&parsed)) {
    check_exit(*exit);
  } else {
    check_invocation(std::get<Invocation>(parsed), words);
  }
  return 0;
}
