#include "transcript/elements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/text.h"
#include "transcript/text_fixture.h"

namespace cortex::transcript {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

Result<std::vector<std::string>> elements_of(const std::string& text) {
  const ReadAt read = reader_of(text);
  std::vector<std::string> out;
  const Status done = read_elements(read, [&out](std::string_view member, std::string_view one) {
    out.push_back(cat(member, "=", one));
    return Status();
  });
  if (!done.ok()) return done.error();
  return out;
}

TEST(ElementsTest, OfAnArray) {
  EXPECT_THAT(*elements_of(" [ {\"a\":[1,2]} , \"x,]\", [3] , 4 ] "),
              ElementsAre("={\"a\":[1,2]}", "=\"x,]\"", "=[3]", "=4"));
  EXPECT_THAT(*elements_of("[]"), SizeIs(0));
  EXPECT_THAT(*elements_of("[\"\\\"]\"]"), ElementsAre("=\"\\\"]\""));
}

TEST(ElementsTest, OfTheArraysOfAnObject) {
  EXPECT_THAT(*elements_of("{\"n\":1,\"o\":{\"deep\":[9]},\"r\\u0065sults\":[{\"x\":{}},2],"
                           "\"empty\":[],\"more\":[\"z\"]}"),
              ElementsAre("results={\"x\":{}}", "results=2", "more=\"z\""));
}

TEST(ElementsTest, ElementsAcrossBlocksAreWhole) {
  const std::string text(limits::kIoBlockBytes * 2 + 5, 'y');
  const auto found = elements_of(cat("[\"", text, "\",1]"));
  ASSERT_THAT(*found, SizeIs(2));
  EXPECT_EQ((*found)[0], cat("=\"", text, "\""));
}

TEST(ElementsTest, WhatIsNoDocumentIsRefused) {
  for (const char* bad : {"", "  ", "x", "12", "[1", "{\"a\":[1]", "[\"a]", "[1] 2"}) {
    const auto found = elements_of(bad);
    ASSERT_FALSE(found.ok()) << bad;
    EXPECT_EQ(found.error().code, Code::kUsage) << bad;
  }
}

}  // namespace
}  // namespace cortex::transcript
