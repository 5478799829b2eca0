#include "llm/message.h"

#include <array>
#include <charconv>

#include "base/text.h"
#include "crypto/digest.h"

namespace cortex::llm {
namespace {

// Shortest text that reads back as the same 32-bit float, with ".0" where it is whole.
std::string float_text(float value) {
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  std::string text(buffer.data(), end.ptr);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string_view role_token(Role role) {
  constexpr std::array<std::string_view, 3> kTokens{"user", "assistant", "tool"};
  return kTokens[static_cast<std::size_t>(role)];
}

std::string prompt_document(const Request& request) {
  std::string out = "{\"system\":";
  json::write_string(out, request.system);
  out += ",\"messages\":[";
  for (const Message& message : request.messages) {
    if (&message != request.messages.data()) out += ',';
    out += cat("{\"role\":\"", role_token(message.role), "\",\"content\":");
    json::write_string(out, message.content);
    out += '}';
  }
  out += cat("],\"temperature\":", float_text(request.temperature),
             ",\"max_tokens\":", request.max_tokens);
  if (request.json_schema) {
    out += ",\"json_schema\":";
    json::write_compact(out, *request.json_schema, json::Keys::kSorted);
  }
  out += '}';
  return out;
}

std::string prompt_hash(const Request& request) {
  return crypto::blake3_hex(prompt_document(request));
}

json::Value to_json(const std::optional<Usage>& usage) {
  if (!usage) return nullptr;
  return json::Object{{"prompt_tokens", usage->prompt_tokens},
                      {"completion_tokens", usage->completion_tokens}};
}

}  // namespace cortex::llm
