#include "mcp/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cortex::mcp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ArgumentsTest : public testing::Test {
 protected:
  Arguments of(std::string_view text) {
    value_ = json::parse(text).value();
    return Arguments(*value_.as_object());
  }
  json::Value value_;
};

TEST_F(ArgumentsTest, TextIsRequiredAndAString) {
  EXPECT_EQ(of(R"({"a":" x "})").text("a").value(), " x ");
  EXPECT_THAT(of("{}").text("a").error().message, HasSubstr("a parameter is required"));
  EXPECT_EQ(of(R"({"a":5})").text("a").error().code, Code::kUsage);
  EXPECT_EQ(of(R"({"a":null})").text("a").error().code, Code::kUsage);
  EXPECT_THAT(of(R"({"a":" "})").filled_text("a").error().message, HasSubstr("must not be blank"));
}

TEST_F(ArgumentsTest, OptionalTextTakesNull_AndTrims) {
  EXPECT_EQ(of(R"({"a":null})").optional_text("a").value(), std::nullopt);
  EXPECT_EQ(of(R"({"a":" x "})").optional_trimmed("a").value(), "x");
  EXPECT_EQ(of(R"({"a":" "})").optional_trimmed("a").value(), std::nullopt);
  EXPECT_FALSE(of(R"({"a":5})").optional_trimmed("a").ok());
}

TEST_F(ArgumentsTest, WholeNumbersOnly) {
  EXPECT_EQ(of("{}").whole("n", 3, 20).value(), 3U);
  EXPECT_EQ(of(R"({"n":null})").whole("n", 3, 20).value(), 3U);
  EXPECT_FALSE(of(R"({"n":null})").whole("n", 3, 20, false).ok());
  EXPECT_EQ(of(R"({"n":0})").whole("n", 3, 20).value(), 0U);
  EXPECT_EQ(of(R"({"n":18446744073709551615})").whole("n", 3, 20).value(), 20U);
  for (const char* bad : {R"({"n":1.5})", R"({"n":-1})", R"({"n":"3"})", R"({"n":1.0})"}) {
    EXPECT_FALSE(of(bad).whole("n", 3, 20).ok()) << bad;
  }
}

TEST_F(ArgumentsTest, FlagsOfAnotherTypeCountAsAbsent) {
  EXPECT_TRUE(of(R"({"f":true})").flag("f"));
  EXPECT_FALSE(of(R"({"f":"true"})").flag("f"));
  EXPECT_FALSE(of("{}").flag("f"));
}

TEST_F(ArgumentsTest, NumbersOfEveryKind) {
  EXPECT_DOUBLE_EQ(of(R"({"x":1})").number("x").value().value(), 1.0);
  EXPECT_DOUBLE_EQ(of(R"({"x":-1})").number("x").value().value(), -1.0);
  EXPECT_DOUBLE_EQ(of(R"({"x":0.5})").number("x").value().value(), 0.5);
  EXPECT_EQ(of(R"({"x":null})").number("x").value(), std::nullopt);
  EXPECT_FALSE(of(R"({"x":"1"})").number("x").ok());
}

TEST_F(ArgumentsTest, ListsNameTheirBadElement) {
  EXPECT_THAT(of(R"({"d":["a","b"]})").texts("d").value().value(), ElementsAre("a", "b"));
  EXPECT_THAT(of(R"({"d":["a",5]})").texts("d").error().message, HasSubstr("d[1]"));
  EXPECT_THAT(of(R"({"d":"a"})").texts("d").error().message, HasSubstr("array"));
  EXPECT_EQ(of(R"({"d":null})").texts("d").value(), std::nullopt);
  EXPECT_FALSE(of(R"({"d":null})").texts("d", false).ok());
}

}  // namespace
}  // namespace cortex::mcp
