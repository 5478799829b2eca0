#include "app/break_glass.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::app {
namespace {

constexpr Timestamp kNow{1'767'323'045, 0};  // 2026-01-02T03:04:05Z

std::string order(std::string_view changes = "", std::string_view scope = "") {
  return cat(R"({"permitted":true,"attested":true,"reason_code":"diagnostic_only","scope":{)",
             R"("operation_type":"run","artifact_refs":["ticket:7"])", scope, "}", changes, "}");
}

Code code_of(std::string_view text) {
  const auto read = read_break_glass(text, kNow);
  return read.ok() ? Code::kOk : read.error().code;
}

TEST(BreakGlass, KeepsWhatItWasGivenSorted) {
  const auto read = read_break_glass(order(",\"note\":1"), kNow);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_TRUE(read->flags.valid());
  EXPECT_EQ(json::write_compact(read->document),
            R"({"attested":true,"permitted":true,"reason_code":"diagnostic_only","scope":)"
            R"({"artifact_refs":["ticket:7"],"not_after":null,"not_before":null,)"
            R"("operation_type":"run"}})");
}

TEST(BreakGlass, HoldsInItsWindowOnly) {
  EXPECT_EQ(code_of(order("", R"(,"not_before":"2026-01-02T03:04:05Z")")), Code::kOk);
  EXPECT_EQ(code_of(order("", R"(,"not_before":"2026-01-02T03:04:06Z")")), Code::kPrecondition);
  EXPECT_EQ(code_of(order("", R"(,"not_after":"2026-01-02T03:04:04Z")")), Code::kPrecondition);
  const auto read = read_break_glass(order("", R"(,"not_after":"2026-01-02T03:04:05Z")"), kNow);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read->document.find_text("expires_at"), "2026-01-02T03:04:05Z");
  EXPECT_EQ(code_of(order("", R"(,"not_before":"yesterday")")), Code::kUsage);
}

TEST(BreakGlass, TellsWhatIsMalformedFromWhatIsNotAllowed) {
  for (const char* text : {"", "{", "[]", "{}", R"({"permitted":1,"attested":true})",
                           R"({"permitted":true,"attested":true,"scope":{"operation_type":"x",)"
                           R"("artifact_refs":[1]},"reason_code":"diagnostic_only"})"}) {
    EXPECT_EQ(code_of(text), Code::kUsage) << text;
  }
  std::string other = order();
  other.replace(other.find("diagnostic_only"), 15, "data_migration");
  EXPECT_EQ(code_of(other), Code::kUsage);
  std::string denied = order();
  denied.replace(denied.find("true"), 4, "false");
  EXPECT_EQ(code_of(denied), Code::kPrecondition);
}

}  // namespace
}  // namespace cortex::app
