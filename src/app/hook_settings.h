// Hooks in the settings file of an agent program, as edits of its text: everything else in the file
// stays byte for byte, and taking the hooks out again gives the file that was there. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cortex::app {

struct HookEntry {
  std::string event;    // "SessionStart"
  std::string command;  // as a shell reads it
  int timeout_seconds = 5;
};

// What was put in, and where it stands in the text that came out.
struct InsertedSpan {
  std::size_t offset = 0;
  std::string text;
};

struct EditedSettings {
  std::string text;
  std::vector<InsertedSpan> spans;  // ascending
};

// `settings` may be empty. Errors: kPrecondition when it is no JSON object, or `hooks` or one of
// its events is not of the shape that the agent program documents.
Result<EditedSettings> add_hooks(std::string_view settings, const std::vector<HookEntry>& entries);

// Takes the spans out where they stand, or, in a text that was edited since, where their text
// stands exactly once. Error: kPrecondition when one is not found.
Result<std::string> remove_hooks(std::string_view settings, const std::vector<InsertedSpan>& spans);

}  // namespace cortex::app
