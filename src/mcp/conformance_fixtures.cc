#include "mcp/conformance_fixtures.h"

#ifdef CORTEX_CONFORMANCE_FIXTURES

#include <chrono>
#include <thread>
#include <utility>

#include "base/text.h"
#include "mcp/method_table.h"

namespace cortex::mcp {
namespace {

// One red pixel.
constexpr std::string_view kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJg"
    "gg==";
// Nothing to hear: a header without samples.
constexpr std::string_view kWav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
constexpr std::chrono::milliseconds kFixtureStep{300};  // longer than the pump of progress waits

json::Object text(std::string_view value) { return {{"type", "text"}, {"text", value}}; }
json::Object image() { return {{"type", "image"}, {"data", kPng}, {"mimeType", "image/png"}}; }
json::Object embedded(std::string_view uri, std::string_view type, std::string_view value) {
  return {{"type", "resource"},
          {"resource", json::Object{{"uri", uri}, {"mimeType", type}, {"text", value}}}};
}
json::Object result(json::Array content) {
  return {{"content", std::move(content)}, {"isError", false}};
}

Result<json::Object> run_text(const Call&) {
  return result({text("This is a simple text response for testing.")});
}
Result<json::Object> run_image(const Call&) { return result({image()}); }
Result<json::Object> run_audio(const Call&) {
  return result({json::Object{{"type", "audio"}, {"data", kWav}, {"mimeType", "audio/wav"}}});
}
Result<json::Object> run_embedded(const Call&) {
  return result({embedded("test://embedded-resource", "text/plain",
                          "This is an embedded resource content.")});
}
Result<json::Object> run_mixed(const Call&) {
  return result({text("Multiple content types test:"), image(),
                 embedded("test://mixed-content-resource", "application/json",
                          R"({"test":"data","value":123})")});
}
Result<json::Object> run_error(const Call&) {
  json::Object out = result({text("This tool intentionally returns an error for testing")});
  out.set("isError", true);
  return out;
}
Result<json::Object> run_progress(const Call& call) {
  begin_phase(call.progress, "testing", 100);
  for (const std::uint64_t part : {1U, 49U, 50U}) {
    add_progress(call.progress, part);
    std::this_thread::sleep_for(kFixtureStep);
  }
  return result({text("Progress was told.")});
}
Result<json::Object> run_schema(const Call&) { return result({text("ok")}); }

constexpr std::string_view kSchema = R"({"$schema":")"
                                     "https"
                                     R"(://json-schema.org/draft/2020-12/schema","type":"object",
"$defs":{"address":{"$anchor":"addressDef","type":"object","properties":{"street":{"type":"string"},
"city":{"type":"string"}}}},"properties":{"name":{"type":"string"},"address":{"$ref":
"#/$defs/address"},"contactMethod":{"type":"string","enum":["phone","email"]},"phone":{"type":
"string"},"email":{"type":"string"}},"allOf":[{"anyOf":[{"required":["phone"]},{"required":
["email"]}]}],"if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},
"then":{"required":["phone"]},"else":{"required":["email"]},"additionalProperties":false})";

constexpr Tool kFixtureTools[] = {
    {.name = "test_simple_text",
     .title = "Text",
     .about = "Fixture.",
     .run = run_text,
     .raw = true},
    {.name = "test_image_content",
     .title = "Image",
     .about = "Fixture.",
     .run = run_image,
     .raw = true},
    {.name = "test_audio_content",
     .title = "Audio",
     .about = "Fixture.",
     .run = run_audio,
     .raw = true},
    {.name = "test_embedded_resource",
     .title = "Resource",
     .about = "Fixture.",
     .run = run_embedded,
     .raw = true},
    {.name = "test_multiple_content_types",
     .title = "Mixed",
     .about = "Fixture.",
     .run = run_mixed,
     .raw = true},
    {.name = "test_error_handling",
     .title = "Error",
     .about = "Fixture.",
     .run = run_error,
     .raw = true},
    {.name = "test_tool_with_progress",
     .title = "Progress",
     .about = "Fixture.",
     .lane = Lane::kSlow,
     .run = run_progress,
     .raw = true},
    {.name = "json_schema_2020_12_tool",
     .title = "Schema",
     .about = "Tool with JSON Schema 2020-12 features",
     .run = run_schema,
     .raw = true,
     .input_schema = kSchema},
    {.name = "test_missing_capability",
     .title = "Capability",
     .about = "Fixture.",
     .run = run_text,
     .raw = true,
     .client_needs = "sampling"},
    {.name = "test_streaming_elicitation",
     .title = "No questions",
     .about = "Fixture: this server never asks its client.",
     .run = run_text,
     .raw = true},
    {.name = "test_logging_tool",
     .title = "No log",
     .about = "Fixture: this server never logs to its client.",
     .run = run_text,
     .raw = true},
};

