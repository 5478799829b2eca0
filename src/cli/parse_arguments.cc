// The arguments of one command. The first pass splits them into flags and positionals by the table,
// because CLI11 takes whatever follows a flag as its value ("--output --json") and splits bracketed
// values; the second pass hands CLI11 unambiguous words ("--output=DIR ... -- SESSION") and lets it
// check requirements, exclusions and choices.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/join.h"
#include "base/text.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/parse_errors.h"

namespace cortex::cli {
namespace {

constexpr Flag kJsonFlag = {.name = "json", .value_name = "", .about = ""};

using Arguments = std::span<const std::string>;

struct Words {
  std::vector<std::string> flags;  // "--name", "--name=value", or "--name" and an empty word
  std::vector<std::string> positionals;
  bool enveloped = false;
};

bool is_flag_like(std::string_view word) { return word.size() > 1 && word.starts_with('-'); }

const Flag* flag_of(const Command& command, std::string_view name) {
  if (name == "json" && !command.own_json && !command.leading_json_only) return &kJsonFlag;
  return find_flag(command, name);
}

std::string named(const Flag& flag) {
  return flag.takes_value() ? cat("`--", flag.name, " ", flag.value_name, "`")
                            : cat("`--", flag.name, "`");
}

bool is_count(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  return error == std::errc{} && end == text.data() + text.size() && n > 0;
}

// Takes the flag at the front of `rest`, with its value when that is the next word.
std::optional<Exit> take_flag(const Command& command, Arguments& rest, std::set<std::string>& seen,
                              Words& words) {
  const std::string word = rest.front();
  rest = rest.subspan(1);
  const std::size_t equals = word.find('=');
  if (!word.starts_with("--")) return unknown_flag(command, word);
  const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
  const Flag* flag = flag_of(command, name);
  if (flag == nullptr) return unknown_flag(command, word);
  if (!seen.insert(name).second && !flag->repeatable) {
    return usage_error(command, cat(named(*flag), " was given twice"));
  }
  if (flag == &kJsonFlag && word == kWholeJson) {
    words.enveloped = true;
    words.flags.emplace_back("--json");
    return std::nullopt;
  }
  if (!flag->takes_value()) {
    if (equals != std::string::npos) {
      return usage_error(
          command, cat(named(*flag), " takes no value", flag == &kJsonFlag ? " but `v2`" : ""));
    }
    words.flags.push_back(word);
    return std::nullopt;
  }
  std::string value;
  bool given = false;
  if (equals != std::string::npos) {
    value = word.substr(equals + 1);
    given = true;
  } else if (!rest.empty() && !is_flag_like(rest.front())) {
    value = rest.front();
    rest = rest.subspan(1);
    given = true;
  }
  if (value.empty() && !(given && flag->form == Form::kMaybeEmpty))
    return usage_error(
        command, cat(named(*flag), " needs a value",
                     given || rest.empty() ? "" : cat(" before ", cortex::quoted(rest.front()))));
  if (flag->form == Form::kCount && !is_count(value)) {
    return usage_error(
        command, cat(named(*flag), " needs a whole number from 1 on, not ", cortex::quoted(value)));
  }
  if (value.empty()) {  // CLI11 reads "--name=" as a flag without its value
    words.flags.insert(words.flags.end(), {cat("--", name), ""});
  } else {
    words.flags.push_back(cat("--", name, "=", value));
  }
  return std::nullopt;
}

// Help and version win over everything after them, but not over a mistake before them.
std::optional<Exit> split_words(const Command& command, Arguments rest, std::size_t columns,
                                Words& words) {
  std::set<std::string> seen;
  while (!rest.empty()) {
    const std::string& word = rest.front();
    if (word == "-h" || word == "--help") {
      return Exit{Code::kOk, command_help(command, columns), ""};
    }
    if (word == "-V" || word == "--version") return Exit{Code::kOk, version_text(), ""};
    if (word == "--") {
      words.positionals.insert(words.positionals.end(), rest.begin() + 1, rest.end());
      break;
    }
    if (is_flag_like(word)) {
      if (auto exit = take_flag(command, rest, seen, words)) return exit;
    } else {
      words.positionals.push_back(word);
      rest = rest.subspan(1);
    }
  }
  return std::nullopt;
}

void declare(CLI::App& app, const Flag& flag) {
  const std::string name = cat("--", flag.name);
  CLI::Option* option =
      flag.takes_value() ? app.add_option(name) : app.add_flag(name)->disable_flag_override();
  option->required(flag.required);
  if (flag.repeatable) option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void declare(CLI::App& app, const Command& command) {
  app.set_help_flag();
  if (flag_of(command, "json") == &kJsonFlag) declare(app, kJsonFlag);
  for (const Flag& flag : command.flags) declare(app, flag);
  for (const Flag& flag : command.flags) {
    CLI::Option* option = app.get_option(cat("--", flag.name));
    for (const std::string_view other : split(flag.excludes, ' ')) {
      if (!other.empty()) option->excludes(app.get_option(cat("--", other)));
    }
    if (!flag.needs.empty()) option->needs(app.get_option(cat("--", flag.needs)));
  }
  for (const Positional& positional : command.positionals) {
    app.add_option(std::string(positional.name))->required();
  }
}

Invocation collect(const CLI::App& app, const Command& command) {
  Invocation invocation;
  invocation.command = &command;
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0) continue;
    const bool positional = option->get_lnames().empty();
    const std::string name = positional ? option->get_name() : option->get_lnames().front();
    if (name == "json" && !command.own_json) {
      invocation.json = true;
    } else {
      invocation.values[name] = option->results();
    }
  }
  return invocation;
}

// Which rule was broken, in the table's own words. `given` tells what CLI11 saw.
std::string broken_rule(const Command& command, const CLI::App& app) {
  const auto given = [&app](std::string_view name) { return app.count(std::string(name)) > 0; };
  for (const Flag& flag : command.flags) {
    const std::string name = cat("--", flag.name);
    if (flag.required && !given(name)) return cat(named(flag), " is required");
    if (!given(name)) continue;
    for (const std::string_view other : split(flag.excludes, ' ')) {
      if (!other.empty() && given(cat("--", other))) {
        return cat(named(flag), " and `--", other, "` cannot be used together");
      }
    }
    if (!flag.needs.empty() && !given(cat("--", flag.needs))) {
      return cat(named(flag), " needs `--", flag.needs, "`");
    }
  }
  for (const Positional& positional : command.positionals) {
    if (!given(positional.name)) return cat(positional.value_name, " is missing");
  }
  return "the arguments do not fit together";
}

std::optional<Exit> check_choices(const Command& command, const Invocation& invocation) {
  const auto check = [&](std::string_view name, std::string_view shown,
                         std::span<const std::string_view> choices) -> std::optional<Exit> {
    if (choices.empty()) return std::nullopt;
    for (const std::string& value : invocation.all(name)) {
      if (std::ranges::find(choices, value) != choices.end()) continue;
      return usage_error(command, cat("invalid value ", cortex::quoted(value), " for ", shown,
                                      " [possible values: ", join(choices, ", "), "]"));
    }
    return std::nullopt;
  };
  for (const Flag& flag : command.flags) {
    if (auto exit = check(flag.name, named(flag), flag.choices)) return exit;
  }
  for (const Positional& positional : command.positionals) {
    if (positional.form == Form::kText && invocation.value(positional.name).empty()) {
      return usage_error(command, cat(positional.value_name, " needs a value"));
    }
    if (auto exit = check(positional.name, positional.value_name, positional.choices)) return exit;
  }
  return std::nullopt;
}

}  // namespace

Parsed parse_arguments(const Command& command, std::span<const std::string> arguments,
                       std::size_t columns) {
  Words words;
  if (auto exit = split_words(command, arguments, columns, words)) return *std::move(exit);
  if (words.positionals.size() > command.positionals.size()) {
    return usage_error(command, cat("unexpected argument ",
                                    cortex::quoted(words.positionals[command.positionals.size()])));
  }
  std::vector<std::string> unambiguous = std::move(words.flags);
  if (!words.positionals.empty()) {
    unambiguous.emplace_back("--");
    unambiguous.insert(unambiguous.end(), words.positionals.begin(), words.positionals.end());
  }
  std::ranges::reverse(unambiguous);  // CLI11 takes the last word first
  CLI::App app;
  try {
    declare(app, command);
    app.parse(std::move(unambiguous));
    Invocation invocation = collect(app, command);
    invocation.enveloped = words.enveloped;
    if (auto exit = check_choices(command, invocation)) return *std::move(exit);
    return invocation;
  } catch (const CLI::Error&) {
    return usage_error(command, broken_rule(command, app));
  }
}

}  // namespace cortex::cli
