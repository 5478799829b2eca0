#include "cli/parse_errors.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "base/join.h"
#include "base/text.h"
#include "cli/help.h"
#include "cli/suggest.h"

namespace cortex::cli {
namespace {

std::string hint(std::string_view typed, const std::vector<std::string_view>& candidates,
                 std::string_view dashes) {
  const std::string_view found = nearest(typed, candidates);
  return found.empty() ? "" : cat("; did you mean `", dashes, found, "`?");
}

bool is_flag_of_a_command(std::string_view name) {
  return std::ranges::any_of(all_commands(), [name](const Command* command) {
    return std::ranges::find(command->flags, name, &Flag::name) != std::end(command->flags);
  });
}

// `note` for who forgot that it is `memory note`; nothing where too many commands end so.
std::string longer_hint(std::string_view typed) {
  constexpr std::size_t kNamedMax = 3;
  const std::string end = cat(" ", typed);
  std::vector<std::string> found;
  for (const Command* command : all_commands()) {
    if (command->path.ends_with(end)) found.push_back(cat("`", command->path, "`"));
  }
  if (found.empty() || found.size() > kNamedMax) return {};
  return cat("; did you mean ", join(found, " or "), "?");
}

// "--limit=5" -> "limit"
std::string_view bare_name(std::string_view typed) {
  typed = typed.substr(0, typed.find('='));
  while (typed.starts_with('-')) typed.remove_prefix(1);
  return typed;
}

}  // namespace

Exit usage_error(std::string_view problem, std::string_view usage, std::string_view help_words) {
  const std::string_view stop = problem.ends_with('?') ? "" : ".";
  return {Code::kUsage, "",
          cat("cortex: ", problem, stop, " Nothing was changed.\nUsage: ", usage, "\nRun `cortex ",
              help_words, help_words.empty() ? "" : " ", "--help` for the details.\n")};
}

Exit usage_error(const Command& command, std::string_view problem) {
  return usage_error(problem, command_usage(command), command.path);
}

Exit unknown_flag(std::string_view path, std::string_view typed) {
  std::vector<std::string_view> names = {"help", "version"};
  for (const Flag& flag : global_flags()) names.push_back(flag.name);
  std::string advice = hint(bare_name(typed), names, "--");
  if (advice.empty() && is_flag_of_a_command(bare_name(typed))) {
    advice = " here; flags of a command stand behind it";
  }
  return usage_error(cat("unknown flag ", quoted(typed), advice), group_usage(path), path);
}

Exit unknown_flag(const Command& command, std::string_view typed) {
  if ((typed == "--json" || typed == kWholeJson) && command.leading_json_only) {
    return usage_error(command, cat("`", typed, "` goes before the command: cortex ", typed, " ",
                                    command.path, " ..."));
  }
  std::vector<std::string_view> names = {"help", "version"};
  if (!command.leading_json_only) names.push_back("json");
  for (const Flag& flag : command.flags) names.push_back(flag.name);
  return usage_error(command, cat("unknown flag ", quoted(typed), " for `cortex ", command.path,
                                  "`", hint(bare_name(typed), names, "--")));
}

Exit unknown_word(std::string_view path, std::string_view typed) {
  std::vector<std::string_view> words = {"help"};
  for (const Child& child : children(path)) words.push_back(child.word);
  const std::string below = path.empty() ? "" : cat(" of `cortex ", path, "`");
  std::string advice = path.empty() ? longer_hint(typed) : std::string();
  if (advice.empty()) advice = hint(typed, words, "");
  return usage_error(cat("unknown command ", quoted(typed), below, advice), group_usage(path),
                     path);
}

}  // namespace cortex::cli
