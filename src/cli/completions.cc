#include "cli/completions.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/join.h"
#include "base/text.h"
#include "cli/command_table.h"

namespace cortex::cli {
namespace {

struct Entry {
  std::string word;
  std::string_view about;
};

// A flag whose next word is its value; one name may be a switch of another command.
struct ValueFlag {
  std::string word;  // "--db"
  std::span<const std::string_view> choices;
};

// What may follow one path.
struct Node {
  std::string path;            // "" for the root
  std::vector<Entry> entries;  // subcommands, choices of the positional, flags
  std::vector<ValueFlag> value_flags;
};

using Tree = std::vector<Node>;

void append_flags(Node& node, std::span<const Flag> flags) {
  for (const Flag& flag : flags) {
    node.entries.push_back({cat("--", flag.name), flag.about});
    if (flag.takes_value()) node.value_flags.push_back({cat("--", flag.name), flag.choices});
  }
}

void append_help(Node& node) {
  node.entries.push_back({"--help", "Show help"});
  node.entries.push_back({"--version", "Show the version"});
}

Node group_node(std::string_view path) {
  Node node{std::string(path), {}, {}};
  for (const Child& child : children(path)) {
    node.entries.push_back({std::string(child.word), child.about});
  }
  node.entries.push_back({"help", "Show the help of a command"});
  return node;
}

Tree build_tree() {
  Tree tree;
  Node root = group_node("");
  append_flags(root, global_flags());
  append_help(root);
  tree.push_back(std::move(root));
  for (const Group& group : all_groups()) {
    Node node = group_node(group.path);
    append_help(node);
    tree.push_back(std::move(node));
  }
  for (const Command* command : all_commands()) {
    Node node{std::string(command->path), {}, {}};
    for (const Child& child : children(command->path)) {
      node.entries.push_back({std::string(child.word), child.about});
    }
    for (const Positional& positional : command->positionals) {
      for (const std::string_view choice : positional.choices) {
        node.entries.push_back({std::string(choice), positional.about});
      }
    }
    append_flags(node, command->flags);
    append_help(node);
    tree.push_back(std::move(node));
  }
  return tree;
}

// Text in single quotes. `quote` is how the shell writes a single quote inside them.
std::string in_quotes(std::string_view text, std::string_view quote) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += quote;
    } else {
      out += c;
    }
  }
  return out + "'";
}

// All paths but the root's, each in single quotes, with `separator` between them.
std::string quoted_paths(const Tree& tree, std::string_view separator) {
  std::string out;
  for (const Node& node : tree) {
    if (node.path.empty()) continue;
    out += cat(out.empty() ? "" : separator, "'", node.path, "'");
  }
  return out;
}

// A row of a `case` for each flag that takes one of some words.
std::string choices_of(const Tree& tree, std::string (*command_for)(const ValueFlag&)) {
  std::string out;
  for (const Node& node : tree) {
    for (const ValueFlag& flag : node.value_flags) {
      if (flag.choices.empty()) continue;
      out += cat("    '", node.path, " ", flag.word, "') ", command_for(flag), " ;;\n");
    }
  }
  return out;
}

std::string bash_script(const Tree& tree) {
  std::string out =
      cat("# cortex completion for bash\n"
          "_cortex() {\n"
          "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
          "  local route='' next words='' values='' i\n"
          "  COMPREPLY=()\n"
          "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "    next=\"${route:+$route }${COMP_WORDS[i]}\"\n"
          "    case \"$next\" in\n"
          "      ",
          quoted_paths(tree, "|"),
          ") route=\"$next\" ;;\n"
          "    esac\n"
          "  done\n"
          "  case \"$route\" in\n");
  for (const Node& node : tree) {
    out += cat("    '", node.path, "') words='", join(node.entries, " ", &Entry::word),
               "' values='", join(node.value_flags, " ", &ValueFlag::word), "' ;;\n");
  }
  return out +
         "  esac\n"
         "  [[ \" $values \" == *\" $prev \"* ]] && words=''\n"
         "  case \"$route $prev\" in\n" +
         choices_of(
             tree,
             [](const ValueFlag& flag) { return cat("words='", join(flag.choices, " "), "'"); }) +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "}\n"
         "complete -o bashdefault -o default -F _cortex cortex\n";
}

