#include "app/restore_look.h"

#include "app/app_fixture.h"
#include "crypto/digest.h"
#include "json/value.h"

namespace cortex::app {
namespace {

class RestoreLookTest : public AppTest {
 protected:
  PostMigrateReport check(std::string_view text) {
    put(folder_ / "manifest", text);
    return verify_post_migrate_manifest(services_, folder_ / "manifest");
  }
};

TEST_F(RestoreLookTest, ASnapshotMigratesANewDefaultStoreOnly) {
  const auto snapshot = restore_snapshot(services_, layout_, std::nullopt);
  ASSERT_TRUE(snapshot.ok()) << snapshot.error().text();
  EXPECT_GT(get(db_).size(), 0U);
  const FolderState before = state_of(live_);
  ASSERT_TRUE(restore_snapshot(services_, layout_, std::nullopt).ok());
  EXPECT_EQ(state_of(live_), before);
}

TEST_F(RestoreLookTest, EachSideOfADiffIsExactlyOneThing) {
  fill(1);
  const SnapshotSource store{.file = {}, .store = db_};
  EXPECT_TRUE(semantic_diff(services_, store, store, false)->changes.empty());
  EXPECT_EQ(code_of(semantic_diff(services_, {}, store, false)), Code::kPrecondition);
  EXPECT_EQ(code_of(semantic_diff(services_, {.file = "a", .store = db_}, store, false)),
            Code::kPrecondition);
}

TEST_F(RestoreLookTest, AMigrationManifestMustCarryItsOwnDigest) {
  const json::Object body{{"a", 1}, {"b", "x"}};
  json::Object whole = body;
  whole.add("manifest_blake3", crypto::prefixed_hex(crypto::blake3(json::canonical(body))));
  EXPECT_FALSE(check(json::write_pretty(whole)).error);
  whole.set("a", 2);
  const auto changed = check(json::write_pretty(whole));
  ASSERT_TRUE(changed.error);
  EXPECT_EQ(changed.error->code, Code::kIntegrity);
  EXPECT_EQ(changed.error->token, "restore.post_migrate_manifest.digest_mismatch");
  EXPECT_EQ(check("{}").error->token, "restore.post_migrate_manifest.missing_digest_field");
  for (const char* text : {"", "[]", "{"}) {
    EXPECT_EQ(check(text).error->token, "restore.post_migrate_manifest.unreadable") << text;
    EXPECT_EQ(check(text).error->code, Code::kPrecondition) << text;
  }
}

TEST_F(RestoreLookTest, TheTemporaryFolderIsBothTheConfiguredAndAFixedOne) {
  const std::string below = fs_.canonical(live_).value();
  const Environment plain;
  const Environment everywhere{.vars = {{"TMPDIR", "/"}}, .home_from_user_database = ""};
  const Environment elsewhere{.vars = {{"TMPDIR", "/usr"}}, .home_from_user_database = ""};
  const bool fixed = below.starts_with("/tmp/") || below.starts_with("/var/tmp/");
  EXPECT_EQ(is_temporary(services_, everywhere, live_), fixed);
  EXPECT_EQ(is_temporary(services_, plain, live_), below.starts_with("/tmp/"));
  EXPECT_FALSE(is_temporary(services_, elsewhere, live_));
  EXPECT_FALSE(is_temporary(services_, everywhere, "/usr"));
  EXPECT_FALSE(is_temporary(services_, plain, live_ + "/none"));
}

TEST_F(RestoreLookTest, APreflightSaysWhatWouldBeLost) {
  fill(2);
  ASSERT_TRUE(back_up().ok());
  append(3, 1);
  mirror();
  const auto report = restore_preflight(services_, Environment{},
                                        {.layout = layout_,
                                         .manifest = fs::join(out_, "BACKUP_MANIFEST"),
                                         .current_store = {},
                                         .candidate_store = fs::join(out_, "cortex.db"),
                                         .lock_marker = {}});
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->code(), Code::kOk);
  EXPECT_EQ(report->data_loss.find("ledger")->find("rows_lost")->as_number()->u, 1U);
  const json::Value text = to_json(*report);
  EXPECT_EQ(json::write_pretty(text), json::write_pretty(text, json::Keys::kSorted));
}

}  // namespace
}  // namespace cortex::app
