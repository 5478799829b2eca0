#include "json/canonical.h"

#include <gtest/gtest.h>

#include <string>

#include "json/value.h"

namespace cortex::json {
namespace {

std::string lexical(std::string_view text) {
  Cursor cursor(text);
  std::string out;
  return write_lexical_canonical(cursor, out) ? out : cursor.fault().text();
}

TEST(LexicalCanonical, UnstableNumbers_KeepTheirDigits) {
  constexpr std::string_view kText = R"({"v":-2.7242258030056098e-11})";
  EXPECT_EQ(lexical(kText), kText);
  EXPECT_NE(canonical(parse(kText).value()), kText);
}

TEST(LexicalCanonical, NumbersWrittenOtherwise_AreReadAndPrinted) {
  EXPECT_EQ(lexical("[1e5,1.50,-0,9007199254740993.0]"), "[100000.0,1.5,-0.0,9007199254740994.0]");
}

TEST(LexicalCanonical, KeysAreSorted_DuplicatesTakeTheLastValue_BlanksGo) {
  EXPECT_EQ(lexical(" { \"b\" : [ 1 , { } ] , \"a\" : null, \"b\":\"\\u0041\\/\" } "),
            R"({"a":null,"b":"A/"})");
}

TEST(LexicalCanonical, Faults_AreThoseOfTheCursor) {
  EXPECT_EQ(lexical("[1,1e400]"), "number out of range at byte 3");
  EXPECT_EQ(lexical("[1"), "the text ends in an array or object at byte 2");
}

}  // namespace
}  // namespace cortex::json
