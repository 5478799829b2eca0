// backup, restore verify-backup, completions and --print-config: what they print and report.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs/folder_syncs.h"
#include "cli/cli_fixture.h"

namespace cortex::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class KeepTest : public CliTest {
 protected:
  std::string bundle_ = folder_ / "bundle";
  std::string manifest_ = fs::join(bundle_, "BACKUP_MANIFEST");
};

TEST_F(KeepTest, Backup_SaysWhereTheBundleIsAndWhatWasProven) {
  fill();
  const Outcome outcome = run({"backup", "--output", bundle_});
  EXPECT_EQ(outcome.code, Code::kOk) << outcome.diagnostics;
  EXPECT_THAT(outcome.text, AllOf(HasSubstr(bundle_), HasSubstr(manifest_), HasSubstr("3 rows"),
                                  HasSubstr("bundle verification = verified"),
                                  HasSubstr("restore verification was not performed")));
  EXPECT_EQ(outcome.diagnostics, "");
  EXPECT_THAT(keys_of(outcome.report), ElementsAre("bundle_dir", "bundle_verification", "manifest",
                                                   "manifest_path", "restore_verification"));
  EXPECT_EQ(text_of(*outcome.report.find("bundle_verification"), "status"), "verified");
}

TEST_F(KeepTest, BackupWithoutVerification_SaysThatNothingWasProven) {
  fill();
  const Outcome outcome = run({"backup", "--output", bundle_, "--no-verify"});
  EXPECT_EQ(outcome.code, Code::kOk) << outcome.diagnostics;
  EXPECT_THAT(outcome.text, HasSubstr("not performed (--no-verify)"));
  EXPECT_EQ(text_of(*outcome.report.find("bundle_verification"), "status"), "not_performed");
}

TEST_F(KeepTest, BackupOfATornLedger_NotesTheBytesThatWereLeftOut) {
  fill();
  put(log_, get(log_) + "{\"id\":");
  const Outcome outcome = run({"backup", "--output", bundle_});
  EXPECT_EQ(outcome.code, Code::kOk) << outcome.diagnostics;
  EXPECT_THAT(outcome.diagnostics, AllOf(StartsWith("note: "), HasSubstr("6 bytes")));
  EXPECT_EQ(count_of(outcome.report, "torn_bytes_left_out"), 6U);
}

TEST_F(KeepTest, BackupThatIsRefused_ReportsTheFolderAndTheRows) {
  fill();
  break_chain();
  const Outcome broken = run({"backup", "--output", bundle_});
  EXPECT_EQ(broken.code, Code::kIntegrity);
  EXPECT_EQ(broken.text, "");
  EXPECT_THAT(broken.diagnostics, AllOf(StartsWith(cat("  line 2 event_id=", id_of(2))),
                                        HasSubstr("\ncortex backup: ")));
  EXPECT_THAT(keys_of(broken.report), ElementsAre("bundle_dir", "status"));
  EXPECT_EQ(text_of(broken.report, "bundle_dir"), bundle_);
  EXPECT_EQ(text_of(broken.report, "status"), "error");
  put(bundle_, "mine");
  EXPECT_EQ(run({"backup", "--output", bundle_}).code, Code::kPrecondition);
  EXPECT_EQ(run({"backup"}).code, Code::kUsage);
}

TEST_F(KeepTest, VerifyBackup_PrintsItsReportInBothModes) {
  fill();
  run_well({"backup", "--output", bundle_});
  for (const bool json : {false, true}) {
    std::vector<std::string> words = {"restore", "verify-backup", "--manifest", manifest_};
    if (json) words.insert(words.begin(), "--json");
    const Outcome files = run(words);
    EXPECT_EQ(files.code, Code::kOk) << files.diagnostics;
    const json::Value report = json::parse(files.text).value();
    EXPECT_EQ(text_of(report, "command"), "restore.verify_backup");
    EXPECT_EQ(report.find("content"), nullptr);
    EXPECT_THAT(files.diagnostics, HasSubstr("destructive restore/cutover"));
    words.emplace_back("--deep");
    EXPECT_NE(json::parse(run(words).text)->find("content"), nullptr);
  }
}

TEST_F(KeepTest, VerifyBackupThatIsRefused_PrintsNothingOnStdout) {
  fill();
  run_well({"backup", "--output", bundle_});
  const std::string copy = fs::join(bundle_, "events.jsonl");
  put(copy, get(copy) + "x");
  const Outcome outcome = run({"--json", "restore", "verify-backup", "--manifest", manifest_});
  EXPECT_EQ(outcome.code, Code::kQuarantined);
  EXPECT_EQ(outcome.text, "");
  EXPECT_THAT(outcome.diagnostics,
              AllOf(StartsWith("cortex restore verify-backup: "), HasSubstr("size mismatch")));
  const Outcome missing =
      run({"restore", "verify-backup", "--manifest", fs::join(bundle_, "none")});
  EXPECT_EQ(missing.code, Code::kPrecondition);
  EXPECT_THAT(missing.diagnostics, HasSubstr("was not found"));
}

TEST_F(KeepTest, Completions_AreAScriptAndNoJson) {
  for (const char* shell : {"bash", "elvish", "fish", "powershell", "zsh"}) {
    const Outcome outcome = run({"completions", shell});
    EXPECT_EQ(outcome.code, Code::kOk) << shell;
    EXPECT_THAT(outcome.text, HasSubstr("cortex")) << shell;
  }
  const Outcome json = run({"--json", "completions", "bash"});
  EXPECT_EQ(json.code, Code::kUsage);
  EXPECT_EQ(json.text, "");
  EXPECT_THAT(keys_of(json.report), ElementsAre("shell", "reason"));
  EXPECT_EQ(run({"completions", "csh"}).code, Code::kUsage);
}

TEST_F(KeepTest, PrintConfig_IsADocumentWithoutSecrets) {
  environment_.vars["CORTEX_API_KEY"] = "hunter2";
  environment_.vars["XDG_CONFIG_HOME"] = folder_ / "config";
  const Outcome outcome = run({"--print-config"});
  EXPECT_EQ(outcome.code, Code::kOk) << outcome.diagnostics;
  EXPECT_THAT(outcome.text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(keys_of(json::parse(outcome.text).value()),
              ElementsAre("data_dir", "db_path", "event_log_path", "env"));
  environment_.vars["CORTEX_CONFIG"] = folder_ / "none.toml";
  const Outcome missing = run({"--print-config"});
  EXPECT_EQ(missing.code, Code::kPrecondition);
  EXPECT_EQ(missing.text, "");
  EXPECT_THAT(missing.diagnostics, StartsWith("cortex --print-config: "));
}

TEST_F(KeepTest, Export_IsThereAfterAPowerFailure) {
  fill();
  const std::string output = folder_ / "export.jsonl";
  const char* argv[] = {"cortex", "export", "--format", "jsonl", "--output", output.c_str()};
  const Parsed parsed = parse(static_cast<int>(std::size(argv)), argv, "cmd_1_1");
  fs::FolderSyncs syncs;
  app::Services watched{syncs, clock_, random_};
  const Context context{watched, environment_, terminal_, std::get<Invocation>(parsed), &server_};
  const Outcome outcome = run_export(context);
  EXPECT_EQ(outcome.code, Code::kOk) << outcome.diagnostics;
  EXPECT_THAT(syncs.folders, ElementsAre(folder_.path()));
}

}  // namespace
}  // namespace cortex::cli
