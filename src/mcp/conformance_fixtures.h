// What the protocol's own conformance suite wants a server to have beside its real tools. Only in
// builds for tests (CORTEX_CONFORMANCE_FIXTURES); in others everything here is empty.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "json/value.h"
#include "mcp/tool.h"

namespace cortex::mcp {

std::span<const Tool> fixture_tools();

void add_fixture_resources(json::Array& resources);
void add_fixture_templates(json::Array& templates);
void add_fixture_prompts(json::Array& prompts);
// The whole result; nothing when it is none of these.
std::optional<json::Object> fixture_resource(std::string_view uri);
std::optional<json::Object> fixture_prompt(std::string_view name, const json::Object& arguments);

}  // namespace cortex::mcp
