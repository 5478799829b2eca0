// An event of a trace as reflection sees it, and the text in it.
#pragma once

#include <string>
#include <vector>

#include "core/event.h"
#include "json/value.h"

namespace cortex::reflect {

struct TraceEvent {
  std::string id;  // "evt_..."
  core::EventType type = core::EventType::kSystemNote;
  core::Source source{};
  std::string observed_at;  // RFC 3339
  std::vector<std::string> domains{};
  json::Value payload{};
};

// What a payload says in words: itself when it is a string, else its members `text`, `content`,
// `message`, `body`, `note`, `claim`, `decision` and `correction`, in this order; blocks of content
// ({"type": "text", "text": ...}) count too. Blocks that call tools or hold their results do not.
std::string text_of(const json::Value& payload);

}  // namespace cortex::reflect
