#include "json/value.h"

#include <gtest/gtest.h>

#include <random>

namespace cortex::json {
namespace {

std::string rewritten(std::string_view text, Keys keys = Keys::kAsIs) {
  const Result<Value> value = parse(text);
  return value.ok() ? write_compact(*value, keys) : value.error().message;
}

TEST(JsonObject, SetReplacesInPlace_AddAppends_EraseRemoves) {
  Object object{{"b", 1}, {"a", "x"}};
  object.set("b", true);
  object.set("c", nullptr);
  object.add("d", Array{1, 2});
  EXPECT_EQ(write_compact(object), R"({"b":true,"a":"x","c":null,"d":[1,2]})");
  EXPECT_TRUE(object.erase("a"));
  EXPECT_FALSE(object.erase("a"));
  EXPECT_EQ(object.find("a"), nullptr);
  object.sort();
  EXPECT_EQ(write_compact(object), R"({"b":true,"c":null,"d":[1,2]})");
  EXPECT_EQ(object.size(), 3U);
}

TEST(JsonValue, KnowsItsTypeAndNothingElse) {
  const Value number(-5);
  EXPECT_EQ(number.type(), Type::kNumber);
  EXPECT_EQ(number.as_number()->i, -5);
  EXPECT_EQ(number.as_string(), nullptr);
  EXPECT_EQ(number.find("x"), nullptr);
  EXPECT_TRUE(Value().is_null());
  EXPECT_EQ(Value(true).type(), Type::kBool);
  EXPECT_EQ(Value("s").type(), Type::kString);
  EXPECT_EQ(Value(Array{}).type(), Type::kArray);
  EXPECT_EQ(Value(Object{}).type(), Type::kObject);
  EXPECT_EQ(Value(1.5).as_number()->kind, Number::Kind::kDouble);
  EXPECT_EQ(write_compact(Value(std::numeric_limits<std::int64_t>::min())), "-9223372036854775808");
  EXPECT_EQ(write_compact(Value(std::numeric_limits<std::uint64_t>::max())),
            "18446744073709551615");
}

TEST(JsonParse, KeepsMemberOrder_AndSpellsNumbersCanonically) {
  EXPECT_EQ(rewritten(" { \"b\" : [ 1.50 , -0 ] , \"a\" : \"\\u0041\" } "),
            R"({"b":[1.5,-0.0],"a":"A"})");
}

TEST(JsonParse, DuplicateKeys_TheLastWinsAndKeepsTheLastPlace) {
  EXPECT_EQ(rewritten(R"({"k":1,"k":2,"a":0})"), R"({"k":2,"a":0})");
  EXPECT_EQ(rewritten(R"({"k":1,"a":0,"k":2})"), R"({"a":0,"k":2})");
  EXPECT_EQ(rewritten(R"({"k":1,"b":5,"\u006b":{"x":1,"x":2},"a":0,"b":6})"),
            R"({"k":{"x":2},"a":0,"b":6})");
}

TEST(JsonParse, ManyMembers_AreReadInReasonableTime) {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += "\"k" + std::to_string((i * 7919LL) % 50'000) + "\":1,";
  text.back() = '}';
  const Result<Value> value = parse(text);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->as_object()->size(), 50'000U);
}

TEST(JsonParse, TextAfterTheValue_IsAUsageErrorWithItsPlace) {
  const Result<Value> value = parse("{} x");
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, Code::kUsage);
  EXPECT_EQ(value.error().message, "expected nothing after the value at byte 3");
  EXPECT_FALSE(parse("1 2").ok());
  EXPECT_FALSE(parse("").ok());
  EXPECT_FALSE(parse("  ").ok());
  EXPECT_TRUE(parse("\t\r\n 1 \n").ok());
}

TEST(JsonParse, DepthCountsWhatIsOpenAround) {
  const auto nested = [](std::size_t n) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i) text += "{\"a\":";
    return text + "1" + std::string(n, '}');
  };
  EXPECT_TRUE(parse(nested(127)).ok());
  EXPECT_FALSE(parse(nested(128)).ok());
  EXPECT_TRUE(parse(nested(126), 1).ok());
  EXPECT_FALSE(parse(nested(127), 1).ok());
}

