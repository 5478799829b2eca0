// status, audit and doctor: what they print and report.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/cli_fixture.h"

namespace cortex::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ProveTest : public CliTest {};

TEST_F(ProveTest, Status_NamesWhatIsMissingOrThere) {
  const Outcome nothing = run({"status"});
  EXPECT_EQ(nothing.code, Code::kOk) << nothing.diagnostics;
  EXPECT_THAT(nothing.text, AllOf(HasSubstr("missing"), HasSubstr("cortex init")));
  fill();
  const Outcome there = run({"status"});
  EXPECT_EQ(there.code, Code::kOk) << there.diagnostics;
  EXPECT_THAT(there.text, AllOf(HasSubstr("3 rows"), HasSubstr("3 events"),
                                HasSubstr("cortex audit verify"), Not(HasSubstr("\x1b"))));
  EXPECT_EQ(count_of(there.report, "ledger_rows"), 3U);
  terminal_.stdout_is_tty = true;
  EXPECT_THAT(run({"status"}).text, HasSubstr("\x1b["));
}

TEST_F(ProveTest, Status_ShowsLagTornTailAndAge) {
  fill();
  run_well({"ingest", session(event(4)), "--no-mirror"});
  put(log_, get(log_) + "{\"id\":");
  run_well({"backup", "--output", folder_ / "bundle"});
  clock_.time.seconds += 2 * 3600 + 5;
  const std::string text = run({"status"}).text;
  EXPECT_THAT(text, AllOf(HasSubstr("behind"), HasSubstr("torn"), HasSubstr("2 h ago"),
                          HasSubstr(folder_ / "bundle")));
  ASSERT_TRUE(fs::remove_tree(fs_, folder_ / "bundle").ok());
  EXPECT_THAT(run({"status"}).text, HasSubstr("no longer there"));
}

TEST_F(ProveTest, StatusOfAnUnreadableStore_IsRefused) {
  run_well({"init"});
  put(db_, std::string(8192, 'x'));
  const Outcome outcome = run({"status"});
  EXPECT_EQ(outcome.code, Code::kPrecondition);
  EXPECT_THAT(outcome.diagnostics, StartsWith("cortex status: "));
}

TEST_F(ProveTest, AuditVerify_PrintsOneLineAndTheVotesAside) {
  fill();
  const Outcome outcome = run({"audit", "verify"});
  EXPECT_EQ(outcome.code, Code::kOk) << outcome.diagnostics;
  EXPECT_EQ(outcome.text, cat("audit verify: ", log_, " (3 rows scanned, 0 failures)\n"));
  EXPECT_THAT(outcome.diagnostics,
              AllOf(HasSubstr("policy_outcome=Allow"),
                    HasSubstr("policy_contributing=audit.verify.hash_chain_closure"),
                    HasSubstr("invariant=audit.verify.proof_closure.composed_report "
                              "proof_state=FullChainVerified")));
  ASSERT_TRUE(outcome.policy_outcome.has_value());
  EXPECT_THAT(keys_of(*outcome.policy_outcome),
              ElementsAre("contributing", "discarded", "final_outcome"));
  EXPECT_EQ(run({"--json", "audit", "verify"}).diagnostics, "");
}

TEST_F(ProveTest, AuditVerifyOfABrokenChain_NamesTheRowAndCountsFailuresOnStdout) {
  fill();
  break_chain();
  const Outcome outcome = run({"audit", "verify"});
  EXPECT_EQ(outcome.code, Code::kIntegrity);
  EXPECT_EQ(outcome.text, cat("audit verify: ", log_, " (3 rows scanned, 1 failures)\n"));
  EXPECT_THAT(outcome.diagnostics,
              AllOf(HasSubstr(cat("line 2 event_id=", id_of(2))), HasSubstr("HashBreak"),
                    HasSubstr("policy_outcome=Reject"), HasSubstr("failing_edge"),
                    HasSubstr("\ncortex audit verify: ")));
  EXPECT_EQ(text_of(outcome.report, "proof_state"), "broken");
  const Outcome json = run({"audit", "verify", "--json"});
  EXPECT_THAT(json.diagnostics,
              AllOf(HasSubstr("audit.tree.row_changed"), HasSubstr("\ncortex audit verify: "),
                    Not(HasSubstr("policy_outcome"))))
      << "what the sections note, then the error";
}

TEST_F(ProveTest, AuditVerify_EndsWithTheCodeOfWhatItFound) {
  EXPECT_EQ(run({"audit", "verify"}).code, Code::kPrecondition);
  fill();
  EXPECT_EQ(run({"audit", "verify", "--require-v1-to-v2-boundary"}).code, Code::kSchema);
  const std::string good = get(log_);
  put(log_, good + good.substr(0, good.find('\n') + 1));
  EXPECT_EQ(run({"audit", "verify"}).code, Code::kIntegrity) << "a repeated row is an orphan";
  put(log_, good + "{\"id\":");
  const Outcome torn = run({"audit", "verify"});
  EXPECT_EQ(torn.code, Code::kChain);
  EXPECT_THAT(torn.diagnostics, HasSubstr("cortex audit verify: ledger.torn_tail: "));
}

