#include "bundle/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "bundle/deployment_fixture.h"
#include "store/store_fixture.h"

namespace cortex::bundle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class VerifyTest : public DeploymentTest {
 protected:
  void make_bundle() {
    const auto report = back_up(false);
    ASSERT_TRUE(report.ok()) << report.error().text();
    store_ = fs::join(out_, kStoreName);
    ledger_ = fs::join(out_, kLedgerName);
    manifest_ = report->manifest_path;
  }
  void make_sound_bundle() {
    fill(3);
    make_bundle();
  }
  Result<VerifyReport> verify(bool deep = false) { return verify_bundle(fs_, manifest_, deep); }
  Error refused(Code code, bool deep = false) {
    const FolderState before = state_of(out_);
    const auto report = verify(deep);
    EXPECT_FALSE(report.ok());
    if (report.ok()) return {};
    EXPECT_EQ(report.error().code, code) << report.error().text();
    EXPECT_EQ(report.error().unchanged, "no state was changed");
    EXPECT_EQ(state_of(out_), before);
    return report.error();
  }
  void set_member(const std::string& key, const json::Value& value) {
    json::Value document = json::parse(get(manifest_)).value();
    document.as_object()->set(key, value);
    put(manifest_, json::write_pretty(document));
  }

  std::string store_, ledger_, manifest_;
};

TEST_F(VerifyTest, SoundBundle_PassesBothLevelsAndStaysAsItIs) {
  make_sound_bundle();
  const FolderState before = state_of(out_);
  const auto files = verify();
  ASSERT_TRUE(files.ok()) << files.error().text();
  EXPECT_FALSE(files->content.has_value());
  ASSERT_EQ(files->artifacts.size(), 2U);
  EXPECT_EQ(files->artifacts[0].field, "sqlite_store");
  EXPECT_EQ(files->artifacts[0].path, store_);
  EXPECT_EQ(files->artifacts[1].field, "jsonl_mirror");
  const auto deep = verify(true);
  ASSERT_TRUE(deep.ok()) << deep.error().text();
  EXPECT_THAT(deep->content->problems, IsEmpty());
  EXPECT_EQ(deep->content->mirror.equal, 3U);
  EXPECT_EQ(state_of(out_), before);
}

TEST_F(VerifyTest, Report_SaysWhetherTheChainWasAuditedNow) {
  make_sound_bundle();
  const auto truth = [](const json::Value& report, const char* key) {
    return *report.find("truth_ceiling")->find(key)->as_string();
  };
  const json::Value files = to_json(*verify());
  EXPECT_FALSE(*files.find("chain_audited_now")->as_bool());
  EXPECT_EQ(files.find("content"), nullptr);
  EXPECT_EQ(files.find("artifacts")->as_array()->size(), 2U);
  for (const char* key : {"cutover_performed", "destructive_restore_supported", "mutated_store",
                          "restore_performed"}) {
    EXPECT_FALSE(*files.find(key)->as_bool()) << key;
  }
  const json::Value deep = to_json(*verify(true));
  EXPECT_TRUE(*deep.find("chain_audited_now")->as_bool());
  EXPECT_EQ(truth(deep, "proof_state"), "full_chain_verified");
  EXPECT_EQ(truth(deep, "claim_ceiling"), "local_unsigned");
  EXPECT_EQ(*deep.find("content")->find("status")->as_string(), "verified");
  EXPECT_EQ(json::write_pretty(deep), json::write_pretty(deep, json::Keys::kSorted));
}

TEST_F(VerifyTest, AFlippedByte_IsADigestMismatchOfItsFile) {
  make_sound_bundle();
  for (const std::string& path : {store_, ledger_}) {
    const std::string good = get(path);
    std::string bytes = good;
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x01);
    put(path, bytes);
    const Error error = refused(Code::kQuarantined);
    EXPECT_THAT(error.message, HasSubstr("digest mismatch"));
    EXPECT_THAT(error.message, HasSubstr(path == store_ ? "sqlite_store" : "jsonl_mirror"));
    put(path, good);
  }
}

