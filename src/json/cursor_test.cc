#include "json/cursor.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/text.h"

namespace cortex::json {
namespace {

struct Outcome {
  FaultKind kind;
  std::size_t offset;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void PrintTo(const Outcome& outcome, std::ostream* os) {
  *os << "kind " << static_cast<int>(outcome.kind) << " at " << outcome.offset;
}

// What skipping the one value of `text` reports; without a fault the offset is where the value
// ends.
Outcome skipped(std::string_view text, int depth_used = 0) {
  Cursor cursor(text, 0, depth_used);
  Extent extent;
  if (cursor.skip_value(&extent)) return {FaultKind::kNone, extent.end};
  Cursor untracked(text, 0, depth_used);
  EXPECT_FALSE(untracked.skip_value());
  EXPECT_EQ(untracked.fault().offset, cursor.fault().offset);
  return {cursor.fault().kind, cursor.fault().offset};
}

// Reads a value of any type with the pull calls.
bool walk(Cursor& cursor) {
  std::string scratch;
  std::string_view text;
  Number number;
  bool flag = false;
  switch (cursor.peek()) {
    case Type::kNull:
      return cursor.read_null();
    case Type::kBool:
      return cursor.read_bool(flag);
    case Type::kNumber:
      return cursor.read_number(number);
    case Type::kString:
      return cursor.read_string(text, scratch);
    case Type::kArray:
      cursor.enter_array();
      while (cursor.next_element()) walk(cursor);
      return !cursor.failed();
    case Type::kObject:
      cursor.enter_object();
      while (cursor.next_member(text)) walk(cursor);
      return !cursor.failed();
    case Type::kEnd:
      break;
  }
  return cursor.fail(FaultKind::kEnd, "the text ends before a value");
}

Outcome walked(std::string_view text, int depth_used = 0) {
  Cursor cursor(text, 0, depth_used);
  if (walk(cursor)) return {FaultKind::kNone, cursor.position()};
  return {cursor.fault().kind, cursor.fault().offset};
}

bool is_canonical(std::string_view text) {
  Cursor cursor(text);
  Extent extent;
  EXPECT_TRUE(cursor.skip_value(&extent)) << text << ": " << cursor.fault().text();
  EXPECT_EQ(extent.begin, 0U);
  return extent.canonical;
}

std::string decoded(std::string_view text) {
  Cursor cursor(text);
  std::string out;
  return cursor.read_string(out) ? out : cursor.fault().text();
}

TEST(Cursor, ReadsEveryType) {
  Cursor c(R"( {"s":"text","n":-12,"b":[true,false],"z":null,"o":{}} )");
  ASSERT_TRUE(c.enter_object());
  std::string_view key;
  std::string text;
  Number number;
  bool flag = false;
  ASSERT_TRUE(c.next_member(key) && key == "s");
  EXPECT_TRUE(c.read_string(text) && text == "text");
  ASSERT_TRUE(c.next_member(key) && key == "n");
  EXPECT_TRUE(c.read_number(number) && number.i == -12);
  ASSERT_TRUE(c.next_member(key) && key == "b");
  ASSERT_TRUE(c.enter_array());
  EXPECT_EQ(c.depth(), 2);
  EXPECT_TRUE(c.next_element() && c.read_bool(flag) && flag);
  EXPECT_TRUE(c.next_element() && c.read_bool(flag) && !flag);
  EXPECT_FALSE(c.next_element());
  ASSERT_TRUE(c.next_member(key) && key == "z");
  EXPECT_TRUE(c.read_null());
  ASSERT_TRUE(c.next_member(key) && key == "o");
  EXPECT_TRUE(c.skip_value());
  EXPECT_FALSE(c.next_member(key));
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(c.depth(), 0);
  EXPECT_FALSE(c.failed());
}

TEST(Cursor, AskedForAnotherType_ReportsTheTypeWanted) {
  Cursor c("  17");
  std::string text;
  EXPECT_FALSE(c.read_string(text));
  EXPECT_EQ(c.fault().kind, FaultKind::kType);
  EXPECT_EQ(c.fault().text(), "expected a string at byte 2");
}

TEST(Cursor, AfterAFault_EveryCallIsFalse_AndTheFirstFaultStays) {
  Cursor c("[1,x,2]");
  ASSERT_TRUE(c.enter_array());
  Number number;
  bool flag = false;
  std::string_view key;
  ASSERT_TRUE(c.next_element() && c.read_number(number) && c.next_element());
  EXPECT_FALSE(c.read_number(number));
  EXPECT_FALSE(c.next_element() || c.next_member(key) || c.enter_array() || c.enter_object());
  EXPECT_FALSE(c.read_null() || c.read_bool(flag) || c.skip_value() || c.at_end());
  EXPECT_EQ(c.peek(), Type::kEnd);
  EXPECT_FALSE(c.fail(FaultKind::kDepth, "other"));
  EXPECT_EQ(c.fault().kind, FaultKind::kSyntax);
  EXPECT_EQ(c.fault().offset, 3U);
}

TEST(Cursor, EndOfText_IsAskedForWithoutAFault) {
  Cursor c("  ");
  EXPECT_EQ(c.peek(), Type::kEnd);
  EXPECT_TRUE(c.at_end());
  EXPECT_FALSE(c.failed());
  EXPECT_FALSE(c.skip_value());
  EXPECT_EQ(c.fault().kind, FaultKind::kEnd);
}

TEST(Cursor, ByteOrderMark_IsRefused) {
  Cursor c("\xEF\xBB\xBF[]");
  EXPECT_FALSE(c.enter_array());
  EXPECT_EQ(c.fault().kind, FaultKind::kSyntax);
  EXPECT_EQ(c.fault().text(), "byte-order mark instead of a value at byte 0");
}

TEST(Cursor, KeysAndStringsAreDecoded) {
  Cursor c("{\"a\\u0062\\n\":\"\"}");
  std::string_view key;
  ASSERT_TRUE(c.enter_object() && c.next_member(key));
  EXPECT_EQ(key, "ab\n");
  EXPECT_EQ(decoded(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u6F22\ud83d\uDE00\u0000")"),
            std::string("\"\\/\b\f\n\r\tA\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80\0", 19));
}

TEST(Cursor, StringWithoutEscapes_IsAViewOfTheText) {
  const std::string text = "\"plain \xC3\xA9\"";
  Cursor c(text);
  std::string scratch;
  std::string_view view;
  ASSERT_TRUE(c.read_string(view, scratch));
  EXPECT_EQ(view.data(), text.data() + 1);
}

struct Fixture {
  std::string text;
  FaultKind kind;
  std::size_t offset;
};

std::vector<Fixture> fixtures() {
  using enum FaultKind;
  return {
      {"", kEnd, 0},
      {"[", kEnd, 1},
      {"[1", kEnd, 2},
      {"[1,", kEnd, 3},
      {"{", kEnd, 1},
      {"{\"a", kEnd, 3},
      {"{\"a\"", kEnd, 4},
      {"{\"a\":", kEnd, 5},
      {"{\"a\":1", kEnd, 6},
      {"{\"a\":1,", kEnd, 7},
      {"tru", kEnd, 3},
      {"-", kEnd, 1},
      {"1.", kEnd, 2},
      {"1e", kEnd, 2},
      {"1e+", kEnd, 3},
      {"\"", kEnd, 1},
      {"\"\\", kEnd, 2},
      {"\"\\u12", kEnd, 5},
      {"\"\\ud83d", kEnd, 7},
      {"\"\\ud83d\\", kEnd, 8},
      {"\"\\ud83d\\ude", kEnd, 11},
      {"\"\xE6\xBC", kEnd, 3},
      {"\"\xF0\x9F\x98", kEnd, 4},
      {"[1,]", kSyntax, 3},
      {"[,1]", kSyntax, 1},
      {"[1 2]", kSyntax, 3},
      {"{1:2}", kSyntax, 1},
      {"{\"a\" 1}", kSyntax, 5},
      {"{\"a\":1,}", kSyntax, 7},
      {"{\"a\":1]", kSyntax, 6},
      {"[1}", kSyntax, 2},
      {"nul!", kSyntax, 3},
      {"NaN", kSyntax, 0},
      {"+1", kSyntax, 0},
      {".5", kSyntax, 0},
      {"01", kSyntax, 0},
      {"-01", kSyntax, 1},
      {"1.e5", kSyntax, 2},
      {"1ex", kSyntax, 2},
      {"-x", kSyntax, 1},
      {"'a'", kSyntax, 0},
      {"\"a\nb\"", kSyntax, 2},
      {"\"\x1f\"", kSyntax, 1},
      {"\"\\x\"", kSyntax, 1},
      {"\"\\u00g0\"", kSyntax, 5},
      {"]", kSyntax, 0},
      {"/**/1", kSyntax, 0},
      {"[\xC2\xA0]", kSyntax, 1},
      {"\"\\ud83d\"", kUtf8, 1},
      {"\"a\\ud83d\\n\"", kUtf8, 2},
      {"\"\\ude00\"", kUtf8, 1},
      {"\"\\ud83d\\u0041\"", kUtf8, 1},
      {"\"\x80\"", kUtf8, 1},
      {"\"\xC0\xAF\"", kUtf8, 1},
      {"\"\xC1\xBF\"", kUtf8, 1},
      {"\"\xE0\x9F\xBF\"", kUtf8, 1},
      {"\"\xED\xA0\x80\"", kUtf8, 1},
      {"\"\xF0\x8F\xBF\xBF\"", kUtf8, 1},
      {"\"\xF4\x90\x80\x80\"", kUtf8, 1},
      {"\"\xF5\x80\x80\x80\"", kUtf8, 1},
      {"\"\xFF\"", kUtf8, 1},
      {"\"ab\xE6\xBC\"", kUtf8, 3},
      {"{\"\xC3\":1}", kUtf8, 2},
      {"[1e400]", kNumber, 1},
      {"{\"a\":-1e99999999999}", kNumber, 5},
  };
}

TEST(CursorFaults, SkippingAndReading_ReportTheSameKindAndPlace) {
  for (const Fixture& f : fixtures()) {
    EXPECT_EQ(skipped(f.text), (Outcome{f.kind, f.offset})) << quoted(f.text);
    EXPECT_EQ(walked(f.text), (Outcome{f.kind, f.offset})) << quoted(f.text);
  }
}

TEST(CursorFaults, EveryProperPrefixOfADocument_IsAnEnd) {
  const std::string text =
      "{\"k\\u00e9\":[1.5e+3,-0.25,true,false,null,\"\\ud83d\\ude00 "
      "\xC3\xA9\xE6\xBC\xA2\\n\"],\"z\":{}}";
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(skipped(text.substr(0, size)).kind, FaultKind::kEnd) << size;
    EXPECT_EQ(walked(text.substr(0, size)).kind, FaultKind::kEnd) << size;
  }
  EXPECT_EQ(skipped(text), (Outcome{FaultKind::kNone, text.size()}));
}

TEST(CursorFaults, ANumberThatTouchesTheEnd_IsComplete) {
  EXPECT_EQ(skipped("123"), (Outcome{FaultKind::kNone, 3}));
  EXPECT_EQ(skipped("-0.5e-3"), (Outcome{FaultKind::kNone, 7}));
  EXPECT_EQ(walked("0"), (Outcome{FaultKind::kNone, 1}));
}

TEST(CursorDepth, OneHundredTwentySevenLevelsAreRead_OneMoreIsNot) {
  const auto arrays = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_EQ(skipped(arrays(127)).kind, FaultKind::kNone);
  EXPECT_EQ(walked(arrays(127)).kind, FaultKind::kNone);
  EXPECT_EQ(skipped(arrays(128)), (Outcome{FaultKind::kDepth, 127}));
  EXPECT_EQ(walked(arrays(128)), (Outcome{FaultKind::kDepth, 127}));
  EXPECT_EQ(skipped(arrays(126), 1).kind, FaultKind::kNone);
  EXPECT_EQ(skipped(arrays(127), 1), (Outcome{FaultKind::kDepth, 126}));
  EXPECT_EQ(walked(arrays(127), 1), (Outcome{FaultKind::kDepth, 126}));
}

TEST(CursorDepth, ObjectsAndArraysAlternating_CloseInOrder) {
  std::string text;
  std::string closing;
  for (int i = 0; i < 127; ++i) {
    text += i % 3 == 0 ? "{\"a\":" : "[";
    closing.insert(0, i % 3 == 0 ? ",\"b\":0}" : ",0]");
  }
  text += "0" + closing;
  EXPECT_TRUE(is_canonical(text));
  EXPECT_EQ(walked(text).kind, FaultKind::kNone);
  text[text.size() - 1] = ']';
  EXPECT_EQ(skipped(text), (Outcome{FaultKind::kSyntax, text.size() - 1}));
}

// Every one- and two-byte lead against every second byte, checked against the base room's
// validator.
TEST(CursorUtf8, AgreesWithTheValidatorOnAllSequences) {
  for (unsigned lead = 0x80; lead < 0x100; ++lead) {
    for (unsigned second = 0x80; second < 0x100; ++second) {
      for (const char* rest : {"", "\x80", "\xBF\x80", "\x80\x80\x80", "a"}) {
        std::string text = {static_cast<char>(lead), static_cast<char>(second)};
        text += rest;
        const Outcome outcome = skipped("\"" + text + "\"");
        EXPECT_EQ(outcome.kind == FaultKind::kNone, is_valid_utf8(text)) << lead << ' ' << second;
      }
    }
  }
}

// Stops at every distance from the start and the end of a block, so that no block size hides one.
TEST(CursorScan, StopsAreFoundAtEveryPosition) {
  for (std::size_t size = 0; size < 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text = "\"" + std::string(size, 'a') + "\"";
      text[1 + at] = '\x01';
      EXPECT_EQ(skipped(text), (Outcome{FaultKind::kSyntax, 1 + at}));
      text[1 + at] = '\xFF';
      EXPECT_EQ(skipped(text), (Outcome{FaultKind::kUtf8, 1 + at}));
      text[1 + at] = '"';
      EXPECT_EQ(skipped(text), (Outcome{FaultKind::kNone, 2 + at}));
    }
  }
}

TEST(SkipValue, ExtentLeavesOutTheWhiteSpaceAround) {
  Cursor c("[ {\"a\":1} , 2]");
  Extent extent;
  ASSERT_TRUE(c.enter_array() && c.next_element() && c.skip_value(&extent));
  EXPECT_EQ(extent.begin, 2U);
  EXPECT_EQ(extent.end, 9U);
  EXPECT_TRUE(extent.canonical);
  EXPECT_TRUE(c.next_element() && c.skip_value(&extent));
  EXPECT_FALSE(c.next_element());
  EXPECT_TRUE(c.at_end());
}

TEST(SkipValue, CanonicalTexts_AreRecognised) {
  for (const char* text :
       {"null", "true", "false", "0", "-1", "1.5", "\"\"", "[]", "{}", "[1,2,[3]]",
        R"({"A":null,"a":[3,2,1],"b":1,"z":{"x":"q","y":false},"é":true})",
        R"({"":0,"a":1,"aa":2,"b":{"a":3,"b":4},"c":[{"a":1},{"a":1}]})",
        R"("\"\\\b\t\n\f\r\u0000\u001f/")", R"({"\n":1,"\u000b":2,"!":3,"\"":4,"a\\":5,"aa":6})",
        "\"\x7f\xE2\x80\xA8\xF0\x9F\x98\x80\"", "[1e+16,0.00001,18446744073709551615,-0.0]"}) {
    EXPECT_TRUE(is_canonical(text)) << text;
  }
}