TEST(JsonWrite, Sorted_ComparesBytesAtEveryLevel) {
  EXPECT_EQ(
      rewritten(R"({"é":true,"z":{"y":false,"x":"q"},"b":1,"a":[{"d":1,"c":2}],"A":null,"":0})",
                Keys::kSorted),
      R"({"":0,"A":null,"a":[{"c":2,"d":1}],"b":1,"z":{"x":"q","y":false},"é":true})");
}

TEST(JsonWrite, Strings_HaveMinimalEscapes) {
  std::string out;
  write_string(
      out, std::string("q\" b\\ /\b\t\n\f\r\0\x1f\x7f \xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80", 25));
  EXPECT_EQ(
      out,
      "\"q\\\" b\\\\ /\\b\\t\\n\\f\\r\\u0000\\u001f\x7f \xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80\"");
}

TEST(JsonWrite, EveryByteBelowTheBlank_ReadsBack) {
  for (std::size_t lead = 0; lead < 20; ++lead) {
    for (char c = 0; c < 0x20; ++c) {
      const std::string text = std::string(lead, 'x') + c + "tail";
      const Result<Value> value = parse(write_compact(Value(text)));
      ASSERT_TRUE(value.ok());
      EXPECT_EQ(*value->as_string(), text);
    }
  }
}

TEST(JsonWrite, Pretty_IndentsByTwo_EmptyContainersStayShort) {
  const Value value = parse(R"({"b":[1,{"x":null}],"a":{},"c":[]})").value();
  EXPECT_EQ(write_pretty(value), R"({
  "b": [
    1,
    {
      "x": null
    }
  ],
  "a": {},
  "c": []
})");
  EXPECT_EQ(write_pretty(parse(R"({"b":1,"a":2})").value(), Keys::kSorted),
            "{\n  \"a\": 2,\n  \"b\": 1\n}");
  EXPECT_EQ(write_pretty(Value()), "null");
}

Value random_value(std::mt19937_64& random, int depth) {
  static constexpr std::string_view kTexts[] = {"", "a", "é", "\n\"", "漢字", "\x01/", "zz top"};
  switch (random() % (depth < 5 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return random() % 2 == 0;
    case 2:
      return static_cast<std::int64_t>(random()) >> (random() % 64);
    case 3:
      return static_cast<double>(random() % 1'000'000) / 64.0;
    case 4:
      return kTexts[random() % std::size(kTexts)];
    case 5: {
      Array elements;
      for (auto n = random() % 5; n > 0; --n) elements.push_back(random_value(random, depth + 1));
      return elements;
    }
    default: {
      Object object;
      for (auto n = random() % 5; n > 0; --n) {
        object.set(std::string(kTexts[random() % std::size(kTexts)]),
                   random_value(random, depth + 1));
      }
      return object;
    }
  }
}

TEST(JsonRoundTrip, RandomValues_SurviveEveryLayout) {
  std::mt19937_64 random(99);
  for (int i = 0; i < 5'000; ++i) {
    const Value value = random_value(random, 0);
    const std::string compact = write_compact(value);
    EXPECT_EQ(write_compact(parse(compact).value()), compact);
    EXPECT_EQ(write_compact(parse(write_pretty(value)).value()), compact);
    const std::string text = canonical(value);
    EXPECT_EQ(canonical(parse(text).value()), text);
    Cursor cursor(text);
    Extent extent;
    ASSERT_TRUE(cursor.skip_value(&extent));
    EXPECT_TRUE(extent.canonical) << text;
  }
}

}  // namespace
}  // namespace cortex::json
