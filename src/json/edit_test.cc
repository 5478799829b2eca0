#include "json/edit.h"

#include <gtest/gtest.h>

#include <array>

namespace cortex::json {
namespace {

constexpr std::array<std::string_view, 2> kPath{"servers", "cortex"};

std::string edited(std::string_view text, const Value& value = Object{{"a", 1}}) {
  auto out = with_member(text, kPath, value);
  return out.ok() ? *out : "error: " + out.error().message;
}

TEST(WithMember, ABlankTextBecomesAnObject) {
  const std::string made =
      "{\n  \"servers\": {\n    \"cortex\": {\n      \"a\": 1\n    }\n  }\n}\n";
  EXPECT_EQ(edited(""), made);
  EXPECT_EQ(edited(" \n"), made);
  EXPECT_EQ(edited("{}\n"), made);
  EXPECT_EQ(edited("\xEF\xBB\xBF"), "\xEF\xBB\xBF" + made);
}

TEST(WithMember, OtherBytesStay_AndTheIndentationIsTakenOver) {
  EXPECT_EQ(
      edited("{\n\t\"x\" : [1,2],\n\t\"servers\": {\n\t\t\"o\": {}\n\t},\n\t\"y\": 1.0}\n", 5),
      "{\n\t\"x\" : [1,2],\n\t\"servers\": {\n\t\t\"o\": {},\n\t\t\"cortex\": 5\n\t},\n\t\"y\":"
      " 1.0}\n");
  EXPECT_EQ(edited("{\r\n    \"x\": 1\r\n}\r\n", 5),
            "{\r\n    \"x\": 1,\r\n    \"servers\": {\r\n      \"cortex\": 5\r\n    }\r\n}\r\n");
  EXPECT_EQ(edited(R"({"servers": { "o": 1 }, "x": 2})", 5),
            R"({"servers": { "o": 1, "cortex": 5 }, "x": 2})");
}

TEST(WithMember, AnEqualValueChangesNothing_AnotherIsReplaced) {
  const std::string_view text = "{\"servers\": {\"cortex\": {\"b\":2,  \"a\":1}}}";
  EXPECT_EQ(edited(text, Object{{"a", 1}, {"b", 2}}), text);
  EXPECT_EQ(edited(text, 7), "{\"servers\": {\"cortex\": 7}}");
}

TEST(WithMember, CommentsAndCommasAtTheEndAreReadOver) {
  EXPECT_EQ(edited("// top\n{\n  \"servers\": {\n    \"o\": 1 // note, x\n  }, /* c */\n}\n", 5),
            "// top\n{\n  \"servers\": {\n    \"o\": 1, // note, x\n    \"cortex\": 5\n  }, /* c"
            " */\n}\n");
  EXPECT_EQ(edited("{\n  \"servers\": {\n    \"o\": 1, // note\n  }\n}", 5),
            "{\n  \"servers\": {\n    \"o\": 1, // note\n    \"cortex\": 5\n  }\n}");
  EXPECT_EQ(edited("{\n  \"servers\": {\n    \"o\": 1,\n  }\n}", 5),
            "{\n  \"servers\": {\n    \"o\": 1,\n    \"cortex\": 5\n  }\n}");
  EXPECT_EQ(edited("{\n  // nothing yet\n}\n", 5),
            "{\n  // nothing yet\n  \"servers\": {\n    \"cortex\": 5\n  }\n}\n");
}

TEST(WithMember, CommentsBeforeACommaAtTheEndStay) {
  EXPECT_EQ(edited("{\n  \"servers\": {\n    \"o\": 1 /* a */, // b\n  }\n}", 5),
            "{\n  \"servers\": {\n    \"o\": 1 /* a */, // b\n    \"cortex\": 5\n  }\n}");
  EXPECT_EQ(edited("{\n  \"servers\": {\n    \"o\": 1 // a\n    // b\n    ,\n  }\n}", 5),
            "{\n  \"servers\": {\n    \"o\": 1 // a\n    // b\n    ,\n    \"cortex\": 5\n  }\n}");
  EXPECT_EQ(edited(R"({"servers": {"o": 1 /* a */,}})", 5),
            R"({"servers": {"o": 1 /* a */, "cortex": 5}})");
}

TEST(WithMember, WhatCannotBeReadIsRefused) {
  for (const char* text :
       {"[]", "{", "{\"a\" 1}", "{\"a\": 1 \"b\": 2}", "{} x", "{\"servers\": 5}", "{\"a\": nope}",
        "{\"a\": \"", "{/*", "{\"a\": [1 2]}", "\x01", "{\"a\": 1}}"}) {
    const auto out = with_member(text, kPath, 5);
    ASSERT_FALSE(out.ok()) << text;
    EXPECT_EQ(out.error().code, Code::kIntegrity);
  }
  EXPECT_FALSE(with_member(std::string(500, '{'), kPath, 5).ok());
  EXPECT_FALSE(with_member("{\"a\":" + std::string(500, '['), kPath, 5).ok());
}

}  // namespace
}  // namespace cortex::json
