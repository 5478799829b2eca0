#include "bundle/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <thread>

#include "bundle/deployment_fixture.h"
#include "bundle/digest.h"
#include "bundle/verify.h"
#include "ledger/tail.h"
#include "store/store_fixture.h"

namespace cortex::bundle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class BackupTest : public DeploymentTest {
 protected:
  std::string member(std::string_view name) { return fs::join(out_, name); }
  // The backup fails with `code` and leaves the folder of the bundle and the live data as they are.
  Error refused(Code code, bool verify = true) {
    const FolderState live = state_of(live_);
    const std::vector<std::string> names = names_in(folder_.path());
    auto report = back_up(verify);
    EXPECT_FALSE(report.ok());
    if (report.ok()) return {};
    EXPECT_EQ(report.error().code, code) << report.error().text();
    EXPECT_EQ(names_in(folder_.path()), names);
    EXPECT_EQ(state_of(live_), live);
    return report.error();
  }
  // The store of the bundle mirrors a prefix of the ledger beside it.
  void expect_mirror_does_not_lead(const std::string& bundle) {
    auto db = sqlite::Connection::open(fs::join(bundle, kStoreName), sqlite::OpenMode::kImmutable)
                  .value();
    auto ledger = fs_.open(fs::join(bundle, kLedgerName), fs::Open::kRead).value();
    const auto tail = ledger::read_tail(*ledger).value();
    EXPECT_FALSE(tail.torn.has_value());
    const auto state = store::read_mirror_state(db).value();
    EXPECT_TRUE(store::matches_ledger(state, *ledger, tail.size_bytes).value());
    EXPECT_TRUE(get(log_).starts_with(get(fs::join(bundle, kLedgerName))));
  }
};

TEST_F(BackupTest, Bundle_HoldsThreePrivateFilesThatAreWhatTheManifestSays) {
  fill(4);
  exec(store::kInsertMemory);
  const FolderState live = state_of(live_);
  const auto report = back_up();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(state_of(live_), live) << "a backup changes nothing of what it copies";
  EXPECT_THAT(names_in(folder_.path()), ElementsAre("bundle", "live"));
  EXPECT_THAT(names_in(out_), ElementsAre("BACKUP_MANIFEST", "cortex.db", "events.jsonl"));
  EXPECT_EQ(fs_.stat(out_)->mode, 0700U);
  for (const std::string& name : names_in(out_)) EXPECT_EQ(fs_.stat(member(name))->mode, 0600U);

  const Manifest& manifest = report->manifest;
  EXPECT_EQ(get(member(kManifestName)), json::write_pretty(manifest_document(manifest)));
  EXPECT_EQ(manifest.made_at, clock_.time);
  EXPECT_EQ(manifest.ledger_rows, 4U);
  EXPECT_EQ(manifest.counts, (store::TableCounts{.events = 4, .memories = 1}));
  for (const Artifact& artifact : {manifest.store, manifest.ledger}) {
    const auto digest = digest_file(fs_, member(artifact.name), Source::kAnywhere).value();
    EXPECT_EQ(digest, (FileDigest{artifact.size_bytes, artifact.blake3})) << artifact.name;
  }
  EXPECT_EQ(get(member(kLedgerName)), get(log_));
  ASSERT_TRUE(report->verification.has_value());
  EXPECT_EQ(report->verification->mirror.equal, 4U);
  EXPECT_TRUE(verify_bundle(fs_, report->manifest_path, true).ok());
}

TEST_F(BackupTest, EmptyDeployment_MakesABundleOfEmptyFiles) {
  const auto report = back_up();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(get(member(kStoreName)), "");
  EXPECT_EQ(get(member(kLedgerName)), "");
  EXPECT_EQ(report->manifest.ledger_rows, 0U);
  EXPECT_TRUE(verify_bundle(fs_, report->manifest_path, true).ok());
}

TEST_F(BackupTest, LinksInThePlaceOfTheFiles_BecomeRealFiles) {
  fill(2);
  const std::string db = folder_ / "db", log = folder_ / "log";
  ASSERT_EQ(::symlink(db_.c_str(), db.c_str()), 0);
  ASSERT_EQ(::symlink(log_.c_str(), log.c_str()), 0);
  BackupRequest linked = request();
  linked.db_path = db;
  linked.event_log_path = log;
  const auto report = make_backup(fs_, linked, clock_, random_);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(kind_of(member(kStoreName)), fs::Kind::kFile);
  EXPECT_EQ(kind_of(member(kLedgerName)), fs::Kind::kFile);
}

