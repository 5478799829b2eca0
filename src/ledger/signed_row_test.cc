#include "ledger/signed_row.h"

#include <gtest/gtest.h>

#include "base/fs/fs.h"
#include "base/text.h"
#include "ledger/row_cursor.h"
#include "ledger/signed_fixture.h"

namespace cortex::ledger {
namespace {

std::string golden_text(const char* name) {
  return fs::read_all(fs::posix(), cat(CORTEX_TEST_DATA, "/", name), std::uint64_t{1} << 20U)
      .value();
}

TEST(SignedRow, GoldenLedgerIsSignedAgainToTheSameBytes) {
  const std::string text = golden_text("ledger/signed/signed.jsonl");
  RowCursor rows(text, 0);
  Lineage lineage{};
  crypto::SigningKey key = test_key(7);
  std::size_t seen = 0;
  while (const core::DecodedEvent* row = rows.next()) {
    core::Event event = row->event;
    event.payload = std::string(row->raw_payload);
    const Timestamp signed_at = event.signature->signed_at;
    event.signature.reset();
    lineage = sign_row(event, key, "signed", lineage, signed_at);
    std::string again;
    core::append_row(again, event);
    EXPECT_EQ(again, rows.line());
    if (const auto rotation = parse_rotation(event, row->raw_payload, 1)) {
      EXPECT_FALSE(rotation_fault(*rotation, key.public_key()));
      EXPECT_EQ(rotation_payload(key, rotation->new_key, rotation->signed_at), event.payload);
      key = test_key(8);
      EXPECT_EQ(key.public_key(), rotation->new_key);
    }
    ++seen;
  }
  EXPECT_EQ(seen, 7U);
}

class RotationTest : public testing::Test {
 protected:
  RotationTest() {
    event_.type = core::EventType::kSystemNote;
    payload_ = rotation_payload(test_key(7), test_key(8).public_key(), kSignedAt);
  }
  std::optional<Rotation> parse(const std::string& payload) const {
    return parse_rotation(event_, payload, 1);
  }
  void expect_fault(const Rotation& rotation, std::string_view what) const {
    const auto fault = rotation_fault(rotation, test_key(7).public_key());
    ASSERT_TRUE(fault) << what;
    EXPECT_NE(fault->find(what), std::string::npos) << *fault;
  }

  core::Event event_;
  std::string payload_;
};

TEST_F(RotationTest, GoodEnvelopeHolds) {
  const auto rotation = parse(payload_);
  ASSERT_TRUE(rotation);
  EXPECT_FALSE(rotation_fault(*rotation, test_key(7).public_key()));
  EXPECT_EQ(rotation->new_key, test_key(8).public_key());
}

TEST_F(RotationTest, WhatDoesNotParseIsNoRotation) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"kind\":\"identity.rotate\"", "\"kind\":\"identity.rotated\""},
           {"\"schema_version\":1", "\"schema_version\":-1"},
           {"\"schema_version\":1", "\"schema_version\":65536"},
           {"\"new_pubkey\":[", "\"new_pubkey\":[1,"},
           {"\"old_pubkey\":[", "\"old_pubkey\":[256,"},
           {"\"old_pubkey\"", "\"older_pubkey\""},
           {"\"signed_at\":\"2", "\"signed_at\":\"x2"},
           {"\"envelope\":{", "\"envelope\":[{"}}) {
    const std::string changed = replaced(payload_, from, to);
    EXPECT_FALSE(parse(changed)) << to;
  }
  event_.type = core::EventType::kDecision;
  EXPECT_FALSE(parse(payload_));
}

TEST_F(RotationTest, EscapedKindIsStillARotation) {
  EXPECT_TRUE(parse(replaced(payload_, "identity.rotate", "identity\\u002erotate")));
}

TEST_F(RotationTest, EachFaultIsNamed) {
  const Rotation good = parse(payload_).value();
  Rotation bad = good;
  bad.old_key = test_key(9).public_key();
  expect_fault(bad, "not the active key");
  bad = good;
  bad.schema_version = 2;
  expect_fault(bad, "schema version 2");
  bad = good;
  bad.signature[5] ^= 1U;
  expect_fault(bad, "did not verify");
  bad = good;
  ++bad.signed_at.seconds;
  expect_fault(bad, "did not verify");
  // Signed properly, but to a key that verifies anything.
  crypto::PublicKey low_order{};
  bad = parse(rotation_payload(test_key(7), low_order, kSignedAt)).value();
  expect_fault(bad, "low order");
}

TEST(SignedRow, SignatureOfAnotherLengthOrAlphabetIsNone) {
  EXPECT_TRUE(parse_signature(std::string(86, 'A')));
  for (const std::string& text : {std::string(), std::string(85, 'A'), std::string(87, 'A'),
                                  std::string(85, 'A') + "=", std::string(85, 'A') + "+"}) {
    EXPECT_FALSE(parse_signature(text)) << text;
  }
}

}  // namespace
}  // namespace cortex::ledger
