// A clock that is far off: what is recorded by it is signed, anchored and proven like anything
// else, and stays so when the clock is right again. Times are records, never proof of order.
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/audit.h"
#include "app/audit_anchor.h"
#include "app/checkpoint.h"
#include "app/keys.h"
#include "app/memory_note.h"
#include "app/tree_proof.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "ledger/signed_fixture.h"

namespace cortex::app {
namespace {

constexpr std::int64_t kRightTime = 1'790'000'000;  // 2026

class FarClockTest : public AppTest, public testing::WithParamInterface<std::int64_t> {
 protected:
  FarClockTest() {
    EXPECT_TRUE(crypto::write_seed(fs_, seed_, crypto::Seed{7}).ok());
    EXPECT_TRUE(crypto::write_public_key(fs_, public_key_, ledger::test_key(7).public_key()).ok());
    mirror();
  }
  // A signed row, an operation and an anchor, all by the clock as it stands.
  std::string record(std::uint64_t n) {
    auto log = ledger::AppendLog::open(fs_, log_, clock_, random_).value();
    EXPECT_TRUE(log->sign_with(crypto::SigningKey(crypto::Seed{7}), clock_).ok());
    core::Event row = event(n);
    row.recorded_at = clock_.time;
    EXPECT_TRUE(log->append(row).ok());
    EXPECT_TRUE(log->commit().ok());
    log.reset();
    AnchorRequest anchor{.layout = layout_};
    anchor.history = history_;
    const AnchorReport anchored = audit_anchor(services_, anchor);
    EXPECT_EQ(anchored.code, Code::kOk) << anchored.error->text();
    return id_of(n);
  }
  void expect_sound() {
    VerifyRequest request{.layout = layout_, .strict = true};
    request.against_history = history_;
    request.signed_rows = true;
    request.verification_key = public_key_;
    const VerifyReport report = audit_verify(services_, request);
    ASSERT_TRUE(report.chain && report.chain->closed());
    EXPECT_EQ(report.chain->signatures.rows_verified, 2U);
    EXPECT_TRUE(report.closure.failing.empty()) << report.closure.failing.front().reason;
  }

  std::string seed_ = folder_ / "log.seed", public_key_ = folder_ / "log.pub";
  std::string history_ = folder_ / "anchors";
};

TEST_P(FarClockTest, WhatIsRecordedIsWhole) {
  clock_.time = {GetParam(), 0};
  const std::string first = record(1);
  clock_.time = {kRightTime, 0};
  record(2);
  expect_sound();
  ASSERT_TRUE(audit_checkpoint(services_, {.layout = layout_, .key_path = seed_}).ok());
  const auto proof = audit_prove(services_, {.layout = layout_, .event_id = first});
  ASSERT_TRUE(proof.ok()) << proof.error().text();
  put(folder_ / "p", proof->proof);
  EXPECT_TRUE(check_proof(services_, {.file = folder_ / "p", .key_path = public_key_}).ok());
}

TEST_F(AppTest, AnchorOfAYearThatNoAnchorCanHold_IsRefused) {
  append(1, 1);
  AnchorRequest anchor{.layout = layout_};
  anchor.output = folder_ / "a";
  for (const std::int64_t seconds : {253'402'300'800, -62'167'219'201}) {
    clock_.time = {seconds, 0};
    const AnchorReport report = audit_anchor(services_, anchor);
    EXPECT_EQ(report.code, Code::kPrecondition);
    EXPECT_EQ(fs_.stat(folder_ / "a")->kind, fs::Kind::kMissing);
  }
}

INSTANTIATE_TEST_SUITE_P(Clocks, FarClockTest,
                         testing::Values(-62'167'219'200,    // year 0
                                         -1, 0,              // an empty battery
                                         kRightTime + 1,     // a second ahead
                                         253'402'300'799));  // the end of the year 9999

}  // namespace
}  // namespace cortex::app