TEST_F(BackupTest, ReaderAndWriterInTheMiddleOfATransaction_DoNotGetIntoTheCopy) {
  fill(3);
  sqlite::Connection reader = connect();
  ASSERT_TRUE(reader.exec("BEGIN").ok());
  ASSERT_EQ(reader.query_int("SELECT count(*) FROM events").value(), 3);
  sqlite::Connection writer = connect();
  ASSERT_TRUE(writer.exec(store::kInsertMemory).ok());
  ASSERT_TRUE(writer.exec("BEGIN IMMEDIATE; DELETE FROM events").ok());
  const auto report = back_up();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->manifest.counts, (store::TableCounts{.events = 3, .memories = 1}));
  EXPECT_TRUE(writer.exec("COMMIT").ok());
  EXPECT_EQ(reader.query_int("SELECT count(*) FROM events").value(), 3);
  expect_mirror_does_not_lead(out_);
}

TEST_F(BackupTest, WriterThatGoesOnMeanwhile_NeverGetsAheadOfTheLedgerCopy) {
  fill(50);
  std::atomic<bool> ended = false;
  Status written;
  {
    const std::jthread writer([&] {
      CountingRandom random;
      for (std::uint64_t n = 51; !ended && written.ok(); ++n) {
        auto log = ledger::AppendLog::open(fs_, log_, clock_, random);
        if (!log.ok()) written = log.error();
        if (!written.ok()) return;
        core::Event row = event(n);
        written = (*log)->append(row);
        if (written.ok()) written = (*log)->commit();
        log->reset();
        if (written.ok()) written = try_mirror();
      }
    });
    for (int i = 0; i < 6; ++i) {
      out_ = folder_ / cat("bundle", i);
      const auto report = back_up();
      EXPECT_TRUE(report.ok()) << report.error().text();
      if (!report.ok()) break;
      EXPECT_THAT(report->verification->problems, IsEmpty());
      EXPECT_EQ(report->verification->mirror.foreign, 0U);
    }
    ended = true;
  }
  EXPECT_TRUE(written.ok()) << written.error().text();
  for (int i = 0; i < 6; ++i) expect_mirror_does_not_lead(folder_ / cat("bundle", i));
}

TEST_F(BackupTest, BrokenChain_IsIntegrityAndLeavesNothing) {
  fill(3);
  break_chain(2);
  ledger::ChainReport failures;
  const auto report = make_backup(fs_, request(), clock_, random_, &failures);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kIntegrity);
  EXPECT_EQ(report.error().unchanged, "no bundle was written");
  ASSERT_FALSE(failures.failures.empty());
  EXPECT_EQ(failures.failures.front().line, 2U);
  EXPECT_THAT(names_in(folder_.path()), ElementsAre("live"));
  refused(Code::kIntegrity, false);
}

TEST_F(BackupTest, UndecodableLine_IsAChainError) {
  fill(3);
  std::string text = get(log_);
  text[text.find('\n') + 1] = 'x';
  put(log_, text);
  refused(Code::kChain);
}

TEST_F(BackupTest, LedgerThatIsNotUtf8_IsAPrecondition) {
  fill(3);
  std::string text = get(log_);
  const std::size_t at = text.find("{\"n\":2}");
  text.replace(at, 7, "\"\xFF\xFE\"   ");
  put(log_, text);
  refused(Code::kPrecondition);
}

TEST_F(BackupTest, StoreThatIsNoDatabase_IsAPreconditionButTheLedgersVerdictComesFirst) {
  append(1, 3);
  put(db_, std::string(8192, 'x'));
  EXPECT_THAT(refused(Code::kPrecondition).message, HasSubstr("cannot be read"));
  break_chain(2);
  EXPECT_THAT(refused(Code::kIntegrity).message, HasSubstr("chain is broken"));
  put(log_, cat("no row\n", get(log_)));
  refused(Code::kChain);
}

