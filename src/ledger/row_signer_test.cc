// Rows that are signed while they are appended verify as a signed chain, wherever the signature
// before them stands.
#include "ledger/row_signer.h"

#include <gtest/gtest.h>

#include "ledger/signed_fixture.h"

namespace cortex::ledger {
namespace {

class RowSignerTest : public LedgerTest {
 protected:
  std::unique_ptr<AppendLog> signing(std::uint8_t byte = 7) {
    auto log = AppendLog::open(fs::posix(), path_, system_clock(), system_random()).value();
    const Status signer = log->sign_with(test_key(byte), system_clock());
    EXPECT_TRUE(signer.ok()) << signer.error().text();
    return log;
  }
  void append_signed(std::uint64_t n, std::uint8_t byte = 7) {
    const auto log = signing(byte);
    core::Event event = sample_event(n);
    ASSERT_TRUE(log->append(event).ok());
    ASSERT_TRUE(log->commit().ok());
  }
  Result<ChainReport> verified() {
    return verify_signed(bytes(), 7, 1, {}, ledger_id_of(path_, kSignedRowsLedgerId));
  }
};

TEST_F(RowSignerTest, BatchesChainToEachOther) {
  append_signed(1);
  append_signed(2);
  append_signed(3);
  const auto report = verified();
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->closed());
  EXPECT_EQ(report->signatures.rows_verified, 3U);
}

TEST_F(RowSignerTest, WhatWasRolledBackIsNoPredecessor) {
  append_signed(1);
  {
    const auto log = signing();
    core::Event lost = sample_event(9);
    ASSERT_TRUE(log->append(lost).ok());
    ASSERT_TRUE(log->roll_back().ok());
    core::Event kept = sample_event(2);
    ASSERT_TRUE(log->append(kept).ok());
    ASSERT_TRUE(log->commit().ok());
  }
  EXPECT_TRUE(verified()->closed());
}

TEST_F(RowSignerTest, UnsignedRowsBetween_AreLookedPast) {
  append_signed(1);
  core::Event large = sample_event(2, (1U << 20) + 10);  // more than one look back
  {
    const auto log = AppendLog::open(fs::posix(), path_, system_clock(), system_random()).value();
    ASSERT_TRUE(log->append(large).ok());
    ASSERT_TRUE(log->commit().ok());
  }
  append_signed(3);
  const auto report = verified();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->signatures.rows_verified, 2U);
  EXPECT_EQ(report->failures_total, 1U) << "the unsigned row alone";
}

TEST_F(RowSignerTest, OnlyTheActiveKeySigns) {
  append_signed(1);
  auto log = AppendLog::open(fs::posix(), path_, system_clock(), system_random()).value();
  const Status other = log->sign_with(test_key(8), system_clock());
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().token, kSignerNotActiveToken);
  ASSERT_TRUE(log->sign_with(test_key(7), system_clock()).ok());
  core::Event rotation = sample_event(2);
  rotation.payload = rotation_payload(test_key(7), test_key(8).public_key(), kSignedAt);
  ASSERT_TRUE(log->append(rotation).ok());
  ASSERT_TRUE(log->commit().ok());
  log.reset();
  append_signed(3, 8);
  const auto report = verified();
  EXPECT_TRUE(report->closed());
  EXPECT_EQ(report->signatures.rotated_to.size(), 1U);
}

// A row that only looks like a rotation hands nothing over.
TEST_F(RowSignerTest, RotationThatDoesNotHold_LeavesTheKeyActive) {
  append_signed(1);
  core::Event forged = sample_event(2);
  forged.payload = rotation_payload(test_key(9), test_key(8).public_key(), kSignedAt);
  {
    const auto log = signing();
    ASSERT_TRUE(log->append(forged).ok());
    ASSERT_TRUE(log->commit().ok());
  }
  append_signed(3);
  EXPECT_EQ(verified()->signatures.rows_verified, 3U);
}

TEST_F(RowSignerTest, TheEndIsReadOnce) {
  SignedLedger ledger;
  ledger.add_samples(2500, 1000);
  const std::string text = ledger.text();
  ASSERT_GT(text.size(), 3U << 20U);
  TextFile file(text);
  const auto last = find_last_signed(file, text.size());
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->lineage, lineage_of(*parse_signature(ledger.rows.back().signature->bytes)));
  EXPECT_LE(file.bytes_read, (1U << 20U) + 8192);
}

TEST_F(RowSignerTest, EmptyLedger_HasNoLastSignature) {
  TextFile file("");
  const auto last = find_last_signed(file, 0);
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->lineage, Lineage{});
  EXPECT_EQ(last->active_key_id, "");
}

}  // namespace
}  // namespace cortex::ledger
