// `audit verify --signed`: keys, authority over time, warnings, and every flipped bit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/audit.h"
#include "ledger/signed_fixture.h"
#include "store/timelines.h"

namespace cortex::app {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using trust::KeyState;
using trust::Tier;

constexpr std::string_view kAuthority = "audit.verify.temporal_authority";

class AuditSignedTest : public AppTest {
 protected:
  AuditSignedTest() {
    public_key_ = folder_ / "k.pub";
    put_key(public_key_, ledger::test_key(7).public_key());
    clock_.time = {ledger::kSignedAt.seconds + 1'000'000, 0};
    mirror();
  }
  void put_key(const std::string& path, const crypto::PublicKey& key) {
    put(path, std::string(key.begin(), key.end()));
  }
  // Seconds after the first row was signed, as the columns have it.
  static std::string at(std::int64_t seconds) {
    return format_rfc3339({ledger::kSignedAt.seconds + seconds, 0}, Offset::kPlus00);
  }
  void principal(std::int64_t seconds, Tier tier = Tier::kOperator) {
    sqlite::Connection db = connect();
    ASSERT_TRUE(store::add_principal_row(db, {"op", tier, at(seconds), {}, {}}).ok());
  }
  void key(std::int64_t seconds, KeyState state, std::uint8_t byte = 7) {
    sqlite::Connection db = connect();
    ASSERT_TRUE(
        store::add_key_row(db, {ledger::test_key(byte).key_id(), "op", state, at(seconds), {}})
            .ok());
  }
  void register_key() {
    principal(-100);
    key(-100, KeyState::kActive);
  }
  VerifyReport verify() { return verify(request()); }
  VerifyReport verify(const VerifyRequest& request) {
    const FolderState before = state_of(live_);
    VerifyReport report = audit_verify(services_, request);
    EXPECT_EQ(state_of(live_), before) << "verification only reads";
    return report;
  }
  VerifyRequest request() const {
    VerifyRequest out;
    out.layout = layout_;
    out.signed_rows = true;
    out.verification_key = public_key_;
    return out;
  }
  static const trust::Contribution* vote(const VerifyReport& report, std::string_view rule) {
    for (const auto* votes : {&report.decision.contributing, &report.decision.discarded}) {
      for (const trust::Contribution& one : *votes) {
        if (one.rule_id == rule) return &one;
      }
    }
    return nullptr;
  }
  void expect_authority(trust::Outcome outcome, std::string_view reasons) {
    const VerifyReport report = verify();
    const trust::Contribution* authority = vote(report, kAuthority);
    ASSERT_NE(authority, nullptr);
    EXPECT_EQ(authority->outcome, outcome) << authority->reason;
    if (outcome == trust::Outcome::kAllow) {
      EXPECT_EQ(report.code, Code::kOk);
      return;
    }
    EXPECT_EQ(report.code, Code::kIntegrity);
    EXPECT_THAT(authority->reason,
                StartsWith("audit.verify.operator_temporal_authority.revalidation_failed:"));
    EXPECT_THAT(authority->reason, EndsWith(cat(": ", reasons)));
  }

