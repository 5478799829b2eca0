#include "app/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"

namespace cortex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr const char* kBoundaryPayload = "{\"kind\":\"schema_migration.v1_to_v2\"}";

class AuditTest : public AppTest {
 protected:
  VerifyReport verify(bool require_boundary = false, bool strict = false) {
    const FolderState before = state_of(live_);
    VerifyReport report = audit_verify(services_, {layout_, require_boundary, strict});
    EXPECT_EQ(state_of(live_), before) << "verification only reads";
    return report;
  }
  static core::Event boundary(std::uint64_t n) {
    core::Event out = event(n);
    out.payload = kBoundaryPayload;
    return out;
  }
  // The four facts of a report, as its JSON has them.
  static std::vector<std::string> truth(const VerifyReport& report) {
    const json::Value document = to_json(report);
    std::vector<std::string> out;
    for (const char* key : {"runtime_mode", "proof_state", "claim_ceiling", "authority_class"}) {
      out.push_back(*document.find(key)->as_string());
    }
    return out;
  }
  static void expect_unknown(const VerifyReport& report) {
    EXPECT_THAT(truth(report), ElementsAre("local_unsigned", "unknown", "dev_only", "observed"));
  }
  static void expect_broken(const VerifyReport& report) {
    EXPECT_THAT(truth(report), ElementsAre("local_unsigned", "broken", "dev_only", "observed"));
  }
};

TEST_F(AuditTest, ClosedChain_AllowsAndProvesTheWhole) {
  append(1, 3);
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk);
  EXPECT_THAT(truth(report),
              ElementsAre("local_unsigned", "full_chain_verified", "local_unsigned", "observed"));
  EXPECT_EQ(report.decision.final_outcome, trust::Outcome::kAllow);
  EXPECT_THAT(report.decision.contributing, SizeIs(2));
  EXPECT_THAT(report.decision.discarded, IsEmpty());
  ASSERT_THAT(report.closure.verified, SizeIs(2));
  EXPECT_EQ(report.closure.verified[0].to_ref, "hash_chain_closure");
  EXPECT_EQ(report.closure.verified[1].to_ref, "v1_to_v2_boundary");
  const json::Value document = to_json(report);
  EXPECT_EQ(*document.find("path")->as_string(), log_);
  EXPECT_EQ(document.find("rows_scanned")->as_number()->u, 3U);
  EXPECT_TRUE(*document.find("chain_ok")->as_bool());
  EXPECT_TRUE(*document.find("boundary")->find("ok")->as_bool());
  for (const char* key : {"failures", "failures_total", "duplicate_event_ids", "detail"}) {
    EXPECT_EQ(document.find(key), nullptr) << key;
  }
}

TEST_F(AuditTest, EmptyLedger_IsClosed) { EXPECT_EQ(verify().code, Code::kOk); }

TEST_F(AuditTest, BrokenChain_RejectsWithoutAWordOnTheBoundary) {
  append(1, 3);
  break_chain(2);
  const VerifyReport report = verify(true);
  EXPECT_EQ(report.code, Code::kIntegrity);
  expect_broken(report);
  ASSERT_THAT(report.decision.contributing, SizeIs(1));
  EXPECT_EQ(report.decision.contributing[0].rule_id, "audit.verify.hash_chain_closure");
  EXPECT_EQ(report.decision.contributing[0].outcome, trust::Outcome::kReject);
  ASSERT_THAT(report.closure.failing, SizeIs(1));
  EXPECT_EQ(report.closure.failing[0].failure, trust::EdgeFailure::kMismatch);
  const json::Value document = to_json(report);
  EXPECT_FALSE(*document.find("chain_ok")->as_bool());
  EXPECT_EQ(document.find("boundary"), nullptr);
  const json::Value& failure = document.find("failures")->as_array()->front();
  EXPECT_EQ(failure.find("line")->as_number()->u, 2U);
  EXPECT_EQ(*failure.find("event_id")->as_string(), id_of(2));
  EXPECT_THAT(*failure.find("reason")->as_string(), StartsWith("HashBreak"));
}

