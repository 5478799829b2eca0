#include "cli/parse.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cli/envelope.h"
#include "cli/help.h"
#include "cli/parse_errors.h"
#include "json/value.h"

namespace cortex::cli {
namespace {

using Arguments = std::span<const std::string>;

bool is_help(std::string_view word) { return word == "-h" || word == "--help"; }
bool is_version(std::string_view word) { return word == "-V" || word == "--version"; }

Exit shown(std::string text) { return {Code::kOk, std::move(text), ""}; }

std::string below(std::string_view path, std::string_view word) {
  return path.empty() ? std::string(word) : cat(path, " ", word);
}

// `cortex help restore verify-backup`: help of the words, starting below `path`.
Exit help_of(std::string path, Arguments words, std::size_t columns) {
  for (const std::string& word : words) {
    std::string next = below(path, word);
    if (find_command(next) == nullptr && find_group(next) == nullptr) {
      return unknown_word(path, word);
    }
    path = std::move(next);
  }
  if (path.empty()) return shown(root_help(columns));
  if (const Group* group = find_group(path)) return shown(group_help(*group, columns));
  return shown(command_help(*find_command(path), columns));
}

Exit missing_command(bool json, std::string_view correlation_id, std::size_t columns) {
  if (!json) return {Code::kUsage, "", root_help(columns)};
  return {Code::kUsage,
          envelope("cortex", Code::kUsage, json::Object{{"detail", "missing subcommand"}},
                   std::nullopt, correlation_id),
          ""};
}

Parsed parse_command(const Command& command, Arguments arguments, bool leading_json,
                     std::size_t columns) {
  Parsed parsed = parse_arguments(command, arguments, columns);
  if (auto* invocation = std::get_if<Invocation>(&parsed)) invocation->json |= leading_json;
  return parsed;
}

// `words` starts with the first word that is no global flag.
Parsed parse_path(Arguments words, bool leading_json, std::size_t columns) {
  std::string path;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "help") return help_of(path, words.subspan(i + 1), columns);
    if (is_help(word)) return help_of(path, {}, columns);
    if (is_version(word)) return shown(version_text());
    if (word.starts_with('-')) return unknown_flag(path, word);
    std::string next = below(path, word);
    const Command* command = find_command(next);
    // `backup` is a command, and `backup verify` another one.
    const bool goes_on = i + 1 < words.size() && find_command(below(next, words[i + 1])) != nullptr;
    if (command != nullptr && !goes_on) {
      return parse_command(*command, words.subspan(i + 1), leading_json, columns);
    }
    if (command == nullptr && find_group(next) == nullptr) return unknown_word(path, word);
    path = std::move(next);
  }
  return Exit{Code::kUsage, "", group_help(*find_group(path), columns)};
}

}  // namespace

std::optional<std::string> Invocation::optional(std::string_view name) const {
  const auto entry = values.find(name);
  if (entry == values.end() || entry->second.empty()) return std::nullopt;
  return entry->second.front();
}

std::string Invocation::value(std::string_view name) const {
  return optional(name).value_or(std::string());
}

std::vector<std::string> Invocation::all(std::string_view name) const {
  const auto entry = values.find(name);
  return entry == values.end() ? std::vector<std::string>{} : entry->second;
}

Parsed parse(int argc, const char* const* argv, std::string_view correlation_id,
             std::size_t columns) {
  const std::vector<std::string> all(argv + std::min(argc, 1), argv + argc);
  Arguments words = all;
  bool json = false;
  bool enveloped = false;
  bool print_config = false;
  for (; !words.empty() && words.front().starts_with('-'); words = words.subspan(1)) {
    const std::string& word = words.front();
    if (is_help(word)) return shown(root_help(columns));
    if (is_version(word)) return shown(version_text());
    const bool is_json = word == "--json" || word == kWholeJson;
    bool* flag = is_json ? &json : word == "--print-config" ? &print_config : nullptr;
    if (flag == nullptr) return unknown_flag("", word);
    enveloped |= word == kWholeJson;
    if (std::exchange(*flag, true)) {
      return usage_error(cat("`", word, "` was given twice"), group_usage(""), "");
    }
  }
  if (print_config) {
    if (!words.empty()) {
      return usage_error("`--print-config` stands alone and cannot be combined with a command",
                         "cortex --print-config", "");
    }
    Invocation invocation;
    invocation.json = json;
    invocation.print_config = true;
    return invocation;
  }
  if (words.empty()) return missing_command(json, correlation_id, columns);
  Parsed parsed = parse_path(words, json, columns);
  if (auto* invocation = std::get_if<Invocation>(&parsed)) invocation->enveloped |= enveloped;
  return parsed;
}

}  // namespace cortex::cli
