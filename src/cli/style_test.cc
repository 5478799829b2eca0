#include "cli/style.h"

#include <gtest/gtest.h>

namespace cortex::cli {
namespace {

TEST(Style, ColourIsOnlyWhereItIsAskedFor) {
  EXPECT_EQ(tinted("x", Tint::kBad, false), "x");
  EXPECT_EQ(tinted("x", Tint::kNone, true), "x");
  EXPECT_EQ(tinted("x", Tint::kBad, true), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(tinted("x", Tint::kGood, true), "\x1b[32mx\x1b[0m");
  EXPECT_EQ(tinted("x", Tint::kWarn, true), "\x1b[33mx\x1b[0m");
  EXPECT_EQ(tinted("x", Tint::kBold, true), "\x1b[1mx\x1b[0m");
  EXPECT_EQ(tinted("x", Tint::kDim, true), "\x1b[2mx\x1b[0m");
}

TEST(Style, ColumnsAreCountedInCodePointsNotBytes) {
  EXPECT_EQ(padded("ab", 4), "ab  ");
  EXPECT_EQ(padded("\xC3\xA9", 3), "\xC3\xA9  ");
  EXPECT_EQ(padded("abcd", 4), "abcd");
  EXPECT_EQ(padded("abcde", 4), "abcde") << "padding cuts nothing";
  EXPECT_EQ(padded("", 2), "  ");
}

TEST(Style, TextThatIsTooWide_EndsInAnEllipsisAtACharacterBorder) {
  EXPECT_EQ(fitted("abcd", 4), "abcd");
  EXPECT_EQ(fitted("abcde", 4), "abc\xE2\x80\xA6");
  EXPECT_EQ(fitted("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 3), "\xC3\xA9\xC3\xA9\xE2\x80\xA6");
  EXPECT_EQ(fitted("abc", 1), "\xE2\x80\xA6");
  EXPECT_EQ(fitted("", 3), "");
}

TEST(Style, LinesAndTabsStay_WhatSteersTheTerminalDoesNot) {
  EXPECT_EQ(printable_lines("a\n\tb\n"), "a\n\tb\n");
  EXPECT_EQ(printable_lines("\n\n"), "\n\n");
  EXPECT_EQ(printable_lines(""), "");
  EXPECT_EQ(printable_lines("\x1b[2Ja\r\nb"), "\\u001b[2Ja\\u000d\nb");
  EXPECT_EQ(printable_lines("\xC3\xA9"), "\xC3\xA9");
}

TEST(Style, NothingInFittedTextSteersTheTerminal) {
  for (const char* text : {"\x1b[2J", "a\nb", "a\rb", "\x07",
                           "\xC2\x9B"
                           "31m",
                           "\xFF"}) {
    const std::string out = fitted(text, 80);
    for (const char c : out) {
      EXPECT_GE(static_cast<unsigned char>(c), 0x20U) << out;
    }
    EXPECT_EQ(out.find("\xC2\x9B"), std::string::npos) << "a control character of one code point";
  }
}

}  // namespace
}  // namespace cortex::cli
