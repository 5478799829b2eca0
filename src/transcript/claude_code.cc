// Sessions of Claude Code: one JSON object a line, told by `type`; messages as the Messages API has
// them.
#include <deque>
#include <map>
#include <utility>

#include "base/text.h"
#include "transcript/readers.h"

namespace cortex::transcript {
namespace {

// Names of the tools behind the calls that wait for their result.
class OpenCalls {
 public:
  void add(const std::string& id, const std::string& name) {
    if (!names_.emplace(id, name).second) return;
    order_.push_back(id);
    if (order_.size() > kMost) {
      names_.erase(order_.front());
      order_.pop_front();
    }
  }
  std::string name_of(const std::string& id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? std::string("tool") : found->second;
  }

 private:
  static constexpr std::size_t kMost = 4096;
  std::map<std::string, std::string> names_;
  std::deque<std::string> order_;
};

std::string text_member(const json::Value& value, std::string_view name) {
  const std::string* text = value.find_text(name);
  return text == nullptr ? std::string() : *text;
}

json::Value member_or_null(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr ? json::Value() : *found;
}

class ClaudeCode {
 public:
  explicit ClaudeCode(Emitter& out) : out_(out) {}

  Status line(Place place, const json::Value& value) {
    place.session = text_member(value, "sessionId");
    place.at = time_of(value.find("timestamp"));
    // Resumed sessions repeat lines of others under their old ids.
    if (const std::string uuid = text_member(value, "uuid"); !uuid.empty()) {
      place.key = uuid;
      place.with_content = false;
    }
    const std::string type = text_member(value, "type");
    const json::Value* message = value.find("message");
    if ((type == "user" || type == "assistant") && message != nullptr) {
      return blocks(place, value, *message, type == "user");
    }
    if (type == "summary") return out_.note(place, {{"summary", member_or_null(value, "summary")}});
    if (type == "system") return out_.note(place, {{"text", member_or_null(value, "content")}});
    return out_.unknown(place, value);
  }

 private:
  static bool is_meta(const json::Value& line) {
    const json::Value* meta = line.find("isMeta");
    return meta != nullptr && meta->as_bool() != nullptr && *meta->as_bool();
  }

  Status blocks(const Place& place, const json::Value& line, const json::Value& message,
                bool user) {
    const json::Value* content = message.find("content");
    if (content == nullptr) return out_.unknown(place, line);
    const std::string model = text_member(message, "model");
    if (content->as_string() != nullptr) {
      return text(place, model, *content->as_string(), user, is_meta(line));
    }
    const json::Array* array = content->as_array();
    if (array == nullptr) return out_.unknown(place, line);
    std::size_t number = 0;
    for (const json::Value& one : *array) {
      Place part = place;
      part.key = cat(place.key, "#", number++);
      CORTEX_TRY(block(part, model, one, user, is_meta(line)));
    }
    return {};
  }

  Status text(const Place& place, const std::string& model, const std::string& text, bool user,
              bool meta) {
    if (!user) return out_.agent(place, model, "text", text);
    // What the program says in the name of the user is no word of the user.
    if (meta) return out_.note(place, {{"text", text}});
    return out_.user(place, text);
  }

  Status block(const Place& place, const std::string& model, const json::Value& one, bool user,
               bool meta) {
    const std::string type = text_member(one, "type");
    if (type == "text") return text(place, model, text_member(one, "text"), user, meta);
    if (type == "thinking") {
      return out_.agent(place, model, "thinking", text_member(one, "thinking"));
    }
    if (type == "tool_use") {
      const std::string name = text_member(one, "name");
      calls_.add(text_member(one, "id"), name);
      return out_.emit(place, core::SourceType::kTool, name, core::EventType::kToolCall,
                       {{"id", text_member(one, "id")},
                        {"input", member_or_null(one, "input")},
                        {"name", name}});
    }
    if (type == "tool_result") {
      const std::string id = text_member(one, "tool_use_id");
      json::Object payload{{"tool_use_id", id}, {"content", member_or_null(one, "content")}};
      if (const json::Value* failed = one.find("is_error")) payload.add("is_error", *failed);
      return out_.emit(place, core::SourceType::kTool, calls_.name_of(id),
                       core::EventType::kToolResult, std::move(payload));
    }
    return out_.unknown(place, one);
  }

  Emitter& out_;
  OpenCalls calls_;
};

}  // namespace

Status read_claude_code(const ReadAt& read, Emitter& out) {
  ClaudeCode reader(out);
  return each_json_line(read, out, [&reader](const Place& place, json::Value&& value) {
    return reader.line(place, value);
  });
}

}  // namespace cortex::transcript