  std::string public_key_;
};

TEST_F(AuditSignedTest, SoundLedgerOfARegisteredKeyLiftsTheRuntimeMode) {
  register_key();
  ledger::SignedLedger rows;
  rows.add_samples(3);
  put(log_, rows.text());
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_EQ(report.truth.runtime_mode, trust::RuntimeMode::kSignedLocalLedger);
  const json::Value document = to_json(report);
  const json::Value& member = *document.find("signed_verification");
  EXPECT_EQ(*member.find("key_id")->as_string(), ledger::test_key(7).key_id());
  EXPECT_EQ(member.find("rows_verified")->as_number()->u, 3U);
  EXPECT_EQ(member.find("warnings"), nullptr);
}

TEST_F(AuditSignedTest, SeedVerifiesAsItsPublicKeyDoes) {
  register_key();
  ledger::SignedLedger rows;
  rows.add_samples(2);
  put(log_, rows.text());
  VerifyRequest with_seed = request();
  with_seed.verification_key.reset();
  with_seed.attestation = folder_ / "k.seed";
  put(folder_ / "k.seed", std::string(32, '\x07'));
  EXPECT_EQ(verify(with_seed).code, Code::kOk);
}

TEST_F(AuditSignedTest, KeysThatCannotBeUsedEndTheRunBeforeTheLedgerIsRead) {
  struct Case {
    std::string bytes;
    const char* what;
  };
  const Case cases[] = {{std::string(31, 'k'), "31 bytes"},
                        {std::string(33, 'k'), "33 bytes"},
                        {"", "0 bytes"},
                        {std::string(64, 'a'), "64 bytes"},
                        {std::string(32, '\0'), "low order"},
                        {"\x02" + std::string(31, '\0'), "not a point"},
                        {std::string(32, '\xFF'), "canonical"}};
  for (const Case& c : cases) {
    put(public_key_, c.bytes);
    const VerifyReport report = verify();
    EXPECT_EQ(report.code, Code::kPrecondition) << c.what;
    EXPECT_THAT(report.error->message, HasSubstr(c.what));
    EXPECT_FALSE(report.chain.has_value());
  }
}

TEST_F(AuditSignedTest, FlagsThatDoNotFitAreUsageErrors) {
  VerifyRequest both = request();
  both.attestation = public_key_;
  EXPECT_EQ(verify(both).code, Code::kUsage);
  VerifyRequest none = request();
  none.verification_key.reset();
  EXPECT_EQ(verify(none).code, Code::kPrecondition);
  VerifyRequest unsigned_run = request();
  unsigned_run.signed_rows = false;
  EXPECT_EQ(verify(unsigned_run).code, Code::kUsage);
}

TEST_F(AuditSignedTest, RenamedLedgerVerifiesUnderItsOldName) {
  register_key();
  ledger::SignedLedger rows;
  rows.add_samples(2);
  VerifyRequest renamed = request();
  renamed.layout.event_log_path = live_ + "/moved.jsonl";
  put(renamed.layout.event_log_path, rows.text());
  EXPECT_EQ(verify(renamed).code, Code::kIntegrity);
  renamed.ledger_id = "events";
  EXPECT_EQ(verify(renamed).code, Code::kOk);
}

TEST_F(AuditSignedTest, EachRowIsJudgedAtTheTimeOfItsSignature) {
  ledger::SignedLedger rows;
  rows.add_samples(10);
  put(log_, rows.text());
  expect_authority(trust::Outcome::kReject, "key_unknown,principal_unknown,principal_unknown");
  register_key();
  expect_authority(trust::Outcome::kAllow, "");
  key(100, KeyState::kRetired);
  expect_authority(trust::Outcome::kAllow, "");  // all rows are older
  key(5, KeyState::kRetired);
  expect_authority(trust::Outcome::kAllow, "");  // the latest retirement counts
}

TEST_F(AuditSignedTest, RowSignedAfterRetirementIsNamed) {
  ledger::SignedLedger rows;
  rows.add_samples(10);
  put(log_, rows.text());
  register_key();
  key(5, KeyState::kRetired);
  expect_authority(trust::Outcome::kReject, "signed_after_retirement");
  const VerifyReport report = verify();
  EXPECT_THAT(vote(report, kAuthority)->reason, HasSubstr("5 rows from row 6 on"));
}

TEST_F(AuditSignedTest, LaterRevocationQuarantinesWhatWasSignedBefore) {
  ledger::SignedLedger rows;
  rows.add_samples(3);
  put(log_, rows.text());
  register_key();
  key(100, KeyState::kRevoked);
  expect_authority(trust::Outcome::kQuarantine, "revoked_after_signing");
}

TEST_F(AuditSignedTest, TierOfTheTimeOfSigningCounts) {
  ledger::SignedLedger rows;
  rows.add_samples(10);
  put(log_, rows.text());
  principal(-100, Tier::kObserved);
  key(-100, KeyState::kActive);
  principal(4, Tier::kVerified);
  expect_authority(trust::Outcome::kReject, "insufficient_trust_at_signing");
}

TEST_F(AuditSignedTest, ClockFarInThePastOrFutureIsJudgedByTheTimelines) {
  ledger::SignedLedger rows;
  rows.add_samples(2);
  put(log_, rows.text());
  register_key();
  clock_.time = {0, 0};
  expect_authority(trust::Outcome::kQuarantine, "principal_unknown");
  clock_.time = {253'402'300'000, 0};  // in the year 9999
  expect_authority(trust::Outcome::kAllow, "");
}

TEST_F(AuditSignedTest, KeyOfARotationActsWithTheAuthorityOfTheOldOne) {
  ledger::SignedLedger rows;
  rows.add_samples(1);
  rows.rotate(8);
  rows.add_samples(2);
  put(log_, rows.text());
  register_key();
  key(2, KeyState::kRetired);
  expect_authority(trust::Outcome::kAllow, "");
  key(0, KeyState::kActive, 8);
  key(3, KeyState::kRevoked, 8);  // once it is registered, its own timeline counts
  expect_authority(trust::Outcome::kReject, "signed_after_revocation");
}

TEST_F(AuditSignedTest, NamedKeyIsJudgedByTheTimelineOfItsName) {
  ledger::SignedLedger rows;
  rows.add_samples(3);
  put(log_, rows.text());
  principal(-100);
  const auto named = [&](std::int64_t seconds, KeyState state) {
    sqlite::Connection db = connect();
    ASSERT_TRUE(store::add_key_row(db, {"named", "op", state, at(seconds), {}}).ok());
  };
  const auto bind = [&] {
    sqlite::Connection db = connect();
    ASSERT_TRUE(store::bind_public_key(db, "named", ledger::test_key(7).key_id(), at(-100)).ok());
  };
  named(-100, KeyState::kActive);
  expect_authority(trust::Outcome::kReject, "key_unknown,principal_unknown,principal_unknown");
  bind();
  expect_authority(trust::Outcome::kAllow, "");
  named(1, KeyState::kRevoked);
  expect_authority(trust::Outcome::kReject, "signed_after_revocation");
}

TEST_F(AuditSignedTest, BrokenChainStillSaysWhatTheAuthorityIs) {
  ledger::SignedLedger rows;
  rows.add_samples(2);
  rows.rows[1].session_id = "other";
  put(log_, rows.text());
  register_key();
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kIntegrity);
  EXPECT_EQ(vote(report, kAuthority)->outcome, trust::Outcome::kAllow);
  EXPECT_EQ(vote(report, "audit.verify.signed_chain_closure")->outcome, trust::Outcome::kReject);
  EXPECT_EQ(vote(report, "audit.verify.v1_to_v2_boundary"), nullptr);
  EXPECT_THAT(report.error->message, HasSubstr("row 2"));
}

TEST_F(AuditSignedTest, ForeignKeyIdIsAWarningAndFailsWhenStrict) {
  ledger::SignedLedger rows;
  rows.add_samples(2);
  rows.rows[1].signature->key_id = "someone";
  put(log_, rows.text());
  register_key();
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk);
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_THAT(report.notes[0], HasSubstr("audit.verify.key_id_mismatch"));
  VerifyRequest strict = request();
  strict.strict = true;
  EXPECT_EQ(verify(strict).code, Code::kIntegrity);
}

TEST_F(AuditSignedTest, StoreOfTheLayoutComesBeforeTheUsualOne) {
  ledger::SignedLedger rows;
  rows.add_samples(2);
  put(log_, rows.text());
  register_key();
  VerifyRequest elsewhere = request();
  elsewhere.layout.db_path = folder_ / "none.db";
  EXPECT_EQ(verify(elsewhere).code, Code::kIntegrity) << "nobody is known there";
  elsewhere.default_db = layout_.db_path;
  EXPECT_EQ(verify(elsewhere).code, Code::kOk);
  put(elsewhere.layout.db_path, std::string(4096, 'x'));
  const VerifyReport report = verify(elsewhere);
  EXPECT_EQ(report.code, Code::kIntegrity);
  EXPECT_THAT(vote(report, kAuthority)->reason, HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace cortex::app