std::string zsh_script(const Tree& tree) {
  std::string out =
      cat("#compdef cortex\n"
          "_cortex() {\n"
          "  local route='' next word values='' previous=\"${words[CURRENT-1]}\"\n"
          "  local -a entries\n"
          "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
          "    next=\"${route:+$route }$word\"\n"
          "    case \"$next\" in\n"
          "      ",
          quoted_paths(tree, "|"),
          ") route=\"$next\" ;;\n"
          "    esac\n"
          "  done\n"
          "  case \"$route\" in\n");
  for (const Node& node : tree) {
    out += cat("    '", node.path, "') entries=(\n");
    for (const Entry& entry : node.entries) {
      out += cat("      ", in_quotes(cat(entry.word, ":", entry.about), "'\\''"), "\n");
    }
    out += cat("    ) values='", join(node.value_flags, " ", &ValueFlag::word), "' ;;\n");
  }
  return out +
         "  esac\n"
         "  case \"$route $previous\" in\n" +
         choices_of(tree,
                    [](const ValueFlag& flag) {
                      return cat("compadd -- ", join(flag.choices, " "), "; return");
                    }) +
         "  esac\n"
         "  if [[ \" $values \" == *\" $previous \"* ]]; then _files; return; fi\n"
         "  _describe -t commands cortex entries\n"
         "  _files\n"
         "}\n"
         "if [ \"$funcstack[1]\" = '_cortex' ]; then\n"
         "  _cortex \"$@\"\n"
         "else\n"
         "  compdef _cortex cortex\n"
         "fi\n";
}

std::string fish_script(const Tree& tree) {
  std::string out =
      cat("# cortex completion for fish\n"
          "function __cortex_route\n"
          "  set -l route ''\n"
          "  for word in (commandline -opc)[2..-1]\n"
          "    set -l next (string trim -- \"$route $word\")\n"
          "    if contains -- $next ",
          quoted_paths(tree, " "),
          "\n"
          "      set route $next\n"
          "    end\n"
          "  end\n"
          "  test \"$route\" = \"$argv[1]\"\n"
          "end\n");
  for (const Node& node : tree) {
    for (const Entry& entry : node.entries) {
      const std::string_view word = entry.word;
      const bool is_flag = word.starts_with("--");
      const auto value = std::ranges::find(node.value_flags, word, &ValueFlag::word);
      std::string how;
      if (value != node.value_flags.end()) {
        how = value->choices.empty() ? " -r" : cat(" -x -a '", join(value->choices, " "), "'");
      }
      out += cat("complete -c cortex -n \"__cortex_route '", node.path, "'\"",
                 is_flag ? cat(" -l ", word.substr(2)) : cat(" -f -a ", word), how, " -d ",
                 in_quotes(entry.about, "\\'"), "\n");
    }
  }
  return out;
}

std::string powershell_script(const Tree& tree) {
  std::string out =
      "# cortex completion for PowerShell\n"
      "Register-ArgumentCompleter -Native -CommandName 'cortex' -ScriptBlock {\n"
      "  param($wordToComplete, $commandAst, $cursorPosition)\n"
      "  $table = @{\n";
  for (const Node& node : tree) {
    out += cat("    '", node.path, "' = @(\n");
    for (const Entry& entry : node.entries) {
      out += cat("      ,@('", entry.word, "', ", in_quotes(entry.about, "''"), ")\n");
    }
    out += "    )\n";
  }
  return out +
         "  }\n"
         "  $route = ''\n"
         "  foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {\n"
         "    if ($element.Extent.EndOffset -ge $cursorPosition) { break }\n"
         "    $next = (\"$route \" + $element.Extent.Text).Trim()\n"
         "    if ($table.ContainsKey($next)) { $route = $next }\n"
         "  }\n"
         "  $table[$route] | Where-Object { $_[0] -like \"$wordToComplete*\" } | ForEach-Object {\n"
         "    [System.Management.Automation.CompletionResult]::new(\n"
         "      $_[0], $_[0], 'ParameterValue', $_[1])\n"
         "  }\n"
         "}\n";
}

std::string elvish_script(const Tree& tree) {
  std::string out =
      "# cortex completion for elvish\n"
      "use str\n"
      "set edit:completion:arg-completer[cortex] = {|@words|\n"
      "  var table = [\n";
  for (const Node& node : tree) {
    out += cat("    &'", node.path, "'=[\n");
    for (const Entry& entry : node.entries) {
      out += cat("      ['", entry.word, "' ", in_quotes(entry.about, "''"), "]\n");
    }
    out += "    ]\n";
  }
  return out +
         "  ]\n"
         "  var route = ''\n"
         "  for word $words[1..-1] {\n"
         "    var next = (str:trim-space $route' '$word)\n"
         "    if (has-key $table $next) { set route = $next }\n"
         "  }\n"
         "  for entry $table[$route] {\n"
         "    edit:complex-candidate $entry[0] &display=$entry[0]' '$entry[1]\n"
         "  }\n"
         "}\n";
}

struct Dialect {
  std::string_view shell;
  std::string (*write)(const Tree&);
};

constexpr Dialect kDialects[] = {
    {"bash", bash_script}, {"elvish", elvish_script},
    {"fish", fish_script}, {"powershell", powershell_script},
    {"zsh", zsh_script},
};

}  // namespace

std::optional<std::string> completion_script(std::string_view shell) {
  for (const Dialect& dialect : kDialects) {
    if (dialect.shell == shell) return dialect.write(build_tree());
  }
  return std::nullopt;
}

}  // namespace cortex::cli