TEST_F(ProveTest, RepairTail_ShowsFirstAndMovesWhenAsked) {
  fill();
  EXPECT_THAT(run({"audit", "repair-tail"}).text, HasSubstr("complete row"));
  put(log_, get(log_) + "{\"id\":");
  const Outcome look = run({"audit", "repair-tail"});
  EXPECT_EQ(look.code, Code::kOk);
  EXPECT_THAT(look.text, AllOf(HasSubstr("6 bytes"), HasSubstr("--apply")));
  EXPECT_FALSE(*look.report.find("applied")->as_bool());
  const Outcome applied = run({"audit", "repair-tail", "--apply"});
  EXPECT_EQ(applied.code, Code::kOk);
  EXPECT_EQ(get(text_of(applied.report, "evidence_path")), "{\"id\":");
  EXPECT_THAT(applied.text, HasSubstr("moved to "));
  EXPECT_EQ(run({"audit", "verify"}).code, Code::kOk);
}

TEST_F(ProveTest, RepairTailThatIsRefused_HasNoReport) {
  const Outcome outcome = run({"audit", "repair-tail", "--apply"});
  EXPECT_EQ(outcome.code, Code::kPrecondition);
  EXPECT_TRUE(outcome.report.is_null());
  EXPECT_THAT(outcome.diagnostics, StartsWith("cortex audit repair-tail: "));
}

TEST_F(ProveTest, DoctorWithoutAMode_IsUsage) {
  const Outcome outcome = run({"doctor"});
  EXPECT_EQ(outcome.code, Code::kUsage);
  EXPECT_EQ(text_of(outcome.report, "status"), "usage");
  EXPECT_THAT(outcome.diagnostics, HasSubstr("--strict"));
}

TEST_F(ProveTest, DoctorStrict_SaysOkOrWhatIsWrong) {
  const Outcome missing = run({"doctor", "--strict"});
  EXPECT_EQ(missing.code, Code::kPrecondition);
  EXPECT_EQ(text_of(missing.report, "status"), "precondition_unmet");
  EXPECT_THAT(missing.diagnostics, HasSubstr("cortex init"));
  fill();
  for (const char* mode : {"--strict", "--deep"}) {
    const Outcome sound = run({"doctor", mode});
    EXPECT_EQ(sound.code, Code::kOk) << sound.diagnostics;
    EXPECT_THAT(sound.text, StartsWith("cortex doctor: ok: "));
    EXPECT_EQ(sound.diagnostics, "");
  }
  break_chain();
  const Outcome broken = run({"doctor", "--deep"});
  EXPECT_EQ(broken.code, Code::kIntegrity);
  EXPECT_EQ(broken.text, "");
  EXPECT_THAT(broken.diagnostics, AllOf(StartsWith("  ledger: "), HasSubstr("\ncortex doctor: ")));
  EXPECT_NE(broken.report.find("content"), nullptr);
}

TEST_F(ProveTest, DoctorRepair_ListsTheMigrationsAndNotesWhatIsLeft) {
  run_well({"init"});
  const Outcome dry = run({"doctor", "--repair", "--dry-run"});
  EXPECT_EQ(dry.code, Code::kOk) << dry.diagnostics;
  EXPECT_THAT(dry.text, AllOf(HasSubstr("010_pending_mcp_commit"), HasSubstr("nothing was")));
  EXPECT_EQ(get(db_), "");
  const Outcome real = run({"doctor", "--repair"});
  EXPECT_EQ(real.code, Code::kOk);
  EXPECT_EQ(count_of(real.report, "migrations_applied_count"), 10U);
  const Outcome again = run({"doctor", "--repair"});
  EXPECT_THAT(again.text, HasSubstr("doctor.repair.no_migrations_pending"));
  put(log_, "no row\n");
  const Outcome lagging = run({"doctor", "--repair"});
  EXPECT_EQ(lagging.code, Code::kOk);
  EXPECT_THAT(lagging.diagnostics, StartsWith("note: "));
}

TEST_F(ProveTest, DoctorRepairWithoutAStore_IsRefused) {
  const Outcome outcome = run({"doctor", "--repair"});
  EXPECT_EQ(outcome.code, Code::kPrecondition);
  EXPECT_THAT(keys_of(outcome.report), ElementsAre("status", "detail"));
}

TEST_F(ProveTest, DeploymentId_IsPrintedAndReported) {
  const Outcome outcome = run({"doctor", "--print-deployment-id"});
  EXPECT_EQ(outcome.code, Code::kOk);
  EXPECT_EQ(outcome.text, text_of(outcome.report, "deployment_id") + "\n");
  EXPECT_THAT(keys_of(outcome.report),
              ElementsAre("data_dir", "deployment_id", "detail", "status"));
}

}  // namespace
}  // namespace cortex::cli