TEST_F(VerifyTest, AByteMoreOrLess_IsASizeMismatch) {
  make_sound_bundle();
  for (const std::string& path : {store_, ledger_}) {
    const std::string good = get(path);
    for (const std::string& bytes : {good + "x", good.substr(1), std::string()}) {
      put(path, bytes);
      EXPECT_THAT(refused(Code::kQuarantined).message, HasSubstr("size mismatch"));
    }
    put(path, good);
  }
}

TEST_F(VerifyTest, AWrongStore_IsSaidBeforeAWrongLedger) {
  make_sound_bundle();
  put(ledger_, "x");
  put(store_, "x");
  EXPECT_THAT(refused(Code::kQuarantined).message, HasSubstr("sqlite_store"));
}

TEST_F(VerifyTest, MissingFileOrAFolderInItsPlace_WasNotFound) {
  make_sound_bundle();
  for (const std::string& path : {store_, ledger_}) {
    const std::string good = get(path);
    ASSERT_TRUE(fs_.remove_file(path).ok());
    EXPECT_THAT(refused(Code::kPrecondition).message, HasSubstr("was not found"));
    ASSERT_TRUE(fs_.make_directory(path, 0700).ok());
    EXPECT_EQ(code_of(verify()), Code::kPrecondition);
    ASSERT_TRUE(fs_.remove_directory(path).ok());
    put(path, good);
  }
}

TEST_F(VerifyTest, NamesThatLeaveTheFolder_AreRefused) {
  make_sound_bundle();
  for (const std::string& name : {std::string(), std::string(" "), store_,
                                  std::string("../bundle/cortex.db"), std::string("..")}) {
    set_member("sqlite_store", name);
    refused(Code::kPrecondition);
  }
}

TEST_F(VerifyTest, SubfoldersAndLinksInside_AreFine) {
  make_sound_bundle();
  const std::string sub = fs::join(out_, "sub");
  ASSERT_TRUE(fs_.make_directory(sub, 0700).ok());
  put(fs::join(sub, "store"), get(store_));
  ASSERT_TRUE(fs_.remove_file(store_).ok());
  ASSERT_EQ(::symlink("sub/store", store_.c_str()), 0);
  EXPECT_TRUE(verify(true).ok());
  set_member("sqlite_store", "sub/store");
  EXPECT_TRUE(verify(true).ok());
}

TEST_F(VerifyTest, RefusedManifest_IsSaidBeforeAnyFile) {
  make_sound_bundle();
  put(store_, "x");
  set_member("schema_version", 2);
  refused(Code::kSchema);
  put(manifest_, "{");
  EXPECT_THAT(refused(Code::kPrecondition).message, HasSubstr("malformed"));
}

TEST_F(VerifyTest, ForeignKeyViolation_IsFoundByTheDeepLookOnly) {
  fill(2);
  exec("PRAGMA foreign_keys = OFF; INSERT INTO trace_events VALUES ('trc_9', 'evt_9', 1)");
  make_bundle();
  EXPECT_TRUE(verify().ok());
  EXPECT_THAT(refused(Code::kIntegrity, true).message, HasSubstr("foreign_key_check"));
}

TEST_F(VerifyTest, CorruptedIndexPage_IsFoundByTheDeepLookOnly) {
  fill(3);
  corrupt_index("sqlite_autoindex_events_1");
  make_bundle();
  EXPECT_TRUE(verify().ok());
  EXPECT_THAT(refused(Code::kIntegrity, true).message, HasSubstr("integrity_check"));
}

TEST_F(VerifyTest, FullTextRowThatIsGone_IsFoundByTheDeepLookOnly) {
  fill(1);
  exec(store::kInsertMemory);
  exec("DELETE FROM memories_fts");
  make_bundle();
  EXPECT_TRUE(verify().ok());
  EXPECT_THAT(refused(Code::kIntegrity, true).message, HasSubstr("fts_parity"));
}

