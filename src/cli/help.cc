#include "cli/help.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/join.h"
#include "base/text.h"
#include "base/version.h"

namespace cortex::cli {
namespace {

struct Heading {
  Task task;
  std::string_view text;
};

constexpr Heading kHeadings[] = {
    {Task::kStart, "Start"},   {Task::kRecord, "Record"}, {Task::kRemember, "Remember"},
    {Task::kLearn, "Learn"},   {Task::kProve, "Prove"},   {Task::kKeep, "Keep"},
    {Task::kAgents, "Agents"}, {Task::kShell, "Shell"},
};

using Rows = std::vector<std::pair<std::string, std::string>>;

std::size_t left_width(const Rows& rows) {
  std::size_t width = 0;
  for (const auto& [left, right] : rows) width = std::max(width, left.size());
  return width;
}

constexpr std::size_t kRightColumnsMin = 20;

// Goes on in the right column where a line would be too long.
void append_rows(std::string& out, const Rows& rows, std::size_t left_columns,
                 std::size_t columns) {
  const std::string indent(left_columns + 4, ' ');
  const std::size_t columns_max = std::max(columns, indent.size() + kRightColumnsMin);
  for (const auto& [left, right] : rows) {
    std::string line = cat("  ", left, std::string(left_columns - left.size() + 2, ' '));
    for (const std::string_view word : split(right, ' ')) {
      if (line.size() > indent.size() && line.size() + 1 + word.size() > columns_max) {
        out += cat(line, "\n");
        line = indent;
      }
      line += cat(line.size() > indent.size() ? " " : "", word);
    }
    out += cat(line, "\n");
  }
}

std::string flag_text(const Flag& flag) {
  std::string text = cat("--", flag.name);
  if (flag.takes_value()) text += cat(" ", flag.value_name);
  return text;
}

Rows standard_options() {
  return {{"-h, --help", "Show this help"}, {"-V, --version", "Show the version"}};
}

std::string about_with_choices(std::string_view about, std::span<const std::string_view> choices) {
  return choices.empty() ? std::string(about) : cat(about, " [", join(choices, ", "), "]");
}

std::string flag_about(const Flag& flag) {
  std::string about = about_with_choices(flag.about, flag.choices);
  if (flag.required) about += " (required)";
  if (flag.repeatable) about += " (may be repeated)";
  return about;
}

}  // namespace

std::string version_text() { return cat("cortex ", version(), "\n"); }

std::string root_help(std::size_t columns) {
  std::string out =
      "Cortex: a memory for AI agents that can be verified, backed up and proven, on one "
      "machine.\n\n"
      "Usage: cortex [OPTIONS] COMMAND\n";
  std::vector<std::pair<std::string_view, Rows>> sections;
  std::size_t width = 0;
  const auto commands = all_commands();
  for (const Heading& heading : kHeadings) {
    Rows rows;
    for (const Command* command : commands) {
      if (command->task == heading.task) {
        rows.emplace_back(command->path, command->about);
      }
    }
    width = std::max(width, left_width(rows));
    sections.emplace_back(heading.text, std::move(rows));
  }
  Rows options;
  for (const Flag& flag : global_flags()) options.emplace_back(flag_text(flag), flag.about);
  for (auto& row : standard_options()) options.push_back(std::move(row));
  sections.emplace_back("Options", std::move(options));
  for (const auto& [heading, rows] : sections) {
    out += cat("\n", heading, ":\n");
    append_rows(out, rows, width, columns);
  }
  out +=
      "\nData lives in $CORTEX_DATA_DIR, else $XDG_DATA_HOME/cortex, else ~/.local/share/cortex.\n"
      "--db and --event-log name files of their own; else CORTEX_DB_PATH and "
      "CORTEX_EVENT_LOG_PATH,\n"
      "else config.toml. `cortex --print-config` shows what is in effect.\n"
      "Example: cortex init && cortex ingest session.json && cortex audit verify\n"
      "`cortex help COMMAND` tells more about a command.\n";
  return out;
}

std::string group_help(const Group& group, std::size_t columns) {
  std::string out = cat(group.about, ".\n\nUsage: ", group_usage(group.path), "\n");
  Rows rows;
  for (const Child& child : children(group.path)) {
    rows.emplace_back(child.word, child.about);
  }
  out += "\nCommands:\n";
  append_rows(out, rows, left_width(rows), columns);
  out += "\nOptions:\n";
  append_rows(out, standard_options(), left_width(standard_options()), columns);
  if (!group.note.empty()) out += cat("\n", group.note, "\n");
  for (const Command* command : all_commands()) {
    if (!command->path.starts_with(cat(group.path, " "))) continue;
    out += cat("\nExample: ", command->example, "\n");
    break;
  }
  return out;
}

std::string command_help(const Command& command, std::size_t columns) {
  std::string out = cat(command.about, ".\n");
  out += cat("\nUsage: ", command_usage(command), "\n");
  Rows arguments;
  for (const Positional& argument : command.positionals) {
    arguments.emplace_back(argument.value_name,
                           about_with_choices(argument.about, argument.choices));
  }
  Rows options;
  for (const Flag& flag : command.flags) options.emplace_back(flag_text(flag), flag_about(flag));
  if (!command.own_json) {
    options.emplace_back("--json", command.leading_json_only
                                       ? cat("JSON envelope; before the command: cortex --json ",
                                             command.path, " ...")
                                       : std::string(kJsonAbout));
  }
  for (auto& row : standard_options()) options.push_back(std::move(row));
  const std::size_t width = std::max(left_width(arguments), left_width(options));
  if (!arguments.empty()) {
    out += "\nArguments:\n";
    append_rows(out, arguments, width, columns);
  }
  out += "\nOptions:\n";
  append_rows(out, options, width, columns);
  Rows below;
  for (const Child& child : children(command.path)) {
    below.emplace_back(cat(command.path, " ", child.word), child.about);
  }
  if (!below.empty()) {
    out += "\nRelated commands:\n";
    append_rows(out, below, left_width(below), columns);
  }
  if (!command.example.empty()) out += cat("\nExample: ", command.example, "\n");
  return out;
}

std::string command_usage(const Command& command) {
  std::string out = cat("cortex ", command.path);
  bool optional = false;
  for (const Flag& flag : command.flags) {
    if (flag.required) {
      out += cat(" ", flag_text(flag));
    } else {
      optional = true;
    }
  }
  if (optional) out += " [OPTIONS]";
  for (const Positional& argument : command.positionals) out += cat(" ", argument.value_name);
  return out;
}

std::string group_usage(std::string_view path) {
  return path.empty() ? "cortex [OPTIONS] COMMAND" : cat("cortex ", path, " COMMAND");
}

}  // namespace cortex::cli