TEST(SkipValue, OtherSpellings_AreNotCanonical) {
  for (const char* text : {"[1, 2]",
                           "[ ]",
                           "{\"a\" :1}",
                           "{\"a\": 1}",
                           "{\"a\":1 }",
                           "[1 ,2]",
                           "{ }",
                           "[\n1]",
                           R"({"b":1,"a":2})",
                           R"({"a":1,"a":2})",
                           R"({"a":{"b":1,"a":2}})",
                           R"({"a":1,"\u0061":2})",
                           R"({"aa":1,"a":2})",
                           R"({"a":[],"b":{"c":[{"z":1,"y":2}]}})",
                           R"({"!":1,"\n":2})",
                           R"("\/")",
                           R"("\u0041")",
                           R"("\u001F")",
                           R"("\u0008")",
                           R"("\u000a")",
                           R"("\u00e9")",
                           R"("\ud83d\ude00")",
                           R"("\u0022")",
                           R"({"\/":1})",
                           "1e5",
                           "[-0]",
                           "1.50",
                           "{\"a\":1.0e5}"}) {
    EXPECT_FALSE(is_canonical(text)) << text;
  }
}

TEST(SkipValue, KeysOfANestedObject_DoNotReplaceThoseOfTheOuterOne) {
  EXPECT_TRUE(is_canonical(R"({"b":{"a":1,"z":2},"c":3})"));
  EXPECT_FALSE(is_canonical(R"({"b":{"a":1},"a":3})"));
  EXPECT_FALSE(is_canonical(R"({"b":[{}],"b":3})"));
  EXPECT_TRUE(is_canonical(R"([{"b":1},{"a":1}])"));
}

TEST(SkipValue, RandomDamage_IsJudgedAsByReading) {
  const std::string text =
      R"({"a":[1,-2.5,1e+16,"x\n\u0001"],"b":{"c":null,"d":[true,false,{}]},"é":"ü\\\"end"})";
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = text;
    for (std::uint64_t n = 1 + random() % 3; n > 0; --n) {
      damaged[random() % damaged.size()] = "\"\\{}[]:,01e.-tfnu \x80\xC3"[random() % 20];
    }
    ASSERT_EQ(skipped(damaged), walked(damaged)) << quoted(damaged);
  }
}

}  // namespace
}  // namespace cortex::json
