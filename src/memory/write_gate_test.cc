#include "memory/write_gate.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "base/fs/fs.h"
#include "base/text.h"
#include "memory/detectors.h"
#include "memory/memory_fixture.h"

namespace cortex::memory {
namespace {

using testing::HasSubstr;

// The lone detector that fires, or what else there is.
std::string found_in(std::string_view text) {
  const GatePolicy policy{.secrets = GateAction::kReport, .personal = GateAction::kReport};
  std::string names;
  for (const Finding& one : screen(text, policy).value().findings) {
    names += cat(names.empty() ? "" : " ", one.detector);
  }
  return names;
}

// `length` bytes of the alphabet, the same ones every time; no example of a real key stands here.
std::string body_of(Alphabet alphabet, std::size_t length) {
  std::string all;
  for (char c = '!'; c < '~'; ++c) {
    const bool letter = is_in(Alphabet::kAlnum, c);
    if (letter && is_in(alphabet, c)) all.push_back(c);
  }
  std::string out;
  for (std::size_t i = 0; out.size() < length; ++i) out.push_back(all[(i * 7 + 3) % all.size()]);
  return out;
}

std::string example(const TokenDetector& row, std::size_t length) {
  return cat(row.literal, row.gap ? ": " : "", body_of(row.alphabet, length));
}

TEST(WriteGate, HasSixtyDetectorsAndMore_EachNamedOnce) {
  std::set<std::string_view> names;
  for (const TokenDetector& row : token_detectors()) EXPECT_TRUE(names.insert(row.name).second);
  for (const ShapeDetector& row : shape_detectors()) EXPECT_TRUE(names.insert(row.name).second);
  EXPECT_GE(names.size(), 60U);
}

std::string_view alphabet_text(Alphabet alphabet) {
  constexpr std::string_view kTexts[] = {"0-9 a-f",
                                         "A-Z 0-9",
                                         "A-Z a-z 0-9",
                                         "A-Z a-z 0-9 _",
                                         "A-Z a-z 0-9 _ -",
                                         "A-Z a-z 0-9 _ - .",
                                         "A-Z a-z 0-9 + / =",
                                         "A-Z a-z 0-9 _ - . /",
                                         "A-Z a-z 0-9 _ - . ~ + / =",
                                         "not blank, no quote"};
  return kTexts[static_cast<std::size_t>(alphabet)];
}

// docs/formats.md, 10.2
TEST(WriteGate, EveryDetectorIsDocumented) {
  const std::string text =
      fs::read_all(fs::posix(), CORTEX_TEST_DATA "/../../docs/formats.md", 4U << 20U).value();
  for (const TokenDetector& row : token_detectors()) {
    const std::string many = row.least == row.most ? cat(row.least) : cat(row.least, "-", row.most);
    EXPECT_THAT(text, HasSubstr(cat("\n| `", row.name, "` | secret | `", row.literal, "`",
                                    row.gap ? ", assigned" : "", ", ", many, " of ",
                                    alphabet_text(row.alphabet), " | ",
                                    gate_action_token(row.action), " |\n")));
  }
  for (const ShapeDetector& row : shape_detectors()) {
    EXPECT_THAT(text, HasSubstr(cat("\n| `", row.name, "` | ", row.kind, " | ", row.rule, " | ",
                                    gate_action_token(row.action), " |\n")));
  }
}

TEST(WriteGate, EveryTokenRow_FindsItsTokenAndNothingNearIt) {
  for (const TokenDetector& row : token_detectors()) {
    const std::string shortest = example(row, row.least);
    EXPECT_THAT(found_in(cat("use ", shortest, " for it")), HasSubstr(row.name)) << row.name;
    EXPECT_THAT(found_in(example(row, row.most)), HasSubstr(row.name)) << row.name;
    EXPECT_THAT(found_in(example(row, row.least - 1)), testing::Not(HasSubstr(row.name)))
        << row.name;
    EXPECT_THAT(found_in(example(row, row.most + 1)), testing::Not(HasSubstr(row.name)))
        << row.name;
    if (!row.gap) {
      EXPECT_THAT(found_in(cat("x", shortest)), testing::Not(HasSubstr(row.name))) << row.name;
    }
  }
}

TEST(WriteGate, AssignedValues_NotMereWords) {
  EXPECT_EQ(found_in("the password reset mail is late"), "");
  EXPECT_EQ(found_in("Password = 'hunter2hunter2'"), "password_value");
  EXPECT_EQ(found_in("{\"API_KEY\": \"abcdefabcdef\"}"), "api_key_value");
  EXPECT_EQ(found_in(R"(curl -d "{\"password\":\"hunter22\"}")"), "password_value");
  EXPECT_EQ(found_in("Authorization: Bearer abcdefghijklmnop"), "bearer_header");
}

TEST(WriteGate, HeadersOfCodeAndJson_EscapedToo_NotMereWords) {
  for (const char* header : {
           R"({"Authorization": "Bearer abcdefghijklmnop"})",
           R"({"authorization":"bearer abcdefghijklmnop"})",
           R"({\"Authorization\": \"Bearer abcdefghijklmnop\"})",
           R"({\\\"Authorization\\\": \\\"Bearer abcdefghijklmnop\\\"})",
           R"(headers["Authorization"] = "Bearer abcdefghijklmnop")",
           R"(headers['Authorization']='Bearer abcdefghijklmnop')",
           R"(.header("Authorization", "Bearer abcdefghijklmnop"))",
           R"("Authorization" => "Bearer abcdefghijklmnop")",
           "Authorization:Bearer abcdefghijklmnop",
       }) {
    EXPECT_EQ(found_in(header), "bearer_header") << header;
  }
  EXPECT_EQ(found_in(R"({"Authorization": "Basic YWRhOmJ5cm9u"})"), "basic_header");
  EXPECT_EQ(screen("Authorization: Bearer abcdefgh+ijkl/mnop~qr== is it", {})->text,
            "[redacted:bearer_header] is it");
  EXPECT_EQ(screen(R"({"Authorization": "Bearer abcdefghijklmnop", "n": 1})", {})->text,
            R"({"[redacted:bearer_header]", "n": 1})");
  for (const char* sound : {
           "authorization, bearer abcdefghijklmnop",
           "authorization bearer abcdefghijklmnop",
           "authorization \"bearer abcdefghijklmnop\"",
           "Authorization, 'Bearer abcdefghijklmnop'",
           R"({"Authorization": "Bearer short"})",
           R"({"Authorization": "Bearer ${TOKEN_OF_THE_SERVICE}"})",
           R"({"Authorization": {"scheme": "Bearer abcdefghijklmnop"}})",
           R"({"Authorization": "Bearertokens abcdefghijklmnop"})",
       }) {
    EXPECT_EQ(found_in(sound), "") << sound;
  }
}

TEST(WriteGate, ACardThatDigitsFollow_NotTheNumbersOfAList) {
  const auto redacted = [](std::string_view text) { return screen(text, {}).value().text; };
  constexpr std::string_view kGone = "[redacted:payment_card]";
  for (const std::string_view card :
       {"4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111", "3782 822463 10005"}) {
    for (const std::string_view after : {"12/29 123", "12 29 123", "1229 123", "123", "1 2 3"}) {
      EXPECT_EQ(redacted(cat("card ", card, " ", after)), cat("card ", kGone, " ", after)) << card;
    }
  }
  EXPECT_EQ(redacted("4111 1111 1111 1111 5555 5555 5555 4444"), cat(kGone, " ", kGone));
  EXPECT_EQ(redacted("n 7 4111 1111 1111 1111 12/29"), cat("n 7 ", kGone, " 12/29"));
  for (const std::string_view sound : {
           "4111 1111 1111 1112 12/29 123",       // no checksum
           "4111 1111 1111 1111 5555 5555 5555",  // a list of numbers
           "4111 1111 1111 1111-12",              // goes on
           "41111 1111 1111 111 123",             // not written so
           "2019 2020 2021 2020 2023",            // years
           "4096 4097 4100 4105 4110",
           "1700000000004 43",  // no issuer
           "4111-1111-1111-1111-1111-1111",
       }) {
    EXPECT_EQ(found_in(sound), "") << sound;
  }
}

struct Shape {
  std::string_view name, good, bad;
};

TEST(WriteGate, EveryShapeRow_ChecksWhatMakesItOne) {
  const std::string begin = "-----BEGIN ", key = "PRIVATE KEY-----";
  const std::string part = body_of(Alphabet::kAlnum, 12);
  const std::string jwt = cat("eyJ", part, ".", part, ".", part);
  const std::string not_jwt = cat("eyJ", part, ".", part);
  const std::string bot = cat("123456789:", body_of(Alphabet::kAlnum, 35));
  const std::string not_bot = cat("123456789:", body_of(Alphabet::kAlnum, 34));
  const std::string pem = cat(begin, "RSA ", key, "\nAAAA\n-----END RSA ", key);
  const std::string certificate = cat(begin, "CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----");
  const Shape shapes[] = {
      {"private_key", pem, certificate},
      {"json_web_token", jwt, not_jwt},
      {"telegram_bot_token", bot, not_bot},
      {"url_password", "postgres://me:secret@db/x", "postgres://db/x@y"},
      {"payment_card", "4111 1111 1111 1111", "4111 1111 1111 1112"},
      {"iban", "GB82 WEST 1234 5698 7654 32", "GB83 WEST 1234 5698 7654 32"},
      {"us_social_security", "536-90-4399", "666-90-4399"},
      {"uk_national_insurance", "AB123456C", "AB123456Z"},
      {"ca_social_insurance", "130-692-544", "130-692-545"},
      {"es_national_id", "12345678Z", "12345678A"},
      {"de_tax_id", "86095742719", "86095742718"},
      {"email_address", "ada@example.org", "ada@example"},
      {"phone_number", "+49 30 901820", "+49 30"},
  };
  EXPECT_EQ(std::size(shapes), shape_detectors().size());
  for (const Shape& shape : shapes) {
    EXPECT_EQ(found_in(cat("(", shape.good, ")")), shape.name);
    EXPECT_THAT(found_in(cat("(", shape.bad, ")")), testing::Not(HasSubstr(shape.name)))
        << shape.bad;
  }
}

TEST(WriteGate, Redacts_AndNeverRepeatsWhatItTookOut) {
  const Screened out = screen("card 4111 1111 1111 1111 of ada@example.org", {}).value();
  EXPECT_EQ(out.text, "card [redacted:payment_card] of ada@example.org");
  ASSERT_EQ(out.findings.size(), 2U);
  EXPECT_EQ(out.findings[0].action, GateAction::kRedact);
  EXPECT_EQ(out.findings[1].action, GateAction::kReport);
  EXPECT_THAT(json::canonical(to_json(out.findings)), testing::Not(HasSubstr("4111")));
}

TEST(WriteGate, AnAddressThatIsReported_DoesNotSaveTheTokenInIt) {
  const std::string token = cat("ghp_", body_of(Alphabet::kAlnum, 36));
  const Screened out = screen(cat("git clone https://", token, "@github.com/a/b"), {}).value();
  EXPECT_EQ(out.text, "git clone https://[redacted:github_token]@github.com/a/b");
  EXPECT_EQ(screen("call +3782 822463 10005", {})->text, "call +[redacted:payment_card]");
  // Whatever is gone, nothing of it is left behind.
  EXPECT_EQ(screen(cat(token, "@github.com"), {.personal = GateAction::kRedact})->text,
            "[redacted:email_address]");
}

TEST(WriteGate, AKeyBehindAnAssignmentIsRefusedAndTakenOutAsAWhole) {
  const std::string text =
      cat("password: ab-----BEGIN ", "PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY----- after");
  EXPECT_EQ(screen(text, {}).error().token, "memory.write_gate.private_key");
  json::Value value(text);
  Redactions counts;
  redact_strings(value, {}, counts);
  EXPECT_EQ(*value.as_string(), "[redacted:private_key] after");
  EXPECT_EQ(counts, (Redactions{{"private_key", 1}}));
}

TEST(WriteGate, PasswordsOfUrls_WithoutAUserAndWithMoreThanOneAt) {
  const auto redacted = [](std::string_view text) { return screen(text, {}).value().text; };
  EXPECT_EQ(redacted("redis://:hunter22@cache:6379/0"), "[redacted:url_password]cache:6379/0");
  EXPECT_EQ(redacted("mysql://root:p@ssw0rd@db/x"), "[redacted:url_password]db/x");
  EXPECT_EQ(redacted("http://a:b@h?to=c@d.org"), "[redacted:url_password]h?to=c@d.org");
  for (const char* sound : {"http://:@h", "http://a:@h", "http://me@h:80/x@y", "http://h:80/"}) {
    EXPECT_EQ(found_in(sound), "") << sound;
  }
}

TEST(WriteGate, PrivateKey_IsRefusedByDefault_ThePolicyDecides) {
  const std::string pem = cat("-----BEGIN ", "PRIVATE KEY-----\nAAAA");
  const auto refused = screen(pem, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kPrecondition);
  EXPECT_EQ(refused.error().token, "memory.write_gate.private_key");
  EXPECT_EQ(screen(pem, {.secrets = GateAction::kRedact})->text, "[redacted:private_key]");
  EXPECT_TRUE(screen(pem, {.secrets = GateAction::kOff})->findings.empty());
  EXPECT_FALSE(screen("ada@example.org", {.personal = GateAction::kRefuse}).ok());
}

TEST(WriteGate, LongText_IsScannedInOnePass) {
  std::string text;
  while (text.size() < (10U << 20U)) text += "4111 1111 1111 1112 a@b c://d ";
  EXPECT_TRUE(screen(text, {}).value().findings.empty());
}

// Each could be the begin of a token that reaches to the end of the text.
TEST(WriteGate, ManyBeginsOfATokenThatNeverEnds_AreReadOnce) {
  std::string text;
  while (text.size() < (10U << 20U)) text += "eyJhbGciOi-";
  EXPECT_TRUE(screen(text, {}).value().findings.empty());
  EXPECT_EQ(screen("x-eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", {})->text,
            "x-[redacted:json_web_token]");
  EXPECT_EQ(screen("eve-eyJ-eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", {})->text,
            "eve-[redacted:json_web_token]");
}

TEST(WriteGate, Checksums) {
  EXPECT_TRUE(passes_luhn("79927398713"));
  EXPECT_FALSE(passes_luhn("79927398710"));
  EXPECT_FALSE(passes_luhn(""));
  EXPECT_TRUE(passes_mod97("DE89370400440532013000"));
  EXPECT_FALSE(passes_mod97("DE8"));
}

TEST(WriteGate, Actions) {
  for (const std::string_view token : {"off", "report", "redact", "refuse"}) {
    EXPECT_EQ(gate_action_token(*parse_gate_action(token)), token);
  }
  EXPECT_FALSE(parse_gate_action("Redact"));
}

std::string redacted_json(std::string_view text, const GatePolicy& policy, Redactions& counts) {
  json::Value value = json::parse(text).value();
  redact_strings(value, policy, counts);
  return json::write_compact(value);
}

TEST(WriteGate, StringsOfADocumentAreScreened_MembersTogetherWithTheirNames) {
  Redactions counts;
  EXPECT_EQ(
      redacted_json(R"({"input":{"password":"hunter22","passwords":["x"],"n":4111111111111111},)"
                    R"("text":"see AKIAABCDEFGHIJKLMNOP.","list":["a",["4111 1111 1111 1111"]],)"
                    R"("api_key":{"x":"short"}})",
                    {}, counts),
      R"({"input":{"password":"[redacted:password_value]","passwords":["x"],)"
      R"("n":4111111111111111},"text":"see [redacted:aws_access_key_id].",)"
      R"("list":["a",["[redacted:payment_card]"]],"api_key":{"x":"short"}})");
  EXPECT_EQ(counts,
            (Redactions{{"aws_access_key_id", 1}, {"password_value", 1}, {"payment_card", 1}}));
}

TEST(WriteGate, WhatANoteIsRefusedForIsTakenOutOfADocument_AndThePolicyDecides) {
  constexpr std::string_view kText =
      R"({"k":"a -----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY----- b","m":"a@b.org"})";
  Redactions counts;
  EXPECT_EQ(redacted_json(kText, {}, counts),
            R"({"k":"a [redacted:private_key] b","m":"a@b.org"})");
  EXPECT_EQ(counts, (Redactions{{"private_key", 1}}));
  EXPECT_EQ(
      redacted_json(kText, {.secrets = GateAction::kOff, .personal = GateAction::kRedact}, counts),
      R"({"k":"a -----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY----- b",)"
      R"("m":"[redacted:email_address]"})");
  counts.clear();
  EXPECT_EQ(redacted_json(kText, {.secrets = GateAction::kReport}, counts), kText);
  EXPECT_TRUE(counts.empty());
}

class RecalledTest : public MemoryTest {};

TEST_F(RecalledTest, PackTextAndQuotedMemories_AreNotStoredAgain) {
  add(1, "active", "the deploy waits for the migration");
  add(2, "active", "short");
  const auto verdict = [&](std::string_view text) { return refuse_recalled(db_, text, {}).ok(); };
  EXPECT_FALSE(verdict(R"({"context_pack_id":"x","selected_refs":[]})"));
  EXPECT_TRUE(verdict("selected_refs is a member of packs"));
  EXPECT_FALSE(verdict(cat(id_of(1), ": the deploy waits for the migration")));
  EXPECT_TRUE(verdict(cat("see ", id_of(1))));
  EXPECT_TRUE(verdict("the deploy waits for the migration"));  // a duplicate, not an echo
  EXPECT_TRUE(verdict(cat(id_of(2), " says short")));
  EXPECT_TRUE(refuse_recalled(db_, R"({"context_pack_id":"x","selected_refs":[]})",
                              {.recalled = GateAction::kOff})
                  .ok());
  EXPECT_EQ(refuse_recalled(db_, "context_pack_id selected_refs", {}).error().token,
            "memory.write_gate.recalled_text");
}

}  // namespace
}  // namespace cortex::memory
