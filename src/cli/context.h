// What a command has at hand, and what it gives back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/config.h"
#include "app/layout.h"
#include "app/serve.h"
#include "app/services.h"
#include "base/result.h"
#include "cli/parse.h"
#include "cli/terminal.h"
#include "json/value.h"

namespace cortex::cli {

struct Context {
  app::Services& services;
  const app::Environment& environment;
  const Terminal& terminal;
  const Invocation& invocation;
  const app::Server* server = nullptr;  // what `serve` runs

  bool json() const { return invocation.json; }
  // Where the data is, by flags (where the command has them), environment and configuration file.
  Result<app::Layout> layout() const;
  // What may be recorded, by environment and configuration file.
  Result<memory::GatePolicy> write_gate() const;
};

// The end of one command. Text and report are two renderings of the same thing: with --json the
// envelope of `report` goes to stdout and `text` does not.
struct Outcome {
  Code code = Code::kOk;
  std::string text{};         // for stdout
  std::string diagnostics{};  // for stderr, in both modes
  json::Value report{};
  std::optional<json::Value> policy_outcome{};  // of the envelope
  std::optional<std::string> outcome{};         // of the envelope, when not that of the code
  bool bare = false;                            // no envelope, not even with --json
};

// "cortex backup: <what happened>; <what was left unchanged>. Next: <what to do>."
std::string error_line(std::string_view command, const Error& error);

// A refused run: the error on stderr, `report` in the envelope.
Outcome failed(const Context& context, const Error& error, json::Value report = nullptr);

}  // namespace cortex::cli