TEST_F(BackupTest, MissingFilesAndATakenOutput_AreRefusedBeforeAnythingIsMade) {
  put(out_, "mine");
  EXPECT_THAT(refused(Code::kPrecondition).message, HasSubstr("already exists"));
  EXPECT_EQ(get(out_), "mine");
  ASSERT_TRUE(fs_.remove_file(out_).ok());
  out_ = folder_ / "new parent/bundle";
  ASSERT_TRUE(fs_.remove_file(db_).ok());
  refused(Code::kPrecondition);
  put(db_, "");
  ASSERT_TRUE(fs_.remove_file(log_).ok());
  refused(Code::kPrecondition);
}

TEST_F(BackupTest, FailureAfterTheParentWasMade_RemovesTheParentToo) {
  fill(2);
  break_chain(1);
  out_ = folder_ / "new/parent/bundle";
  refused(Code::kIntegrity);
}

TEST_F(BackupTest, AcknowledgedRowsThatAreGone_MakeNoBundle) {
  fill(3);
  const std::string whole = get(log_);
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  put(log_, whole.substr(0, last));
  EXPECT_THAT(refused(Code::kIntegrity).message, HasSubstr("acknowledged rows are missing"));
  put(log_, whole.substr(0, last + 20));
  EXPECT_THAT(refused(Code::kChain).message, HasSubstr("acknowledged rows are missing"));
  put(log_, "");
  refused(Code::kIntegrity);
}

TEST_F(BackupTest, NewlineThatIsGone_IsSaidAndNothingWorse) {
  fill(3);
  const std::string whole = get(log_);
  put(log_, whole.substr(0, whole.size() - 1));
  const Error error = refused(Code::kIntegrity);
  EXPECT_THAT(error.message, HasSubstr("the newline behind the last row is missing"));
  EXPECT_THAT(error.message, Not(HasSubstr("acknowledged rows are missing")));
  EXPECT_THAT(error.next, HasSubstr("doctor --repair"));
  append(4, 1);
  EXPECT_TRUE(back_up().ok()) << "the next append puts it back";
}

TEST_F(BackupTest, TornRowThatNobodyWasPromised_IsLeftOutAndCounted) {
  fill(2);
  const std::string whole = get(log_);
  put(log_, whole + "{\"id\":");
  const auto report = back_up();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->torn_bytes_left_out, 6U);
  EXPECT_EQ(get(member(kLedgerName)), whole);
  EXPECT_EQ(get(log_), whole + "{\"id\":");
  EXPECT_EQ(to_json(*report).find("torn_bytes_left_out")->as_number()->u, 6U);
}

TEST_F(BackupTest, CompleteLastRowWithoutItsNewline_IsCopiedAsItIs) {
  fill(2);
  append(3, 1);
  std::string text = get(log_);
  text.pop_back();
  put(log_, text);
  const auto report = back_up();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->manifest.ledger_rows, 3U);
  EXPECT_EQ(report->torn_bytes_left_out, 0U);
  EXPECT_EQ(get(member(kLedgerName)), text);
}

TEST_F(BackupTest, BoundaryRow_MakesAPostV2Bundle) {
  core::Event boundary = event(2);
  boundary.payload = "{\"kind\":\"schema_migration.v1_to_v2\"}";
  append({event(1), boundary});
  mirror();
  const auto report = back_up();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->manifest.post_v2);
  EXPECT_THAT(get(member(kManifestName)), HasSubstr(kPostV2Kind));
}

TEST_F(BackupTest, WithoutVerification_TheBundleIsNotLookedAt) {
  fill(2);
  exec(store::kInsertMemory);
  exec("DELETE FROM memories_fts");
  const auto report = back_up(false);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->verification.has_value());
  const json::Value document = to_json(*report);
  EXPECT_EQ(*document.find("bundle_verification")->find("status")->as_string(), "not_performed");
  EXPECT_EQ(document.find("torn_bytes_left_out"), nullptr);
}

TEST_F(BackupTest, BundleThatDoesNotVerify_IsNeverPublished) {
  fill(2);
  exec(store::kInsertMemory);
  exec("DELETE FROM memories_fts");
  const FolderState live = state_of(live_);
  const auto report = back_up();
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kIntegrity);
  EXPECT_THAT(report.error().message, HasSubstr("fts_parity"));
  EXPECT_EQ(kind_of(out_), fs::Kind::kMissing);
  EXPECT_THAT(names_in(folder_.path()), ElementsAre("live"));
  EXPECT_EQ(state_of(live_), live);
}

