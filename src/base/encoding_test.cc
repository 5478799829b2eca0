#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace cortex {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

TEST(Hex, RoundTripsEveryByte) {
  Bytes all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  const std::string text = to_hex(all);
  EXPECT_TRUE(text.starts_with("000102") && text.ends_with("fdfeff")) << text;
  EXPECT_EQ(from_hex(text), all);
}

TEST(Hex, UpperCaseOddLengthAndOtherCharactersAreRejected) {
  for (const char* bad : {"0", "0G", "AB", "0x", " 0", "\xC3\xA4"}) {
    EXPECT_EQ(from_hex(bad), std::nullopt) << bad;
  }
  EXPECT_TRUE(is_lower_hex("0123456789abcdef"));
  EXPECT_FALSE(is_lower_hex("0A"));
  EXPECT_TRUE(is_hash_hex(std::string(64, 'a')));
  EXPECT_FALSE(is_hash_hex(std::string(63, 'a')));
  EXPECT_FALSE(is_hash_hex(std::string(64, 'A')));
}

struct Vector {
  const char *plain, *standard, *url;
};
// RFC 4648 section 10, and bytes that tell the alphabets apart.
constexpr Vector kVectors[] = {{"", "", ""},
                               {"f", "Zg==", "Zg"},
                               {"fo", "Zm8=", "Zm8"},
                               {"foo", "Zm9v", "Zm9v"},
                               {"foob", "Zm9vYg==", "Zm9vYg"},
                               {"fooba", "Zm9vYmE=", "Zm9vYmE"},
                               {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
                               {"\xFB\xFF\xFE", "+//+", "-__-"}};

TEST(Base64, MatchesThePublishedVectors) {
  for (const Vector& v : kVectors) {
    EXPECT_EQ(to_base64(bytes_of(v.plain)), v.standard);
    EXPECT_EQ(from_base64(v.standard), bytes_of(v.plain)) << v.standard;
    EXPECT_EQ(to_base64url(bytes_of(v.plain)), v.url);
    EXPECT_EQ(from_base64url(v.url), bytes_of(v.plain)) << v.url;
  }
}

TEST(Base64, WrongPaddingAndUnusedBitsAreRejected) {
  for (const char* bad : {"Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zg==Zg==", "Zh==", "Zm9=",
                          "Zm9v\n", "Zm 9", "-__-", "Z=g="}) {
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
  }
}

TEST(Base64Url, IgnoresUnusedBitsButNotPaddingOrLength) {
  EXPECT_EQ(from_base64url("Zh"), bytes_of("f"));
  for (const char* bad : {"Z", "Zg==", "Zm9vY", "+//+", "Zg\n"}) {
    EXPECT_EQ(from_base64url(bad), std::nullopt) << bad;
  }
}

struct Sequence {
  const char* bytes;
  bool valid;
};
constexpr Sequence kSequences[] = {
    {"\xC2\x80", true},
    {"\xDF\xBF", true},
    {"\xE0\xA0\x80", true},
    {"\xED\x9F\xBF", true},
    {"\xEE\x80\x80", true},
    {"\xEF\xBF\xBF", true},
    {"\xF0\x90\x80\x80", true},
    {"\xF4\x8F\xBF\xBF", true},
    {"\x80", false},
    {"\xBF", false},
    {"\xC0\x80", false},
    {"\xC1\xBF", false},
    {"\xC2", false},
    {"\xC2\x7F", false},
    {"\xC2\xC0", false},
    {"\xE0\x9F\xBF", false},
    {"\xE0\x80\x80", false},
    {"\xE1\x80", false},
    {"\xE1\x80\x7F", false},
    {"\xED\xA0\x80", false},
    {"\xED\xBF\xBF", false},
    {"\xF0\x8F\xBF\xBF", false},
    {"\xF0\x90\x80", false},
    {"\xF4\x90\x80\x80", false},
    {"\xF5\x80\x80\x80", false},
    {"\xF8\x88\x80\x80", false},
    {"\xFE", false},
    {"\xFF", false},
};

// The fast path looks at eight bytes at once: each sequence stands at every offset around it.
TEST(Utf8, EverySequenceIsJudgedTheSameAtEveryOffset) {
  for (const Sequence& s : kSequences) {
    for (std::size_t before = 0; before < 18; ++before) {
      for (const std::size_t after : {0U, 1U, 7U, 8U, 9U}) {
        const std::string text = std::string(before, 'a') + s.bytes + std::string(after, 'b');
        EXPECT_EQ(is_valid_utf8(text), s.valid) << to_hex(bytes_of(s.bytes)) << ' ' << before;
      }
    }
  }
}

// Second judge: a string is well-formed exactly when it is what append_utf8 writes for some value.
TEST(Utf8, AllSequencesOfUpToThreeBytesAgreeWithTheEncoder) {
  std::vector<bool> valid(1U << 24U);
  for (std::uint32_t c = 0x80; c < 0x10000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, c);
    std::uint32_t key = 0;
    for (const char byte : text) key = key << 8U | static_cast<unsigned char>(byte);
    valid[key] = true;
  }
  std::size_t wrong = 0;
  for (std::uint32_t key = 0x8000; key < 1U << 24U; ++key) {
    const bool three = key > 0xFFFF;
    if (three && key < 0x800000) continue;  // begins with an ASCII byte
    std::string text;
    if (three) text += static_cast<char>(key >> 16U);
    text += static_cast<char>(key >> 8U);
    text += static_cast<char>(key);
    // Three bytes may also be a shorter character next to ASCII or another; skip those here.
    if (three && (key >> 16U) < 0xE0) continue;
    if (is_valid_utf8(text) != valid[key]) ++wrong;
  }
  EXPECT_EQ(wrong, 0U);
}

TEST(Utf8, CodePointsRoundTripAtTheBorders) {
  const std::pair<std::uint32_t, const char*> cases[] = {{0x7F, "\x7F"},
                                                         {0x80, "\xC2\x80"},
                                                         {0x7FF, "\xDF\xBF"},
                                                         {0x800, "\xE0\xA0\x80"},
                                                         {0xFFFF, "\xEF\xBF\xBF"},
                                                         {0x10000, "\xF0\x90\x80\x80"},
                                                         {0x10FFFF, "\xF4\x8F\xBF\xBF"}};
  for (const auto& [value, expected] : cases) {
    std::string out;
    append_utf8(out, value);
    EXPECT_EQ(out, expected);
  }
}

TEST(Utf8DeathTest, ASurrogateCannotBeWritten) {
  std::string out;
  EXPECT_DEATH(append_utf8(out, 0xD800), "code_point");
}

}  // namespace
}  // namespace cortex
