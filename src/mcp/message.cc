#include "mcp/message.h"

#include <utility>

#include "base/text.h"
#include "json/cursor.h"

namespace cortex::mcp {
namespace {

std::string_view without_frame(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return trim(text);
}

// What was seen of the members, before the rules are applied.
struct Members {
  int ids = 0;
  bool good_id = false;
  bool is_version_two = false;
  bool has_method = false;  // a string
  bool has_outcome = false;
  Message message;
};

bool read_id(json::Cursor& cursor, Members& seen) {
  ++seen.ids;
  const json::Type type = cursor.peek();
  if (type == json::Type::kString) {
    std::string text;
    if (!cursor.read_string(text)) return false;
    seen.message.id.clear();
    json::write_string(seen.message.id, text);
    seen.good_id = true;
    return true;
  }
  if (type == json::Type::kNumber) {
    json::Number number;
    std::string_view token;
    if (!cursor.read_number(number, token)) return false;
    constexpr std::uint64_t kIdMax = (1ULL << 63U) - 1;
    const bool whole = token.find_first_of(".eE") == std::string_view::npos;
    seen.good_id =
        whole && number.kind != json::Number::Kind::kDouble && number.u <= kIdMax && token != "-0";
    seen.message.id = token;
    return true;
  }
  return cursor.skip_value();
}

bool read_text(json::Cursor& cursor, std::string& out, bool& is_text) {
  is_text = cursor.peek() == json::Type::kString;
  return is_text ? cursor.read_string(out) : cursor.skip_value();
}

bool read_member(json::Cursor& cursor, std::string_view key, Members& seen) {
  if (key == "id") return read_id(cursor, seen);
  if (key == "method") return read_text(cursor, seen.message.method, seen.has_method);
  if (key == "params") return json::read_value(cursor, seen.message.params);
  if (key == "jsonrpc") {
    std::string version;
    bool is_text = false;
    if (!read_text(cursor, version, is_text)) return false;
    seen.is_version_two = is_text && version == "2.0";
    return true;
  }
  if (key == "result" || key == "error") seen.has_outcome = true;
  return cursor.skip_value();
}

Message judge(Members seen) {
  if (!seen.is_version_two) return {};
  Message& message = seen.message;
  if (!seen.has_method) return seen.has_outcome ? Message{.form = Form::kReply} : Message{};
  if (seen.ids == 0) {
    message.form = Form::kNotification;
  } else if (seen.ids > 1 || !seen.good_id) {
    return {.form = Form::kBadId};
  } else {
    message.form = Form::kRequest;
  }
  return std::move(message);
}

// Leaves the cursor behind the object.
Message read_message(json::Cursor& cursor) {
  Members seen;
  if (!cursor.enter_object()) return {};
  std::string_view key;
  while (cursor.next_member(key)) {
    if (!read_member(cursor, key, seen)) return {};
  }
  if (cursor.failed()) return {};
  return judge(std::move(seen));
}

}  // namespace

Message decode_message(std::string_view text) {
  json::Cursor cursor(without_frame(text));
  Message message = read_message(cursor);
  if (cursor.failed() || !cursor.at_end()) return {};
  return message;
}

bool is_answered(const Message& message) {
  return message.form != Form::kNotification && message.form != Form::kReply;
}

bool is_batch(std::string_view text) { return without_frame(text).starts_with('['); }

std::vector<Message> decode_batch(std::string_view text) {
  json::Cursor cursor(without_frame(text));
  std::vector<Message> messages;
  if (!cursor.enter_array()) return {};
  while (cursor.next_element()) {
    if (messages.size() == kBatchMax) return {};
    if (cursor.peek() != json::Type::kObject) {
      if (!cursor.skip_value()) return {};
      messages.emplace_back();
      continue;
    }
    messages.push_back(read_message(cursor));
    if (cursor.failed()) return {};
  }
  if (cursor.failed() || !cursor.at_end()) return {};
  return messages;
}

}  // namespace cortex::mcp
