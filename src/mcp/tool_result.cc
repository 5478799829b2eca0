#include "mcp/tool_result.h"

#include <utility>
#include <vector>

#include "base/text.h"
#include "mcp/reply.h"

namespace cortex::mcp {
namespace {

std::size_t text_size(const json::Value& value) { return json::write_compact(value).size(); }

json::Array text_content(std::string text) {
  return {json::Object{{"type", "text"}, {"text", std::move(text)}}};
}

}  // namespace

Status fit(const Tool& tool, json::Object& object, std::size_t bytes_max) {
  std::size_t size = text_size(object);
  if (size <= bytes_max) return {};
  json::Value* member = tool.list.empty() ? nullptr : object.find(tool.list);
  json::Array* list = member == nullptr ? nullptr : member->as_array();
  constexpr std::size_t kNoteBytes = 64;  // of the two members that say what was left out
  std::size_t omitted = 0;
  while (list != nullptr && !list->empty() && size + kNoteBytes > bytes_max) {
    size -= std::min(size, text_size(list->back()) + 1);
    list->pop_back();
    ++omitted;
  }
  if (size + kNoteBytes > bytes_max) {
    return make_error(Code::kPrecondition,
                      cat("the reply of ", tool.name, " would be longer than ",
                          with_thousands(bytes_max), " bytes"),
                      tool.read_only() ? "nothing was changed" : "what the call did stands",
                      "ask for less, or use the command line", "size_limit_exceeded");
  }
  object.set("truncated", true);
  object.set("omitted", omitted);
  return {};
}

json::Object tool_result(json::Object object) {
  const json::Value content = json::sorted(std::move(object));
  return {{"content", text_content(json::write_compact(content))},
          {"structuredContent", content},
          {"isError", false}};
}

json::Object tool_refusal(const Error& error) {
  const RpcError rpc = rpc_error(error);
  std::string text = rpc.message;
  if (!error.unchanged.empty()) text += cat("; ", error.unchanged);
  if (!error.next.empty()) text += cat(". Next: ", error.next);
  json::Object refusal = resolution(error);
  refusal.add("code", rpc.code);
  return {{"content", text_content(std::move(text))},
          {"isError", true},
          {"_meta", json::Object{{"cortex/refusal", std::move(refusal)}}}};
}

}  // namespace cortex::mcp
