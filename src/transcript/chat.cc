// Messages with roles, a line or an element each: {"role", "content"}, {"from", "value"},
// {"messages": [...]}, with times, names and calls of tools where they have them.
#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "transcript/readers.h"

namespace cortex::transcript {
namespace {

enum class Role { kUser, kAgent, kTool, kSystem };

struct RoleRow {
  std::string_view name;
  Role role;
};
constexpr RoleRow kRoles[] = {
    {"user", Role::kUser},        {"human", Role::kUser},    {"assistant", Role::kAgent},
    {"ai", Role::kAgent},         {"gpt", Role::kAgent},     {"model", Role::kAgent},
    {"bot", Role::kAgent},        {"chatgpt", Role::kAgent}, {"claude", Role::kAgent},
    {"tool", Role::kTool},        {"function", Role::kTool}, {"system", Role::kSystem},
    {"developer", Role::kSystem},
};

std::optional<Role> role_of(const json::Value& message) {
  std::string name = first_text(message, {"role", "from", "speaker"});
  if (const json::Value* author = message.find("author"); name.empty() && author != nullptr) {
    name = author->as_string() ? *author->as_string() : first_text(*author, {"role"});
  }
  const auto* row = std::ranges::find(kRoles, to_lower_ascii(trim(name)), &RoleRow::name);
  return row == std::end(kRoles) ? std::nullopt : std::optional(row->role);
}

const json::Value* content_of(const json::Value& message) {
  for (const char* name : {"content", "value", "text", "message"}) {
    if (const json::Value* found = message.find(name)) return found;
  }
  return nullptr;
}

std::optional<Timestamp> time_in(const json::Value& message) {
  for (const char* name : {"timestamp", "created_at", "create_time", "time", "date", "ts"}) {
    if (const auto time = time_of(message.find(name))) return time;
  }
  return std::nullopt;
}

// The calls of tools inside a message of an assistant.
Status emit_calls(Emitter& out, const Place& place, const json::Value& message) {
  const json::Value* calls = message.find("tool_calls");
  if (calls == nullptr || calls->as_array() == nullptr) return {};
  std::size_t number = 0;
  for (const json::Value& call : *calls->as_array()) {
    Place part = place;
    part.key = cat(place.key, "#call", number++);
    const json::Value* function = call.find("function");
    const json::Value& named = function == nullptr ? call : *function;
    const json::Value* arguments = named.find("arguments");
    CORTEX_TRY(out.emit(part, core::SourceType::kTool, first_text(named, {"name"}),
                        core::EventType::kToolCall,
                        {{"id", first_text(call, {"id"})},
                         {"input", arguments == nullptr ? json::Value() : *arguments},
                         {"name", first_text(named, {"name"})}}));
  }
  return {};
}

Place place_of(Place place, const json::Value& message) {
  const std::string session = first_text(
      message, {"session_id", "sessionId", "conversation_id", "conversationId", "thread_id"});
  if (!session.empty()) place.session = session;
  if (const auto time = time_in(message)) place.at = time;
  return place;
}

// One message, or a conversation of several under one of its usual names.
Status emit_any(Emitter& out, const Place& place, const json::Value& value) {
  for (const char* name : {"messages", "conversations", "conversation"}) {
    const json::Value* all = value.find(name);
    if (all == nullptr || all->as_array() == nullptr) continue;
    Place base = place_of(place, value);
    if (base.session.empty()) base.session = first_text(value, {"id"});
    std::size_t number = 0;
    for (const json::Value& message : *all->as_array()) {
      Place part = base;
      part.key = cat(place.key, "#", number++);
      CORTEX_TRY(emit_message(out, part, message));
    }
    return {};
  }
  return emit_message(out, place, value);
}

}  // namespace

Status emit_message(Emitter& out, const Place& where, const json::Value& message) {
  const auto role = role_of(message);
  const json::Value* content = content_of(message);
  if (!role || content == nullptr) return out.unknown(where, message);
  const Place place = place_of(where, message);
  const std::string text = content_text(*content);
  const std::string name = first_text(message, {"name", "model", "tool_name"});
  switch (*role) {
    case Role::kUser:
      return out.user(place, text);
    case Role::kAgent:
      CORTEX_TRY(out.agent(place, name, "text", text));
      return emit_calls(out, place, message);
    case Role::kTool:
      return out.emit(
          place, core::SourceType::kTool, name.empty() ? "tool" : name,
          core::EventType::kToolResult,
          {{"content", *content}, {"tool_use_id", first_text(message, {"tool_call_id", "id"})}});
    case Role::kSystem:
      return out.note(place, {{"text", text}});
  }
  return {};
}

Status read_chat(const ReadAt& read, Emitter& out) {
  CORTEX_ASSIGN(const char first, first_byte(read));
  if (first == '[') {
    return each_json_element(read, out,
                             [&out](std::string_view, const Place& place, json::Value&& value) {
                               return emit_any(out, place, value);
                             });
  }
  return each_json_line(read, out, [&out](const Place& place, json::Value&& value) {
    return emit_any(out, place, value);
  });
}

}  // namespace cortex::transcript