TEST_F(BackupTest, ManifestThatReadsBackDifferently_IsNeverPublished) {
  fill(2);
  DisturbedFs files({}, [](const std::string& path, std::string& bytes) -> Status {
    const std::size_t at = bytes.find("\"events\": 2");
    if (path.ends_with(kManifestName) && at != std::string::npos) bytes[at + 10] = '3';
    return {};
  });
  const auto report = make_backup(files, request(), clock_, random_);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kIntegrity);
  EXPECT_THAT(report.error().message, HasSubstr("BACKUP_MANIFEST reads back differently"));
  EXPECT_THAT(names_in(folder_.path()), ElementsAre("live"));
}

TEST_F(BackupTest, ManifestThatCannotBeWritten_IsAPrecondition) {
  fill(2);
  DisturbedFs files({}, [](const std::string& path, std::string&) -> Status {
    if (!path.ends_with(kManifestName)) return {};
    return make_error(Code::kInternal, "No space left on device");
  });
  for (const bool verify : {true, false}) {
    const auto report = make_backup(files, request(verify), clock_, random_);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, Code::kPrecondition);
    EXPECT_EQ(report.error().unchanged, "no bundle was written");
    EXPECT_THAT(names_in(folder_.path()), ElementsAre("live"));
  }
}

TEST_F(BackupTest, CopyThatCannotBeReadBack_IsNoBundle) {
  fill(2);
  for (const std::string_view name : {kLedgerName, kStoreName, kManifestName}) {
    DisturbedFs files([name](const std::string& path, fs::Open how) -> Status {
      const bool is_copy = path.find(".staging.") != std::string::npos && path.ends_with(name);
      if (!is_copy || how != fs::Open::kRead) return {};
      return make_error(Code::kInternal, "Input/output error");
    });
    const auto report = make_backup(files, request(), clock_, random_);
    ASSERT_FALSE(report.ok()) << name;
    EXPECT_EQ(report.error().code, Code::kIntegrity) << name;
    EXPECT_THAT(report.error().message, HasSubstr("failed its verification: Input/output error"));
    EXPECT_THAT(names_in(folder_.path()), ElementsAre("live"));
  }
}

// Rows that the store does not mirror: nothing else misses them.
TEST_F(BackupTest, LedgerThatIsShortenedMeanwhile_MakesNoBundle) {
  fill(3);
  append(4, 1);
  const std::string whole = get(log_);
  for (const bool verify : {true, false}) {
    put(log_, whole);
    DisturbedFs files([this](const std::string& path, fs::Open how) -> Status {
      if (how == fs::Open::kCreateExclusive && path.ends_with(kLedgerName)) cut_ledger(1);
      return {};
    });
    const auto report = make_backup(files, request(verify), clock_, random_);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, Code::kIntegrity);
    EXPECT_THAT(report.error().message, HasSubstr("became shorter"));
    EXPECT_THAT(names_in(folder_.path()), ElementsAre("live"));
  }
}

TEST_F(BackupTest, StaleStagingOfTheSameName_IsRemovedOnTheWay) {
  fill(1);
  ASSERT_TRUE(
      fs_.make_directory(folder_ / ".bundle.staging.01KG0000000000000000000001", 0700).ok());
  ASSERT_TRUE(back_up().ok());
  EXPECT_THAT(names_in(folder_.path()), ElementsAre("bundle", "live"));
}

TEST_F(BackupTest, ProgressCoversTheCopyAndThenTheVerification) {
  fill(100);
  Progress progress;
  BackupRequest watched = request();
  watched.progress = &progress;
  const auto report = make_backup(fs_, watched, clock_, random_);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_STREQ(progress.phase(), "verifying");
  EXPECT_EQ(progress.bytes_total(),
            report->manifest.store.size_bytes + report->manifest.ledger.size_bytes);
  EXPECT_EQ(progress.bytes_done(), progress.bytes_total());
}

}  // namespace
}  // namespace cortex::bundle
