#include "cli/command_table.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace cortex::cli {
namespace {

constexpr Flag kGlobalFlags[] = {
    {.name = "json", .value_name = "", .about = kJsonAbout},
    {.name = "print-config",
     .value_name = "",
     .about = "Print the effective configuration as JSON, without secrets"},
};

constexpr Group kGroups[] = {
    {.path = "audit", .about = "Prove that the ledger is what was written"},
    {.path = "restore", .about = "Check backups and bring them back"},
    {.path = "memory",
     .about = "Notes, search and the life of a memory",
     .note =
         "Changing tags needs no attestation: it is recorded with a warning, never refused for\n"
         "it (memory.tag.write_path_pending_authority_revalidation)."},
    {.path = "memory tag", .about = "Add and remove tags of a memory"},
    {.path = "memory contradiction", .about = "Memories that cannot both be right"},
    {.path = "memory outcome", .about = "How a memory did when it was used"},
    {.path = "session", .about = "Bring working sessions in, and close them into memories"},
    {.path = "context", .about = "Build context packs for a task"},
    {.path = "proof", .about = "Explain how far an answer can be trusted"},
    {.path = "principles", .about = "Find principles in what was learned"},
    {.path = "principle", .about = "Promote one principle to doctrine"},
    {.path = "decay", .about = "Compress and retire old memories"},
    {.path = "hook", .about = "Let agent programs record and recall by themselves"},
    {.path = "mcp", .about = "Clients that speak the Model Context Protocol"},
    {.path = "models", .about = "Language models that can be reached"},
    {.path = "key", .about = "Keys that sign, whose they are and from when to when"},
    {.path = "fixtures", .about = "Recorded answers of language models"},
    {.path = "migrate", .about = "Bring a store to a newer schema"},
    {.path = "restore intent", .about = "Signed intents to restore"},
    {.path = "release", .about = "Release gates"},
    {.path = "compliance", .about = "Compliance gates"},
};

// True when `path` is `parent` plus at least one word; `rest` is then what follows the parent.
bool is_below(std::string_view path, std::string_view parent, std::string_view& rest) {
  if (parent.empty()) {
    rest = path;
    return true;
  }
  if (!path.starts_with(parent) || path.size() <= parent.size() || path[parent.size()] != ' ') {
    return false;
  }
  rest = path.substr(parent.size() + 1);
  return true;
}

// One set a file; commands of one task stay together in the help whatever their file is.
auto row_sets() {
  return std::array{
      store_commands(),    //
      backup_commands(),   //
      restore_commands(),  //
      production_commands(),
      ledger_commands(),     //
      anchor_commands(),     //
      context_commands(),    //
      memory_commands(),     //
      migrate_commands(),    //
      agent_commands(),      //
      llm_commands(),        //
      gate_commands(),       //
      recall_commands(),     //
      tlog_commands(),       //
      key_commands(),        //
      decay_commands(),      //
      principle_commands(),  //
      session_commands(),    //
      hook_commands(),       //
  };
}

}  // namespace

std::vector<const Command*> all_commands() {
  std::vector<const Command*> all;
  for (const auto rows : row_sets()) {
    std::transform(rows.begin(), rows.end(), std::back_inserter(all),
                   [](const Command& row) { return &row; });
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Command* a, const Command* b) { return a->task < b->task; });
  return all;
}

std::span<const Group> all_groups() { return kGroups; }

std::span<const Flag> global_flags() { return kGlobalFlags; }

const Command* find_command(std::string_view path) {
  for (const auto rows : row_sets()) {
    const auto row = std::ranges::find(rows, path, &Command::path);
    if (row != rows.end()) return &*row;
  }
  return nullptr;
}

const Group* find_group(std::string_view path) {
  const auto* row = std::ranges::find(kGroups, path, &Group::path);
  return row == std::end(kGroups) ? nullptr : row;
}

const Flag* find_flag(const Command& command, std::string_view name) {
  const auto flag = std::ranges::find(command.flags, name, &Flag::name);
  return flag == command.flags.end() ? nullptr : &*flag;
}

std::vector<Child> children(std::string_view path) {
  std::vector<Child> out;
  for (const Command* command : all_commands()) {
    std::string_view rest;
    if (!is_below(command->path, path, rest)) continue;
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (std::ranges::find(out, word, &Child::word) != out.end()) continue;
    const std::size_t end =
        static_cast<std::size_t>(word.data() - command->path.data()) + word.size();
    const Group* group = find_group(command->path.substr(0, end));
    out.push_back({word, group != nullptr ? group->about : command->about});
  }
  return out;
}

}  // namespace cortex::cli
