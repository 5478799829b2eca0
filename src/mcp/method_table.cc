#include "mcp/method_table.h"

#include <utility>

#include "base/text.h"
#include "mcp/completion.h"
#include "mcp/conformance_fixtures.h"
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

// A result with the rows that fixtures add to its list.
json::Object with_fixtures(const Question& question, json::Object result, std::string_view list,
                           void (*add)(json::Array&)) {
  if (question.host.fixtures) add(*result.find(list)->as_array());
  return result;
}

Answer answer_templates(const Question& question) {
  return with_fixtures(question, templates_result(), "resourceTemplates", add_fixture_templates);
}
Answer answer_prompts(const Question& question) {
  return with_fixtures(question, prompts_result(), "prompts", add_fixture_prompts);
}

Answer answer_resources(const Question& question) {
  auto listed = list_resources(question.host, text_param(question, "cursor"));
  if (!listed.ok()) return rpc_error(listed.error());
  return with_fixtures(question, std::move(listed).value(), "resources", add_fixture_resources);
}

Answer answer_read(const Question& question) {
  const auto uri = text_param(question, "uri");
  if (!uri) return needs("resources/read", "uri");
  if (question.host.fixtures) {
    if (auto fixture = fixture_resource(*uri)) return *std::move(fixture);
  }
  auto text = read_resource(question.host, *uri);
  if (text.ok()) return contents_result(*uri, std::move(text).value());
  return reading_error(text.error(), *uri, question.revision);
}

Answer answer_prompt(const Question& question) {
  const auto name = text_param(question, "name");
  if (!name) return needs("prompts/get", "the name of a prompt");
  if (question.host.fixtures) {
    auto fixture = fixture_prompt(*name, object_of(question.params.find("arguments")));
    if (fixture) return *std::move(fixture);
  }
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
