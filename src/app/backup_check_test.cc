#include "app/backup_check.h"

#include "app/app_fixture.h"

namespace cortex::app {
namespace {

class BackupCheckTest : public AppTest {
 protected:
  void SetUp() override {
    environment_.vars["TMPDIR"] = folder_.path();
    fill(3);
  }
  Result<BackupCheckReport> check(bool drill = false) {
    return check_backup(services_, environment_,
                        {.bundle_dir = out_, .drill = drill, .sample_percent = {}, .part = {}});
  }
  std::string status_of(const BackupCheckReport& report, std::string_view step) {
    for (const DrillStep& found : report.drill) {
      if (found.name == step) return found.status;
    }
    return "";
  }
  Result<BackupCheckReport> drill_through(fs::FileSystem& files) {
    Services services{files, clock_, random_};
    return check_backup(services, environment_,
                        {.bundle_dir = out_, .drill = true, .sample_percent = {}, .part = {}});
  }

  Environment environment_;
};

TEST_F(BackupCheckTest, EveryByteIsChecked) {
  ASSERT_TRUE(back_up().ok());
  const FolderState before = state_of(out_);
  const auto report = check();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->coverage, "full");
  EXPECT_EQ(report->bytes_checked, report->bytes_total);
  EXPECT_EQ(report->bundle.content->ledger_rows, 3U);
  put(fs::join(out_, "extra"), "");
  EXPECT_EQ(code_of(check()), Code::kQuarantined);
  ASSERT_TRUE(fs_.remove_file(fs::join(out_, "extra")).ok());
  std::string ledger = get(fs::join(out_, "events.jsonl"));
  ledger[10] = static_cast<char>(ledger[10] ^ 1);
  put(fs::join(out_, "events.jsonl"), ledger);
  EXPECT_EQ(code_of(check()), Code::kQuarantined);
}

TEST_F(BackupCheckTest, ADrillUsesTheBundle_RecordsItBeside_AndLeavesNothing) {
  ASSERT_TRUE(back_up().ok());
  const FolderState before = state_of(out_);
  const auto report = check(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->drill_passed()) << json::write_pretty(to_json(*report));
  for (const char* step :
       {"restore", "chain_audit", "open", "integrity", "foreign_keys", "mirror_parity"}) {
    EXPECT_EQ(status_of(*report, step), "ok") << step;
  }
  EXPECT_EQ(status_of(*report, "search"), "skipped");
  EXPECT_EQ(state_of(out_), before);
  EXPECT_EQ(names_in(folder_.path()),
            (std::vector<std::string>{"bundle", "bundle.drills.jsonl", "live"}));
  EXPECT_NE(get(out_ + ".drills.jsonl").find("\"outcome\":\"passed\""), std::string::npos);
}

TEST_F(BackupCheckTest, ADrillReadsTheBundleOnce) {
  ASSERT_TRUE(back_up().ok());
  std::map<std::string, int> opened;
  bundle::DisturbedFs files([&](const std::string& path, fs::Open) -> Status {
    if (path.starts_with(out_ + "/")) ++opened[fs::name_of(path)];
    return {};
  });
  const auto report = drill_through(files);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->drill_passed());
  EXPECT_EQ(report->bundle.content->ledger_rows, 3U);
  EXPECT_EQ(opened["cortex.db"], 1);
  EXPECT_EQ(opened["events.jsonl"], 1);
}

TEST_F(BackupCheckTest, WhatIsRestoredDifferentlyFailsTheDrill_AndTheBundleIsVerifiedByItself) {
  ASSERT_TRUE(back_up().ok());
  for (const char* name : {"cortex.db", "events.jsonl"}) {
    bundle::DisturbedFs files({}, [name](const std::string& path, std::string& bytes) -> Status {
      if (path.find("cortex-drill-") != std::string::npos && path.ends_with(name)) {
        bytes[20] = static_cast<char>(bytes[20] ^ 1);
      }
      return {};
    });
    const auto report = drill_through(files);
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_FALSE(report->drill_passed()) << name;
    EXPECT_EQ(status_of(*report, "restore"), "ok");
    EXPECT_EQ(status_of(*report, "chain_audit"), "failed");
    EXPECT_EQ(report->bundle.content->ledger_rows, 3U);
  }
}

TEST_F(BackupCheckTest, ABundleThatIsNotSoundIsNoDrill) {
  exec("DROP TRIGGER memories_fts_insert");
  ASSERT_TRUE(back_up(false).ok());
  EXPECT_EQ(code_of(check(true)), Code::kIntegrity);
  std::string ledger = get(fs::join(out_, "events.jsonl"));
  ledger[10] = static_cast<char>(ledger[10] ^ 1);
  put(fs::join(out_, "events.jsonl"), ledger);
  EXPECT_EQ(code_of(check(true)), Code::kQuarantined);
  EXPECT_EQ(kind_of(out_ + ".drills.jsonl"), fs::Kind::kMissing);
}

TEST_F(BackupCheckTest, ABundleNamedByADotKeepsItsRecordsBesideIt) {
  ASSERT_TRUE(back_up().ok());
  const FolderState before = state_of(out_);
  const std::string dotted = out_ + "/.";
  BackupCheckRequest request{.bundle_dir = dotted, .drill = true, .sample_percent = {}, .part = {}};
  for (int run = 0; run < 2; ++run) {
    const auto report = check_backup(services_, environment_, request);
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_TRUE(report->drill_passed());
    EXPECT_EQ(report->note, "");
  }
  request = {.bundle_dir = dotted + "/", .sample_percent = {}, .part = {{1, 2}}};
  ASSERT_TRUE(check_backup(services_, environment_, request).ok());
  EXPECT_EQ(check_backup(services_, environment_, request)->coverage, "part");
  EXPECT_EQ(state_of(out_), before);
  EXPECT_EQ(names_in(folder_.path()),
            (std::vector<std::string>{"bundle", "bundle.blocks", "bundle.drills.jsonl", "live"}));
}

TEST_F(BackupCheckTest, ADrillFindsAMemoryByItsWords) {
  exec(
      "INSERT INTO memories (id, memory_type, status, claim, source_episodes_json,"
      " source_events_json, domains_json, salience_json, confidence, authority,"
      " applies_when_json, does_not_apply_when_json, created_at, updated_at) VALUES"
      " ('mem_01JM00000000000000000000M1', 'semantic', 'active', 'Invoices are kept in euro',"
      " '[]', '[\"evt_1\"]', '[]', '{}', 0.5, 'operator', 'null', 'null',"
      " '2026-03-01T00:00:00+00:00', '2026-03-01T00:00:00+00:00')");
  ASSERT_TRUE(back_up().ok());
  const auto report = check(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(status_of(*report, "search"), "ok") << json::write_pretty(to_json(*report));
}

TEST_F(BackupCheckTest, PartsNeedTheBlockList_WhichTheFirstRunMakes) {
  ASSERT_TRUE(back_up().ok());
  BackupCheckRequest request{.bundle_dir = out_, .sample_percent = {}, .part = {{1, 2}}};
  auto report = check_backup(services_, environment_, request);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->coverage, "full");
  report = check_backup(services_, environment_, request);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->coverage, "part");
  request.part.reset();
  request.sample_percent = 5;
  EXPECT_EQ(check_backup(services_, environment_, request)->coverage, "sample");
  request.drill = true;
  EXPECT_EQ(code_of(check_backup(services_, environment_, request)), Code::kUsage);
}

}  // namespace
}  // namespace cortex::app
