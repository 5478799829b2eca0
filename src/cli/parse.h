// From argv to an Invocation, or to the text and exit code with which the program ends at once
// (help, version, errors).
//
// Nothing is opened, read or changed here. Parser errors are Code::kUsage, text on stderr, never an
// envelope; the one exception is `cortex --json` without a command. Only the path of the command
// that was typed is built.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cli/command_table.h"
#include "cli/help.h"

namespace cortex::cli {

// Asks for an envelope from every command. Accepted wherever the common `--json` is.
inline constexpr std::string_view kWholeJson = "--json=v2";

struct Invocation {
  const Command* command = nullptr;  // nullptr exactly when print_config
  bool json = false;
  bool enveloped = false;  // kWholeJson
  bool print_config = false;
  // Flags (without dashes) and positionals by name. A switch that was given has the value "true".
  std::map<std::string, std::vector<std::string>, std::less<>> values;

  bool has(std::string_view name) const { return values.contains(name); }
  // The value given, or nullopt.
  std::optional<std::string> optional(std::string_view name) const;
  // The value of a required flag or positional; "" when it was not given.
  std::string value(std::string_view name) const;
  // All values of a repeatable flag, in the order given.
  std::vector<std::string> all(std::string_view name) const;
};

struct Exit {
  Code code = Code::kOk;
  std::string out;  // for stdout
  std::string err;  // for stderr
};

using Parsed = std::variant<Invocation, Exit>;

// `correlation_id` is only used for the envelope of a missing command, `columns` for help.
Parsed parse(int argc, const char* const* argv, std::string_view correlation_id,
             std::size_t columns = kHelpColumnsMax);

// The arguments after the words of one command. Split from parse() so that any row can be tried.
Parsed parse_arguments(const Command& command, std::span<const std::string> arguments,
                       std::size_t columns = kHelpColumnsMax);

}  // namespace cortex::cli