TEST_F(VerifyTest, MirrorThatLeads_IsFoundByTheDeepLookOnly) {
  fill(3);
  exec("UPDATE cortex_mirror SET rows = 4");
  make_bundle();
  EXPECT_TRUE(verify().ok());
  EXPECT_THAT(refused(Code::kIntegrity, true).message, HasSubstr("mirrors more"));
}

TEST_F(VerifyTest, DifferingAndForeignRows_AreReportedAndNoFailure) {
  fill(3);
  exec("UPDATE events SET payload_json = '{}' WHERE id = '" + id_of(2) + "'");
  exec(store::kInsertEvent);
  make_bundle();
  const auto report = verify(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->content->mirror.equal, 2U);
  EXPECT_EQ(report->content->mirror.differing, 1U);
  EXPECT_EQ(report->content->mirror.foreign, 1U);
}

TEST_F(VerifyTest, BrokenChainBehindRightDigests_IsFoundByTheDeepLookOnly) {
  make_sound_bundle();
  log_ = ledger_;
  break_chain(2);
  set_member("jsonl_mirror_blake3", cat("blake3:", crypto::blake3_hex(get(ledger_))));
  EXPECT_TRUE(verify().ok());
  EXPECT_THAT(refused(Code::kIntegrity, true).message, HasSubstr("row 2"));
  put(ledger_, cat("x", get(ledger_).substr(1)));
  set_member("jsonl_mirror_blake3", cat("blake3:", crypto::blake3_hex(get(ledger_))));
  refused(Code::kChain, true);
}

TEST_F(VerifyTest, StoreThatIsNoDatabaseBehindARightDigest_IsFoundByTheDeepLookOnly) {
  make_sound_bundle();
  put(store_, std::string(get(store_).size(), 'x'));
  set_member("sqlite_store_blake3", cat("blake3:", crypto::blake3_hex(get(store_))));
  EXPECT_TRUE(verify().ok());
  refused(Code::kIntegrity, true);
}

TEST_F(VerifyTest, AWrongDigestGoesBeforeWhatTheContentSays) {
  make_sound_bundle();
  const std::string ledger = get(ledger_);
  put(ledger_, cat("x", ledger.substr(1)));
  EXPECT_THAT(refused(Code::kQuarantined, true).message, HasSubstr("jsonl_mirror"));
  put(ledger_, ledger);
  put(store_, std::string(get(store_).size(), 'x'));
  EXPECT_THAT(refused(Code::kQuarantined, true).message, HasSubstr("sqlite_store"));
}

TEST_F(VerifyTest, ProgressCountsEveryByteOfBothFiles) {
  make_sound_bundle();
  Progress progress;
  ASSERT_TRUE(verify_bundle(fs_, manifest_, false, &progress).ok());
  EXPECT_STREQ(progress.phase(), "checking digests");
  EXPECT_EQ(progress.bytes_done(), get(store_).size() + get(ledger_).size());
  EXPECT_EQ(progress.bytes_total(), progress.bytes_done());
}

TEST_F(VerifyTest, DigestsOfTheContentLook_AreThoseOfTheFiles) {
  make_sound_bundle();
  const auto files = verify_files(fs_, store_, ledger_, Source::kDevice);
  ASSERT_TRUE(files.ok()) << files.error().text();
  EXPECT_EQ(files->store, digest_file(fs_, store_, Source::kAnywhere).value());
  EXPECT_EQ(files->ledger, digest_file(fs_, ledger_, Source::kAnywhere).value());
  EXPECT_THAT(names_in(out_), ElementsAre("BACKUP_MANIFEST", "cortex.db", "events.jsonl"));
}

}  // namespace
}  // namespace cortex::bundle
