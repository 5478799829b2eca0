#include "app/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/status.h"
#include "base/fs/stoppable_fs.h"
#include "base/stop.h"

namespace cortex::app {
namespace {

class AppBackupTest : public AppTest {
 protected:
  Result<bundle::BackupReport> run(const std::string& output) {
    return backup(services_, {layout_, output}, failures_);
  }

  ledger::ChainReport failures_;
  std::string note_ = fs::join(live_, "cortex_last_backup.json");
};

TEST_F(AppBackupTest, MadeBundle_IsRememberedBesideTheStoreOnly) {
  fill(2);
  const FolderState before = state_of(live_);
  ASSERT_TRUE(run(out_).ok());
  FolderState after = state_of(live_);
  EXPECT_EQ(after.erase("cortex_last_backup.json"), 1U);
  EXPECT_EQ(after, before);
  EXPECT_EQ(fs_.stat(note_)->mode, 0600U);
  EXPECT_EQ(get(note_), cat("{\"bundle_dir\":\"", fs_.canonical(out_).value(),
                            "\",\"ledger_rows\":2,\"made_at\":\"2026-01-02T03:04:05Z\","
                            "\"verified\":true,\"ledger_head\":\"",
                            *status(services_, layout_)->head, "\"}\n"));
}

TEST_F(AppBackupTest, DeadBackupsToNamesWithATime_AreGoneWithTheNextOne) {
  const std::string dead =
      folder_ / "shelf/.cortex-20250102T030405Z.staging.01M8N6P3T8WMDDNNW6B8D46J8A";
  const std::string other = folder_ / "shelf/.mine.staging.01M8N6P3T8WMDDNNW6B8D46J8A";
  for (const std::string& path : {dead, other}) {
    ASSERT_TRUE(fs_.make_directories(path, 0700).ok());
  }
  EXPECT_EQ(timestamped_bundle(services_, folder_ / "shelf"),
            folder_ / "shelf/cortex-20260102T030405Z");
  EXPECT_EQ(kind_of(dead), fs::Kind::kMissing);
  EXPECT_EQ(kind_of(other), fs::Kind::kDirectory) << "its next backup removes it";
}

TEST_F(AppBackupTest, LaterBundle_TakesThePlaceOfTheEarlierOne) {
  fill(2);
  ASSERT_TRUE(run(folder_ / "first with a long name").ok());
  ASSERT_TRUE(run(folder_ / "2").ok());
  EXPECT_EQ(status(services_, layout_)->last_backup->bundle_dir,
            fs_.canonical(folder_ / "2").value());
}

TEST_F(AppBackupTest, FailedBackup_IsNotRemembered) {
  fill(2);
  break_chain(1);
  const auto report = run(out_);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kIntegrity);
  EXPECT_EQ(failures_.failures.front().line, 1U);
  EXPECT_EQ(kind_of(note_), fs::Kind::kMissing);
}

// When the n-th file is opened for reading.
TEST_F(AppBackupTest, CalledOffAnywhere_LeavesNoBundleAndNoStaging) {
  fill(2);
  const FolderState before = state_of(folder_.path());
  for (int nth = 1;; ++nth) {
    ASSERT_LT(nth, 100);
    std::stop_source source;
    std::atomic<int> left = nth;
    bundle::DisturbedFs watched([&](const std::string&, fs::Open how) -> Status {
      if (how == fs::Open::kRead && --left == 0) source.request_stop();
      return {};
    });
    fs::StoppableFs files(watched, source.get_token());
    Services services{files, clock_, random_, services_.http, source.get_token()};
    const auto report = backup(services, {layout_, out_}, failures_);
    if (!source.stop_requested()) {
      EXPECT_TRUE(report.ok());
      EXPECT_GT(nth, 3);  // the live ledger and both copies are opened
      break;
    }
    if (report.ok()) {  // only what stands beside the bundle was left to write
      ASSERT_TRUE(fs::remove_tree(fs_, out_).ok());
      static_cast<void>(fs_.remove_file(note_));
      continue;
    }
    EXPECT_EQ(state_of(folder_.path()), before) << nth << ": " << report.error().text();
  }
}

TEST_F(AppBackupTest, NoteThatCannotBeWritten_DoesNotFailTheBackup) {
  fill(1);
  ASSERT_TRUE(fs_.make_directory(note_, 0700).ok());
  EXPECT_TRUE(run(out_).ok());
}

TEST_F(AppBackupTest, MadeBundle_VerifiesInBothLevels) {
  fill(2);
  const auto made = run(out_);
  ASSERT_TRUE(made.ok());
  for (const bool deep : {false, true}) {
    EXPECT_TRUE(verify_backup(services_, made->manifest_path, deep, nullptr).ok()) << deep;
  }
}

TEST_F(AppBackupTest, ACompactedBundleHoldsNothingThatNoBundleHolds) {
  const std::string shelf = folder_ / "shelf";
  fill(2);
  ASSERT_TRUE(run(fs::join(shelf, "full")).ok());
  append(3, 1);
  mirror();
  ASSERT_TRUE(
      incremental_backup(services_, {layout_, fs::join(shelf, "one")}, fs::join(shelf, "full"))
          .ok());
  const auto compact = [&](const std::string& name) {
    return compact_backup(services_, {.bundle_dir = fs::join(shelf, "one"),
                                      .output = fs::join(shelf, name),
                                      .identity_file = {}});
  };
  ASSERT_TRUE(compact("good").ok());
  const std::string path = fs::join(shelf, "one/cortex_increment.json");
  std::string text = get(path);
  constexpr std::string_view kOpening = "\"manifest\": {";
  const std::size_t at = text.find(kOpening);
  ASSERT_NE(at, std::string::npos) << text;
  put(path, text.insert(at + kOpening.size(), "\"unheard_of\": 1, "));
  const auto report = compact("bad");
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kQuarantined) << report.error().text();
  EXPECT_EQ(names_in(shelf), (std::vector<std::string>{"full", "good", "one"}));
}

}  // namespace
}  // namespace cortex::app