json::Object contents(std::string_view uri, std::string_view type, std::string_view key,
                      std::string_view value) {
  return {
      {"contents", json::Array{json::Object{
                       {"uri", uri}, {"mimeType", type}, {std::string(key), std::string(value)}}}}};
}

json::Object message(json::Object content) {
  return {{"role", "user"}, {"content", std::move(content)}};
}

json::Object prompt(std::string_view name, std::span<const std::string_view> arguments) {
  json::Array rows;
  for (const std::string_view one : arguments) {
    rows.emplace_back(json::Object{{"name", one}, {"description", "Fixture"}, {"required", true}});
  }
  return {{"name", name}, {"description", "Fixture"}, {"arguments", std::move(rows)}};
}

}  // namespace

std::span<const Tool> fixture_tools() { return kFixtureTools; }

void add_fixture_resources(json::Array& resources) {
  for (const std::string_view name : {"static-text", "static-binary", "watched-resource"}) {
    resources.emplace_back(json::Object{{"uri", cat("test://", name)},
                                        {"name", name},
                                        {"description", "Fixture"},
                                        {"mimeType", "text/plain"}});
  }
}

void add_fixture_templates(json::Array& templates) {
  templates.emplace_back(json::Object{{"uriTemplate", "test://template/{id}/data"},
                                      {"name", "template"},
                                      {"description", "Fixture"},
                                      {"mimeType", "application/json"}});
}

void add_fixture_prompts(json::Array& prompts) {
  constexpr std::string_view kTwo[] = {"arg1", "arg2"};
  constexpr std::string_view kUri[] = {"resourceUri"};
  prompts.emplace_back(prompt("test_simple_prompt", {}));
  prompts.emplace_back(prompt("test_prompt_with_arguments", kTwo));
  prompts.emplace_back(prompt("test_prompt_with_embedded_resource", kUri));
  prompts.emplace_back(prompt("test_prompt_with_image", {}));
}

std::optional<json::Object> fixture_resource(std::string_view uri) {
  constexpr std::string_view kStart = "test://template/", kEnd = "/data";
  if (uri == "test://static-text") {
    return contents(uri, "text/plain", "text", "This is the content of the static text resource.");
  }
  if (uri == "test://static-binary") return contents(uri, "image/png", "blob", kPng);
  if (uri == "test://watched-resource") return contents(uri, "text/plain", "text", "Watched.");
  if (!uri.starts_with(kStart) || !uri.ends_with(kEnd)) return std::nullopt;
  const std::string_view id = uri.substr(kStart.size(), uri.size() - kStart.size() - kEnd.size());
  const json::Object data{{"id", id}, {"templateTest", true}, {"data", cat("Data for ID: ", id)}};
  return contents(uri, "application/json", "text", json::write_compact(data));
}

std::optional<json::Object> fixture_prompt(std::string_view name, const json::Object& arguments) {
  json::Array messages;
  if (name == "test_simple_prompt") {
    messages.emplace_back(message(text("This is a simple prompt for testing.")));
  } else if (name == "test_prompt_with_arguments") {
    messages.emplace_back(
        message(text(cat("Prompt with arguments: arg1='", text_member(arguments, "arg1"),
                         "', arg2='", text_member(arguments, "arg2"), "'"))));
  } else if (name == "test_prompt_with_embedded_resource") {
    messages.emplace_back(message(embedded(text_member(arguments, "resourceUri"), "text/plain",
                                           "Embedded resource content for testing.")));
    messages.emplace_back(message(text("Please process the embedded resource above.")));
  } else if (name == "test_prompt_with_image") {
    messages.emplace_back(message(image()));
    messages.emplace_back(message(text("Please analyze the image above.")));
  } else {
    return std::nullopt;
  }
  return json::Object{{"messages", std::move(messages)}};
}

}  // namespace cortex::mcp

#else

namespace cortex::mcp {

std::span<const Tool> fixture_tools() { return {}; }
void add_fixture_resources(json::Array&) {}
void add_fixture_templates(json::Array&) {}
void add_fixture_prompts(json::Array&) {}
std::optional<json::Object> fixture_resource(std::string_view) { return std::nullopt; }
std::optional<json::Object> fixture_prompt(std::string_view, const json::Object&) {
  return std::nullopt;
}

}  // namespace cortex::mcp

#endif
