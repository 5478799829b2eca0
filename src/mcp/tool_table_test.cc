#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "mcp/tool.h"
#include "mcp/tool_result.h"

namespace cortex::mcp {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

bool has_field(std::span<const Field> fields, std::string_view name) {
  return std::ranges::find(fields, name, &Field::name) != fields.end();
}

TEST(ToolTable, RowsAreCompleteAndFound) {
  std::set<std::string_view> names;
  for (const Tool* tool : all_tools()) {
    EXPECT_THAT(std::string(tool->name), MatchesRegex("cortex_[a-z_]+"));
    EXPECT_TRUE(names.insert(tool->name).second) << tool->name;
    EXPECT_EQ(find_tool(tool->name), tool);
    EXPECT_FALSE(tool->title.empty()) << tool->name;
    EXPECT_TRUE(tool->about.ends_with('.')) << tool->name;
    EXPECT_FALSE(tool->gives.empty()) << tool->name;
    EXPECT_NE(tool->run, nullptr) << tool->name;
    EXPECT_TRUE(tool->list.empty() || has_field(tool->gives, tool->list)) << tool->name;
  }
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(find_tool("cortex_nope"), nullptr);
}

TEST(ToolTable, WhatNeedsTheTokenTakesIt_AndNothingElseDoes) {
  for (const Tool* tool : all_tools()) {
    EXPECT_EQ(tool->tier == Tier::kConfirmed, has_field(tool->takes, "confirmation_token"))
        << tool->name;
    EXPECT_TRUE(tool->read_only() || tool->tier != Tier::kSession) << tool->name;
  }
}

TEST(ToolTable, SchemasAreOpenObjectsOfTypedMembers) {
  for (const Tool* tool : all_tools()) {
    const json::Value entry = describe(*tool);
    for (const char* which : {"inputSchema", "outputSchema"}) {
      const std::string text = json::write_compact(*entry.find(which));
      EXPECT_THAT(text, HasSubstr("\"type\":\"object\"")) << tool->name;
      EXPECT_THAT(text, HasSubstr("\"additionalProperties\":true")) << tool->name;
    }
  }
}

constexpr Field kGives[] = {{.name = "rows", .type = Type::kTexts}};
constexpr Tool kListing = {
    .name = "cortex_x", .title = "x", .about = "x.", .gives = kGives, .list = "rows"};

TEST(ToolResult, ListsAreCutToTheBudget_AndSaySo) {
  json::Object object{{"rows", json::Array(100, json::Value(std::string(100, 'a')))}};
  ASSERT_TRUE(fit(kListing, object, 2000).ok());
  EXPECT_LE(json::write_compact(object).size(), 2000U);
  const std::size_t kept = object.find("rows")->as_array()->size();
  EXPECT_GT(kept, 15U);
  EXPECT_EQ(object.find("omitted")->as_number()->u, 100 - kept);
  EXPECT_TRUE(*object.find("truncated")->as_bool());
}

TEST(ToolResult, WhatFitsIsLeftAlone_WhatCannotFitIsRefused) {
  json::Object small{{"rows", json::Array{}}};
  ASSERT_TRUE(fit(kListing, small, 2000).ok());
  EXPECT_EQ(small.size(), 1U);
  json::Object large{{"rows", json::Array{}}, {"text", std::string(3000, 'a')}};
  EXPECT_EQ(fit(kListing, large, 2000).error().token, "size_limit_exceeded");
}

TEST(ToolResult, TextAndStructureAreTheSame_Sorted) {
  EXPECT_EQ(json::write_compact(tool_result({{"b", 1}, {"a", 1.0}})),
            R"({"content":[{"type":"text","text":"{\"a\":1.0,\"b\":1}"}],)"
            R"("structuredContent":{"a":1.0,"b":1},"isError":false})");
}

}  // namespace
}  // namespace cortex::mcp
