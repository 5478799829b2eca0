#include "bundle/fields.h"

#include <gtest/gtest.h>

namespace cortex::bundle {
namespace {

struct Document {
  std::string name;
  std::optional<std::string> note;
  std::uint64_t count = 0;
  std::set<std::string> tags;

  Status read(std::string_view text) {
    const Field fields[] = {{"name", text_into(name)},
                            {"note", nullable_text_into(note), false},
                            {"count", count_into(count, 9), false},
                            {"tags", texts_into(tags), false}};
    return read_document(text, fields);
  }
};

TEST(Fields, UnknownMembersAreSkipped_OptionalOnesMayBeAbsentOrNull) {
  Document document;
  ASSERT_TRUE(document.read(R"({"x":[{}],"name":"a","note":null,"count":9,"tags":["b","a","b"]})"));
  EXPECT_EQ(document.name, "a");
  EXPECT_FALSE(document.note);
  EXPECT_EQ(document.count, 9U);
  EXPECT_EQ(document.tags, (std::set<std::string>{"a", "b"}));
  Document other;
  ASSERT_TRUE(other.read(R"({"name":"a"})"));
}

TEST(Fields, WhatIsNoSuchDocumentIsRefused) {
  for (const char* text :
       {"", "null", "[]", "{", "{}", R"({"name":1})", R"({"name":"a","name":"a"})",
        R"({"name":"a"} x)", R"({"name":"a","count":10})", R"({"name":"a","count":1.0})",
        R"({"name":"a","count":-1})", R"({"name":"a","tags":[1]})", R"({"name":null})"}) {
    Document document;
    const Status status = document.read(text);
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_EQ(status.error().code, Code::kUsage) << text;
    EXPECT_FALSE(status.error().message.empty()) << text;
  }
}

}  // namespace
}  // namespace cortex::bundle