TEST_F(AuditTest, LedgerThatCannotBeRead_SaysWhyWithTheCodeOfTheReason) {
  append(1, 2);
  const std::string good = get(log_);
  struct Row {
    std::string text;
    Code code;
    const char* token;
  };
  const Row rows[] = {{"no row\n" + good, Code::kChain, ""},
                      {good + "{\"id\":", Code::kChain, "ledger.torn_tail"},
                      {good + "\"\xFF\"\n", Code::kPrecondition, "ledger.not_utf8"}};
  for (const Row& row : rows) {
    put(log_, row.text);
    const VerifyReport report = verify();
    EXPECT_EQ(report.code, row.code) << row.token;
    ASSERT_TRUE(report.error.has_value());
    EXPECT_EQ(report.error->token, row.token);
    if (row.code == Code::kChain) expect_broken(report);
    if (row.code != Code::kChain) expect_unknown(report);
    EXPECT_TRUE(report.decision.blocked());
    const json::Value document = to_json(report);
    EXPECT_EQ(document.find("path"), nullptr);
    EXPECT_EQ(document.find("rows_scanned")->as_number()->u, 0U);
    EXPECT_FALSE(*document.find("chain_ok")->as_bool());
    EXPECT_NE(document.find("detail"), nullptr);
  }
}

TEST_F(AuditTest, MissingLedger_IsAPreconditionAndIsNotMade) {
  ASSERT_TRUE(fs_.remove_file(log_).ok());
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kPrecondition);
  expect_unknown(report);
  EXPECT_THAT(report.error->next, HasSubstr("cortex init"));
  ASSERT_TRUE(fs_.make_directory(log_, 0700).ok());
  EXPECT_EQ(audit_verify(services_, {layout_, false, false}).code, Code::kPrecondition);
}

TEST_F(AuditTest, RequiredBoundary_MustBeThereExactlyOnce) {
  append(1, 1);
  const VerifyReport none = verify(true);
  EXPECT_EQ(none.code, Code::kSchema);
  expect_unknown(none);
  EXPECT_THAT(none.error->message, StartsWith("schema_migration.v1_to_v2.boundary.missing"));
  EXPECT_THAT(none.decision.contributing, SizeIs(1)) << "the rule that rejects";
  EXPECT_THAT(none.decision.discarded, SizeIs(1)) << "the chain holds";
  append({boundary(2)});
  EXPECT_EQ(verify(true).code, Code::kOk);
  append({boundary(3)});
  const VerifyReport twice = verify(true);
  EXPECT_EQ(twice.code, Code::kSchema);
  EXPECT_THAT(twice.error->message, HasSubstr("lines: [2, 3]"));
  EXPECT_EQ(verify(false).code, Code::kOk) << "not asked for";
}

TEST_F(AuditTest, RepeatedIds_AreReportedAndFailOnlyWhenStrict) {
  append(1, 2);
  append(1, 1);
  const VerifyReport lenient = verify();
  EXPECT_EQ(lenient.code, Code::kOk);
  const json::Value document = to_json(lenient);
  EXPECT_THAT(document.find("duplicate_event_ids")->as_array()->front().as_string(),
              testing::Pointee(id_of(1)));
  const VerifyReport strict = verify(true, true);
  EXPECT_EQ(strict.code, Code::kIntegrity) << "before the boundary check";
  expect_broken(strict);
  EXPECT_THAT(strict.decision.contributing[0].reason,
              HasSubstr("audit.verify.duplicate_event_ids"));
}

TEST_F(AuditTest, MoreFailuresThanAreShown_AreCounted) {
  append(1, 1001);
  std::string text = get(log_);
  for (std::size_t at = text.find("{\"n\""); at != std::string::npos;
       at = text.find("{\"n\"", at + 1)) {
    text[at + 2] = 'm';
  }
  put(log_, text);
  const json::Value document = to_json(verify());
  EXPECT_EQ(document.find("failures")->as_array()->size(), 1000U);
  EXPECT_EQ(document.find("failures_total")->as_number()->u, 1001U);
}

}  // namespace
}  // namespace cortex::app
