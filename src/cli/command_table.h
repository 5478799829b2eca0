// The command tree as data: what may be typed, what it takes and what it is for. The parser, the
// help texts and the shell completions are all made from these rows; no command declares anything
// about itself elsewhere.
//
// All rows are constant and live for the whole program. Lookups are linear over some seventy rows.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace cortex::cli {

// What a value must look like for the parser to accept it.
enum class Form {
  kText,        // not empty
  kMaybeEmpty,  // any text
  kCount,       // decimal, at least 1
};

inline constexpr std::string_view kJsonAbout =
    "Print one JSON envelope instead of text (--json=v2: from every command)";

struct Flag {
  std::string_view name;        // without the leading dashes
  std::string_view value_name;  // "" for a switch
  std::string_view about;       // one line, no full stop
  bool repeatable = false;      // else given at most once
  bool required = false;
  Form form = Form::kText;
  std::string_view excludes = {};  // names, separated by blanks, that must not come with it
  std::string_view needs = {};     // name that must come with it, or ""
  std::span<const std::string_view> choices = {};

  bool takes_value() const { return !value_name.empty(); }
};

// Positionals are always required and given once.
struct Positional {
  std::string_view name;        // key in Invocation::values
  std::string_view value_name;  // as shown in help
  std::string_view about;
  std::span<const std::string_view> choices = {};
  Form form = Form::kMaybeEmpty;
};

// The heading under which the help lists a command.
enum class Task { kStart, kRecord, kRemember, kLearn, kProve, kKeep, kAgents, kShell };

struct Command {
  std::string_view path;  // words separated by one blank: "restore verify-backup"
  std::string_view about;
  Task task = Task::kStart;
  std::span<const Positional> positionals = {};
  std::span<const Flag> flags = {};
  std::string_view example = {};
  bool own_json = false;           // --json after the command is a flag of the command itself
  bool leading_json_only = false;  // --json after the command is refused
};

// A command with the usual places for --json.
constexpr Command command_row(Task task, std::string_view path, std::string_view about,
                              std::span<const Positional> positionals, std::span<const Flag> flags,
                              std::string_view example) {
  return {.path = path,
          .about = about,
          .task = task,
          .positionals = positionals,
          .flags = flags,
          .example = example};
}

// A word that has subcommands. `note` is appended to its help.
struct Group {
  std::string_view path;
  std::string_view about;
  std::string_view note = {};
};

// A subcommand or group as the next word after some path.
struct Child {
  std::string_view word;
  std::string_view about;
};

std::vector<const Command*> all_commands();  // in help order
std::span<const Group> all_groups();
std::span<const Flag> global_flags();  // accepted before the subcommand

const Command* find_command(std::string_view path);  // nullptr when there is none
const Group* find_group(std::string_view path);      // nullptr when there is none
const Flag* find_flag(const Command& command, std::string_view name);

// The words that may follow `path` ("" for the root), each once, in help order.
std::vector<Child> children(std::string_view path);

// The row sets, one file each.
std::span<const Command> ledger_commands();      // commands_ledger.cc
std::span<const Command> anchor_commands();      // commands_anchor.cc
std::span<const Command> store_commands();       // commands_store.cc
std::span<const Command> context_commands();     // commands_context.cc
std::span<const Command> recall_commands();      // commands_recall.cc
std::span<const Command> memory_commands();      // commands_memory.cc
std::span<const Command> migrate_commands();     // commands_migrate.cc
std::span<const Command> restore_commands();     // commands_restore.cc
std::span<const Command> backup_commands();      // commands_backup.cc
std::span<const Command> production_commands();  // commands_production.cc
std::span<const Command> agent_commands();       // commands_agents.cc
std::span<const Command> llm_commands();         // commands_llm.cc
std::span<const Command> gate_commands();        // commands_gate.cc
std::span<const Command> key_commands();         // commands_keys.cc
std::span<const Command> tlog_commands();        // commands_tlog.cc
std::span<const Command> decay_commands();       // commands_decay.cc
std::span<const Command> principle_commands();   // commands_principles.cc
std::span<const Command> hook_commands();        // commands_hook.cc
std::span<const Command> session_commands();     // commands_session.cc

}  // namespace cortex::cli
