// conversations.json of a ChatGPT export: an array of conversations, each a tree of messages.
#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "transcript/readers.h"

namespace cortex::transcript {
namespace {

struct Node {
  std::string key;
  Timestamp at;
  const json::Value* message = nullptr;
};

// All branches, in the order in which they were written.
std::vector<Node> nodes_of(const json::Object& mapping, Timestamp begin) {
  std::vector<Node> nodes;
  Timestamp last = begin;
  for (const auto& [id, node] : mapping) {
    const json::Value* message = node.find("message");
    if (message == nullptr || message->as_object() == nullptr) continue;
    std::string key = first_text(*message, {"id"});
    if (key.empty()) key = id;
    last = time_of(message->find("create_time")).value_or(last);
    nodes.push_back({std::move(key), last, message});
  }
  std::ranges::stable_sort(nodes, {}, &Node::at);
  return nodes;
}

std::string author_of(const json::Value& message, std::string_view member) {
  const json::Value* author = message.find("author");
  return author == nullptr ? std::string() : first_text(*author, {member});
}

Status emit_node(Emitter& out, const std::string& session, const Node& node) {
  const json::Value& message = *node.message;
  const Place place{.session = session, .key = node.key, .at = node.at};
  const json::Value* content = message.find("content");
  const json::Value* parts = content == nullptr ? nullptr : content->find("parts");
  const std::string text = parts != nullptr     ? content_text(*parts)
                           : content != nullptr ? content_text(*content)
                                                : std::string();
  const std::string role = author_of(message, "role");
  const json::Value* metadata = message.find("metadata");
  const std::string model =
      metadata == nullptr ? std::string() : first_text(*metadata, {"model_slug"});
  if (role == "user") return out.user(place, text);
  if (role == "assistant") return out.agent(place, model, "text", text);
  if (role == "tool") {
    return out.emit(place, core::SourceType::kTool, author_of(message, "name"),
                    core::EventType::kToolResult, {{"content", text}});
  }
  if (role != "system") return out.unknown(place, message);
  if (!is_blank(text)) return out.note(place, {{"text", text}});
  ++out.counts().empty;
  return {};
}

Status emit_conversation(Emitter& out, const Place& place, json::Value&& value) {
  const json::Value* mapping = value.find("mapping");
  if (mapping == nullptr || mapping->as_object() == nullptr) return out.unknown(place, value);
  std::string session = first_text(value, {"conversation_id", "id"});
  if (session.empty()) session = cat(out.session(), " ", place.key);
  const auto begin = time_of(value.find("create_time")).value_or(Timestamp{});
  if (const std::string title = first_text(value, {"title"}); !title.empty()) {
    CORTEX_TRY(out.note({.session = session, .key = "title", .at = begin}, {{"title", title}}));
  }
  for (const Node& node : nodes_of(*mapping->as_object(), begin)) {
    CORTEX_TRY(emit_node(out, session, node));
  }
  return {};
}

}  // namespace

Status read_chatgpt(const ReadAt& read, Emitter& out) {
  return each_json_element(read, out,
                           [&out](std::string_view, const Place& place, json::Value&& value) {
                             return emit_conversation(out, place, std::move(value));
                           });
}

}  // namespace cortex::transcript
