#include "mcp/method_table.h"

#include <utility>

#include "base/text.h"
#include "mcp/completion.h"
#include "mcp/prompts.h"
#include "mcp/resources.h"

namespace cortex::mcp {
namespace {

// Errors of methods, unlike those of tools, are never results.
Answer answer_of(Result<json::Object> outcome) {
  if (outcome.ok()) return std::move(outcome).value();
  return rpc_error(outcome.error());
}

std::optional<std::string> text_param(const Question& question, std::string_view key) {
  const json::Value* value = question.params.find(key);
  return value == nullptr || value->as_string() == nullptr ? std::nullopt
                                                           : std::optional(*value->as_string());
}

RpcError needs(std::string_view method, std::string_view what) {
  return {code::kInvalidParams, cat(method, " needs ", what)};
}

Answer answer_nothing(const Question&) { return json::Object{}; }
Answer answer_discover(const Question&) { return discover_result(); }
Answer answer_tools(const Question& question) { return tools_result(question.host); }
Answer answer_templates(const Question&) { return templates_result(); }
Answer answer_prompts(const Question&) { return prompts_result(); }

Answer answer_resources(const Question& question) {
  return answer_of(list_resources(question.host, text_param(question, "cursor")));
}

Answer answer_read(const Question& question) {
  const auto uri = text_param(question, "uri");
  if (!uri) return needs("resources/read", "uri");
  auto text = read_resource(question.host, *uri);
  if (text.ok()) return contents_result(*uri, std::move(text).value());
  const Error& error = text.error();
  if (error.code != Code::kUsage && !is_missing(error)) return rpc_error(error);
  return RpcError{question.revision.handshake ? code::kResourceNotFound : code::kInvalidParams,
                  error.message, json::Object{{"uri", *uri}}};
}

Answer answer_prompt(const Question& question) {
  const auto name = text_param(question, "name");
  if (!name) return needs("prompts/get", "the name of a prompt");
  return answer_of(get_prompt(question.host, question.client, *name,
                              object_of(question.params.find("arguments"))));
}

Answer answer_completion(const Question& question) {
  return answer_of(complete(question.host, question.params));
}

constexpr Method kMethods[] = {
    {.name = "ping", .stateless = false, .takes_any_params = true, .answer = answer_nothing},
    {.name = "server/discover", .cache = Cache::kList, .answer = answer_discover},
    {.name = "tools/list", .cache = Cache::kList, .answer = answer_tools},
    {.name = "resources/list",
     .reads_store = true,
     .cache = Cache::kNow,
     .answer = answer_resources},
    {.name = "resources/templates/list", .cache = Cache::kList, .answer = answer_templates},
    {.name = "resources/read", .reads_store = true, .cache = Cache::kNow, .answer = answer_read},
    {.name = "prompts/list", .cache = Cache::kList, .answer = answer_prompts},
    {.name = "prompts/get", .reads_store = true, .answer = answer_prompt},
    {.name = "completion/complete", .reads_store = true, .answer = answer_completion},
};

}  // namespace

const Method* find_method(std::string_view name) {
  for (const Method& method : kMethods) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

const json::Object& object_of(const json::Value* value) {
  static const json::Object kNone;
  const json::Object* object = value == nullptr ? nullptr : value->as_object();
  return object == nullptr ? kNone : *object;
}

std::string text_member(const json::Object& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value == nullptr || value->as_string() == nullptr ? "" : *value->as_string();
}

}  // namespace cortex::mcp
