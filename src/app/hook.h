// `cortex hook`: an agent program calls Cortex when a session begins, when it is asked something,
// and when the session ends.
//
// Installing edits the settings of the program; what was there is kept, and comes back byte for
// byte. What the hooks run answers fast or not at all, and never stops the agent.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

struct HookRequest {
  std::string settings_path{};     // of the agent program
  std::string program = "cortex";  // what the hooks call
  Layout layout{};
};
struct HookReport {
  std::string settings_path{};
  bool changed = false;
  bool restored_exactly = false;  // of an uninstall
  std::string note{};
};
// Errors: kPrecondition with the file unchanged. Installing twice is one installation.
Result<HookReport> install_hooks(Services& services, const HookRequest& request);
Result<HookReport> uninstall_hooks(Services& services, const HookRequest& request);
json::Value to_json(const HookReport& report);

// ~/.claude/settings.json. Error: kPrecondition without HOME.
Result<std::string> default_claude_settings(const Environment& environment);

// What the program says on standard input.
struct HookCall {
  std::string event{};  // "SessionStart", "UserPromptSubmit", "SessionEnd"
  std::string session_id{}, transcript_path{}, cwd{}, prompt{};
};
Result<HookCall> parse_hook_call(std::string_view text);

// The answer to SessionStart and UserPromptSubmit: what is remembered about the folder, or about
// the prompt, as additional context; empty when there is nothing. Reads only.
Result<std::string> answer_hook(Services& services, const Layout& layout, const HookCall& call);

// The work of SessionEnd: the transcript into the ledger.
Status record_session(Services& services, const Environment& environment, const Layout& layout,
                      const HookCall& call);

// Where the last failure of a hook is told: nobody sees its standard error.
std::string hook_failure_path(const Layout& layout);

}  // namespace cortex::app
