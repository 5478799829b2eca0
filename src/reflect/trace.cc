#include "reflect/trace.h"

#include <array>
#include <string_view>

namespace cortex::reflect {
namespace {

constexpr std::array<std::string_view, 8> kTextMembers{"text", "content", "message",  "body",
                                                       "note", "claim",   "decision", "correction"};

void append_line(std::string& out, std::string_view text) {
  if (text.empty()) return;
  if (!out.empty()) out += '\n';
  out += text;
}

std::string text_of_member(const json::Value& value) {
  if (const std::string* text = value.as_string()) return *text;
  std::string out;
  if (const json::Array* blocks = value.as_array()) {
    for (const json::Value& block : *blocks) {
      const std::string* type = block.find_text("type");
      const std::string* text = block.find_text("text");
      const bool words = type == nullptr || *type == "text";
      if (block.as_string() != nullptr) append_line(out, *block.as_string());
      if (words && text != nullptr) append_line(out, *text);
    }
  } else if (const json::Value* content = value.find("content")) {
    // {"role": "user", "content": ...}; no deeper than this
    if (const std::string* text = content->as_string()) return *text;
    if (content->as_array() != nullptr) return text_of_member(*content);
  }
  return out;
}

}  // namespace

std::string text_of(const json::Value& payload) {
  if (const std::string* text = payload.as_string()) return *text;
  std::string out;
  for (const std::string_view member : kTextMembers) {
    if (const json::Value* value = payload.find(member)) append_line(out, text_of_member(*value));
  }
  return out;
}

}  // namespace cortex::reflect
