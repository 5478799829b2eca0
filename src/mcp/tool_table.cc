#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "mcp/conformance_fixtures.h"
#include "mcp/tool.h"

namespace cortex::mcp {
namespace {

std::vector<const Tool*> sorted_rows(bool fixtures) {
  std::vector<const Tool*> rows;
  for (const std::span<const Tool> set :
       {look_tools(), session_tools(), recall_tools(), keep_tools(), memory_tools(),
        lifecycle_tools(), decay_tools(), model_tools(), find_tools(), reason_tools()}) {
    for (const Tool& tool : set) rows.push_back(&tool);
  }
  if (fixtures) {
    for (const Tool& tool : fixture_tools()) rows.push_back(&tool);
  }
  std::ranges::sort(rows, {}, &Tool::name);
  return rows;
}

// Fixtures bring their own, which is checked by the suite that wants it.
json::Object input_schema(const Tool& tool) {
  if (tool.input_schema.empty()) return object_schema(tool.takes);
  auto schema = json::parse(tool.input_schema);
  CORTEX_CHECK(schema.ok() && schema->as_object() != nullptr);
  return std::move(*schema->as_object());
}

}  // namespace

std::span<const Tool* const> all_tools(bool fixtures) {
  static const std::vector<const Tool*> rows = sorted_rows(false);
  static const std::vector<const Tool*> all = sorted_rows(true);
  return fixtures ? all : rows;
}

const Tool* find_tool(std::string_view name, bool fixtures) {
  const auto rows = all_tools(fixtures);
  const auto row = std::ranges::lower_bound(rows, name, {}, &Tool::name);
  return row == rows.end() || (*row)->name != name ? nullptr : *row;
}

store::Caller Call::caller(std::string reason) const {
  std::string name = client.name.empty() ? "unnamed client" : client.name;
  if (!client.version.empty()) name += cat(" ", client.version);
  return {.actor = "agent", .client = cat("mcp: ", name), .reason = std::move(reason)};
}

app::Author Call::author() const {
  return {.caller = caller(""), .policy = host.settings.write_gate};
}

Result<std::string> Call::confirmed_memory() const {
  CORTEX_ASSIGN(const std::string given, arguments.text("memory_id"));
  // An empty one is told before the token is looked at, and costs no attempt at it.
  if (given.empty()) return bad_argument("memory_id parameter is required");
  CORTEX_TRY(host.confirmation.check(arguments));
  return arguments.memory_id("memory_id");
}

json::Object members_of(json::Value report) { return std::move(*report.as_object()); }

json::Object describe(const Tool& tool) {
  json::Object out{{"name", tool.name},
                   {"title", tool.title},
                   {"description", tool.about},
                   {"inputSchema", input_schema(tool)}};
  if (!tool.raw) out.add("outputSchema", object_schema(tool.gives));
  out.add("annotations", json::Object{{"title", tool.title},
                                      {"readOnlyHint", tool.read_only()},
                                      {"destructiveHint", tool.destructive},
                                      {"idempotentHint", tool.read_only() || tool.idempotent},
                                      {"openWorldHint", tool.open_world}});
  return out;
}

}  // namespace cortex::mcp
