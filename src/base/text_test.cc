#include "base/text.h"

#include <gtest/gtest.h>

#include <string>

namespace cortex {
namespace {

using Views = std::vector<std::string_view>;

TEST(Cat, JoinsTextCharactersAndNumbers) {
  EXPECT_EQ(cat("rows=", 3, ',', std::string("path "), std::uint64_t{18446744073709551615U}, -7),
            "rows=3,path 18446744073709551615-7");
}

TEST(Trim, RemovesBlanksAtBothEndsOnly) {
  EXPECT_EQ(trim(" \t\r\n\v\fa b \n"), "a b");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Trim, KnowsTheBlanksOfUnicode) {
  EXPECT_EQ(trim("\u00A0 \u3000a\u00A0b\u2028\t\u2003"), "a\u00A0b");
  EXPECT_EQ(trim("\u0085\u1680\u2000\u200A\u2029\u202F\u205F"), "");
  EXPECT_EQ(trim("\u200B"), "\u200B") << "has no width, and is no white space";
  EXPECT_EQ(trim("\xA0\xC2"), "\xA0\xC2") << "bytes that are no text stay";
  EXPECT_TRUE(is_blank("\u3000"));
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (Views{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (Views{""}));
}

TEST(ToLowerAscii, LeavesOtherBytesAlone) {
  EXPECT_EQ(to_lower_ascii("AZ@[\xC3\x84"), "az@[\xC3\x84");
}

TEST(Quoted, EscapesQuotesBackslashesAndControls) {
  EXPECT_EQ(quoted("a\"b\\c\n\x7F"), "\"a\\\"b\\\\c\\u000a\\u007f\"");
  EXPECT_EQ(quoted(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(Quoted, NeverPrintsATerminalEscapeOrADirectionMark) {
  EXPECT_EQ(quoted("\x1B[31m"), "\"\\u001b[31m\"");
  EXPECT_EQ(quoted("\xC2\x9B"), "\"\\u009b\"");  // C1 control sequence introducer
  EXPECT_EQ(quoted("\xE2\x80\xAE"
                   "exe"),
            "\"\\u202eexe\"");  // right-to-left override
}

TEST(Quoted, IllFormedBytesBecomeReplacementCharacters) {
  EXPECT_EQ(quoted("a\xFF\xC3"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(Quoted, IsCutAtACharacterBorder) {
  EXPECT_EQ(quoted("abcdef", 6), "\"abcdef\"");
  EXPECT_EQ(quoted("abcdef", 3), "\"abc\xE2\x80\xA6\"");
  EXPECT_EQ(quoted("ab\xC3\xA4", 3), "\"ab\xE2\x80\xA6\"");
}

TEST(WithThousands, GroupsByThree) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
  EXPECT_EQ(with_thousands(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(HumanBytes, RoundsToOneDigitAndMovesUpWhenRoundingFillsTheUnit) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1000), "1.0 kB");
  EXPECT_EQ(human_bytes(12'345'678), "12.3 MB");
  EXPECT_EQ(human_bytes(999'949), "999.9 kB");
  EXPECT_EQ(human_bytes(999'950), "1.0 MB");
  EXPECT_EQ(human_bytes(UINT64_MAX), "18.4 EB");
}

}  // namespace
}  // namespace cortex
