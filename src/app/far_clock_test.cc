// A clock that is far off: what is recorded by it is signed, anchored and proven like anything
// else, and stays so when the clock is right again. Times are records, never proof of order.
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/audit.h"
#include "app/audit_anchor.h"
#include "app/checkpoint.h"
#include "app/context_pack.h"
#include "app/keys.h"
#include "app/memory_note.h"
#include "app/rebuild.h"
#include "app/tree_proof.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "ledger/signed_fixture.h"

namespace cortex::app {
namespace {

constexpr std::int64_t kRightTime = 1'790'000'000;  // 2026
constexpr std::int64_t kYear0 = -62'167'219'200;
constexpr std::int64_t kYear10000 = 253'402'300'800;

class FarClockTest : public AppTest {
 protected:
  FarClockTest() {
    crypto::Seed seed;
    seed.fill(7);
    EXPECT_TRUE(crypto::write_seed(fs_, seed_, seed).ok());
    EXPECT_TRUE(crypto::write_public_key(fs_, public_key_, ledger::test_key(7).public_key()).ok());
    mirror();
  }
  // A signed row, by the clock as it stands.
  void append_signed(std::uint64_t n) {
    auto log = ledger::AppendLog::open(fs_, log_, clock_, random_).value();
    ASSERT_TRUE(log->sign_with(ledger::test_key(7), clock_).ok());
    core::Event row = event(n);
    row.observed_at = row.recorded_at = clock_.time;
    ASSERT_TRUE(log->append(row).ok());
    ASSERT_TRUE(log->commit().ok());
  }
  AnchorReport anchor() {
    AnchorRequest request{.layout = layout_};
    request.history = history_;
    return audit_anchor(services_, request);
  }
  Result<NoteReport> note_something(std::string claim) {
    return note(services_, layout_, {}, {.claim = std::move(claim), .domains = {}});
  }
  VerifyReport expect_verified(VerifyRequest request) {
    request.layout = layout_;
    request.strict = true;
    VerifyReport report = audit_verify(services_, request);
    EXPECT_EQ(report.code, Code::kOk) << (report.error ? report.error->text() : "");
    EXPECT_TRUE(report.chain && report.chain->closed());
    EXPECT_TRUE(report.closure.failing.empty()) << report.closure.failing.front().reason;
    return report;
  }

  std::string seed_ = folder_ / "log.seed", public_key_ = folder_ / "log.pub";
  std::string history_ = folder_ / "anchors";
};

class FarClocksTest : public FarClockTest, public testing::WithParamInterface<std::int64_t> {
 protected:
  // In columns, anchors and attestations years have four digits.
  static bool can_be_kept() { return GetParam() >= kYear0 && GetParam() < kYear10000; }
  static Code expected() { return can_be_kept() ? Code::kOk : Code::kPrecondition; }
};

TEST_P(FarClocksTest, SignedRowsAnchorsAndProofsHold) {
  clock_.time = {GetParam(), 0};
  append_signed(1);
  EXPECT_EQ(anchor().code, expected());
  clock_.time = {kRightTime, 0};
  append_signed(2);
  EXPECT_EQ(anchor().code, Code::kOk);
  VerifyRequest request{.layout = {}};
  request.against_history = history_;
  expect_verified(request);
  request.signed_rows = true;
  request.verification_key = public_key_;
  request.layout = layout_;
  // No timeline knows the key: the authority is refused, the signatures are what counts here.
  const VerifyReport by_key = audit_verify(services_, request);
  ASSERT_TRUE(by_key.chain && by_key.chain->closed());
  EXPECT_EQ(by_key.chain->signatures.rows_verified, 2U);
  EXPECT_TRUE(by_key.closure.failing.empty());

  ASSERT_TRUE(audit_checkpoint(services_, {.layout = layout_, .key_path = seed_}).ok());
  const auto proof = audit_prove(services_, {.layout = layout_, .event_id = id_of(1)});
  ASSERT_TRUE(proof.ok()) << proof.error().text();
  put(folder_ / "p", proof->proof);
  EXPECT_TRUE(check_proof(services_, {.file = folder_ / "p", .key_path = public_key_}).ok());
}

TEST_P(FarClocksTest, OperationsAreMirroredAsTheyStand) {
  clock_.time = {GetParam(), 0};
  EXPECT_EQ(code_of(note_something("the pump in the cellar runs at night")), expected());
  EXPECT_EQ(get(log_).empty(), !can_be_kept());
  if (can_be_kept()) expect_verified({.layout = {}, .mirror = true});
  clock_.time = {kRightTime, 0};
  EXPECT_EQ(code_of(note_something("the roof was painted green last summer")), Code::kOk);
  expect_verified({.layout = {}, .mirror = true});
  EXPECT_EQ(count("memories"), can_be_kept() ? 2 : 1);
  const auto rebuilt = rebuild_from_ledger(services_, layout_);
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.error().text();
  EXPECT_EQ(count("memories"), can_be_kept() ? 2 : 1);
  expect_verified({.layout = {}, .mirror = true});
}

// What a key did while the clock was wrong stays checkable; from then on time runs forward only.
TEST_P(FarClocksTest, KeysAndWhatTheySignHold) {
  clock_.time = {GetParam(), 0};
  const RegisterKeyRequest anna{
      .change = {.layout = layout_}, .principal_id = "anna", .tier = "operator"};
  const std::string seed = folder_ / "anna.seed";
  EXPECT_EQ(code_of(generate_key(services_, anna, seed)), expected());
  if (!can_be_kept()) {
    EXPECT_EQ(fs_.stat(seed)->kind, fs::Kind::kMissing);
    return;
  }
  const auto pack = build_context(services_, layout_, {},
                                  {.task = "tea", .for_operator = true, .attestation_path = seed});
  ASSERT_TRUE(pack.ok()) << pack.error().text();
  VerifyRequest signatures{.layout = {}};
  signatures.attestation_keys = {public_key_};
  expect_verified(signatures);
  clock_.time = {kRightTime, 0};
  const auto rotated = rotate_key(
      services_,
      {.change = {.layout = layout_}, .old_seed_path = seed, .new_seed_path = seed + ".2"});
  if (GetParam() > kRightTime) {
    ASSERT_FALSE(rotated.ok());
    EXPECT_EQ(rotated.error().token, kKeyTimeToken);
    signatures.attestation_keys = {seed + ".pub"};  // no timeline lets it sign yet
  } else {
    ASSERT_TRUE(rotated.ok()) << rotated.error().text();
  }
  expect_verified(signatures);
  expect_verified({.layout = {}, .mirror = true});
}

INSTANTIATE_TEST_SUITE_P(Clocks, FarClocksTest,
                         testing::Values(kYear0 - 1, kYear0, -1, 0,  // an empty battery
                                         kRightTime + 1,             // a second ahead
                                         kYear10000 - 1, kYear10000));

TEST_F(FarClockTest, AnchorOfAYearThatNoAnchorCanHold_IsRefused) {
  append(1, 1);
  AnchorRequest anchor{.layout = layout_};
  anchor.output = folder_ / "a";
  for (const std::int64_t seconds : {kYear10000, kYear0 - 1}) {
    clock_.time = {seconds, 0};
    const AnchorReport report = audit_anchor(services_, anchor);
    EXPECT_EQ(report.code, Code::kPrecondition);
    EXPECT_EQ(fs_.stat(folder_ / "a")->kind, fs::Kind::kMissing);
  }
}

}  // namespace
}  // namespace cortex::app
