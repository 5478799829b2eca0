#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mcp/tool.h"

namespace cortex::mcp {
namespace {

std::vector<const Tool*> sorted_rows() {
  std::vector<const Tool*> rows;
  for (const std::span<const Tool> set :
       {look_tools(), session_tools(), recall_tools(), keep_tools(), memory_tools(),
        lifecycle_tools(), find_tools(), reason_tools()}) {
    for (const Tool& tool : set) rows.push_back(&tool);
  }
  std::ranges::sort(rows, {}, &Tool::name);
  return rows;
}

}  // namespace

std::span<const Tool* const> all_tools(bool fixtures) {
  static const std::vector<const Tool*> rows = sorted_rows();
  static_cast<void>(fixtures);
  return rows;
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

json::Object members_of(json::Value report) { return std::move(*report.as_object()); }

json::Object describe(const Tool& tool) {
  return {{"name", tool.name},
          {"title", tool.title},
          {"description", tool.about},
          {"inputSchema", object_schema(tool.takes)},
          {"outputSchema", object_schema(tool.gives)},
          {"annotations", json::Object{{"title", tool.title},
                                       {"readOnlyHint", tool.read_only()},
                                       {"destructiveHint", tool.destructive},
                                       {"idempotentHint", tool.read_only() || tool.idempotent},
                                       {"openWorldHint", tool.open_world}}}};
}

}  // namespace cortex::mcp
