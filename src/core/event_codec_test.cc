#include "core/event_codec.h"

#include <gtest/gtest.h>

#include "core/ids.h"

namespace cortex::core {
namespace {

const std::string kRow =
    R"({"id":"evt_01KG0000000000000000000001","schema_version":2,)"
    R"("observed_at":"2026-01-01T12:00:00Z","recorded_at":"2026-01-01T12:00:01Z",)"
    R"("source":{"type":"tool","name":"probe"},)"
    R"("event_type":"cortex.event.system_note.v1","trace_id":null,"session_id":"s",)"
    R"("domain_tags":["a"],"payload":{},"payload_hash":"aa","prev_event_hash":null,)"
    R"("event_hash":"bb"})";

bool decode(const std::string& text, Dialect dialect, DecodedEvent& out) {
  json::Cursor cursor(text);
  return decode_event(cursor, dialect, out);
}

TEST(EventCodec, RowThatWasDecodedIsWrittenBackByteForByte) {
  DecodedEvent decoded;
  ASSERT_TRUE(decode(kRow, Dialect::kSession, decoded));
  std::string row;
  append_row(row, decoded.event);
  EXPECT_EQ(row, kRow);
}

TEST(EventCodec, RepeatedMemberIsRefusedInARowAndTheLastOneWinsInASession) {
  std::string text = kRow;
  text.insert(1, R"("id":"evt_01KG0000000000000000000009",)");
  DecodedEvent decoded;
  EXPECT_FALSE(decode(text, Dialect::kLedgerRow, decoded));
  ASSERT_TRUE(decode(text, Dialect::kSession, decoded));
  EXPECT_EQ(id_text(IdKind::kEvent, decoded.event.id), "evt_01KG0000000000000000000001");
}

TEST(EventCodec, MissingPayloadIsRefusedAndNullPayloadIsNot) {
  std::string text = kRow;
  text.replace(text.find(R"("payload":{},)"), 13, "");
  DecodedEvent decoded;
  EXPECT_FALSE(decode(text, Dialect::kLedgerRow, decoded));
  text = kRow;
  text.replace(text.find("{},"), 2, "null");
  EXPECT_TRUE(decode(text, Dialect::kLedgerRow, decoded));
}

TEST(EventCodec, SessionPayloadBecomesCanonical) {
  std::string text = kRow;
  text.replace(text.find("{},"), 2, R"({"b": 1.50, "a":[1 ,2]})");
  DecodedEvent decoded;
  ASSERT_TRUE(decode(text, Dialect::kSession, decoded));
  EXPECT_EQ(decoded.event.payload, R"({"a":[1,2],"b":1.5})");
}

TEST(EventCodec, UnstableNumberIsReported) {
  std::string text = kRow;
  text.replace(text.find("{},"), 2, "-2.72422580300561e-11");
  DecodedEvent decoded;
  ASSERT_TRUE(decode(text, Dialect::kSession, decoded));
  EXPECT_TRUE(decoded.unstable_numbers);
}

TEST(EventCodec, LowerCaseIdIsNormalised) {
  std::string text = kRow;
  text.replace(text.find("01KG"), 4, "01kg");
  DecodedEvent decoded;
  ASSERT_TRUE(decode(text, Dialect::kLedgerRow, decoded));
  EXPECT_EQ(id_text(IdKind::kEvent, decoded.event.id), "evt_01KG0000000000000000000001");
}

TEST(EventCodec, SchemaVersionMustBeASmallInteger) {
  for (const char* version : {"65536", "-1", "2.0", "\"2\"", "null"}) {
    std::string text = kRow;
    text.replace(text.find(":2,") + 1, 1, version);
    DecodedEvent decoded;
    EXPECT_FALSE(decode(text, Dialect::kLedgerRow, decoded)) << version;
  }
}

// A refusal without a fault would be reported as "text after the row".
TEST(EventCodec, EveryRefusalSaysWhy) {
  const std::string source = R"({"type":"tool","name":"probe"})";
  for (const char* other :
       {"[]", R"(["tool"])", R"(["tool","a","b"])", "7", "{}", R"({"type":1})"}) {
    std::string text = kRow;
    text.replace(text.find(source), source.size(), other);
    for (const Dialect dialect : {Dialect::kSession, Dialect::kLedgerRow}) {
      json::Cursor cursor(text);
      DecodedEvent decoded;
      EXPECT_FALSE(decode_event(cursor, dialect, decoded)) << other;
      EXPECT_TRUE(cursor.failed()) << other;
      EXPECT_STRNE(cursor.fault().what, "") << other;
    }
  }
}

TEST(EventCodec, SchemaVersionOutOfTheRangeOfNumbersKeepsItsOwnFault) {
  std::string text = kRow;
  text.replace(text.find("\"schema_version\":2") + 17, 1, "1e999");
  json::Cursor cursor(text);
  DecodedEvent decoded;
  EXPECT_FALSE(decode_event(cursor, Dialect::kLedgerRow, decoded));
  EXPECT_EQ(cursor.fault().kind, json::FaultKind::kNumber);
}

}  // namespace
}  // namespace cortex::core
