#include "app/restore_production.h"

#include <algorithm>

#include "app/app_fixture.h"
#include "app/doctor.h"
#include "app/restore_fixture.h"
#include "app/restore_intent.h"
#include "app/restore_stage.h"
#include "bundle/restore_lock.h"
#include "crypto/key_file.h"
#include "ledger/anchor/anchor.h"
#include "ledger/verify.h"
#include "store/timelines.h"

namespace cortex::app {
namespace {

crypto::Seed seed(std::uint8_t byte) {
  crypto::Seed out;
  out.fill(byte);
  return out;
}

// A bundle of the live store, staged, with a signed intent to restore it, and another key as
// witness.
class RestoreProductionTest : public AppTest {
 protected:
  void SetUp() override {
    fill(2);
    const crypto::SigningKey key(seed(7));
    {
      sqlite::Connection db = connect();
      ASSERT_TRUE(store::add_principal_row(
                      db, {"op", trust::Tier::kOperator, "2020-01-01T00:00:00+00:00", {}, {}})
                      .ok());
      ASSERT_TRUE(
          store::add_key_row(
              db, {key.key_id(), "op", trust::KeyState::kActive, "2020-01-01T00:00:00+00:00", {}})
              .ok());
    }
    ASSERT_TRUE(back_up().ok());
    ASSERT_TRUE(crypto::write_seed(fs_, folder_ / "op.seed", seed(7)).ok());
    ASSERT_TRUE(crypto::write_public_key(fs_, folder_ / "op.pub", key.public_key()).ok());
    ASSERT_TRUE(crypto::write_seed(fs_, folder_ / "witness.seed", seed(9)).ok());
    write_anchors();
    stage();
    sign_intent();
  }

  void stage() {
    const auto staged = restore_stage(services_, {.layout = layout_,
                                                  .manifest = manifest_,
                                                  .stage_dir = stage_,
                                                  .current_store = {},
                                                  .acknowledged_destruction = true,
                                                  .process_id = 7});
    ASSERT_TRUE(staged.ok()) << staged.error().text();
  }

  void write_anchors() {
    auto file = fs_.open(log_, fs::Open::kRead);
    const auto chain = ledger::verify_chain(**file, (*file)->info()->size_bytes);
    const std::string text =
        ledger::anchor_text({{1'700'000'000, 0}, chain->rows, chain->head.value_or("")});
    put(folder_ / "anchor", text);
    put(folder_ / "history", text);
  }

  void sign_intent(bool accept_loss = false) {
    for (const char* name : {"intent.json", "intent.sig"}) {
      static_cast<void>(fs_.remove_file(folder_ / name).ok());
    }
    const IntentReport report = build_intent(
        services_, {.layout = layout_,
                    .manifest = manifest_,
                    .output = folder_ / "intent.json",
                    .public_key_hex = {},
                    .deployment_id = {},
                    .staged_paths = {},
                    .staged_digests = {},
                    .sign = true,
                    .key_base64 = {},
                    .key_file = folder_ / "op.seed",
                    .accepted_loss_of = accept_loss ? std::optional(stage_) : std::nullopt});
    ASSERT_FALSE(report.error) << report.error->text();
  }

  ProductionRequest request() {
    return {.layout = layout_,
            .manifest = manifest_,
            .stage_dir = stage_,
            .intent = folder_ / "intent.json",
            .intent_signature = folder_ / "intent.sig",
            .operator_key = folder_ / "op.pub",
            .anchors = {folder_ / "anchor", folder_ / "history"},
            .witness = {.sink = "local-witness",
                        .sink_path = folder_ / "receipt",
                        .endpoint = {},
                        .trusted_root_path = {},
                        .key_file = folder_ / "witness.seed",
                        .intent_blake3 = {}},
            .production = true,
            .acknowledged_destruction = true,
            .acknowledged_replacement = true,
            .takeover_attestation = {},
            .takeover_signature = {},
            .client = "test"};
  }
  ProductionReport apply(const ProductionRequest& request) {
    return restore_production(services_, environment_, request);
  }

  std::string manifest_ = fs::join(out_, "BACKUP_MANIFEST");
  std::string stage_ = folder_ / "stage";
  Environment environment_;
};

TEST_F(RestoreProductionTest, EndToEnd_WitnessedRecordedAndRepeatable) {
  const std::string old_log = get(log_);
  exec("DELETE FROM traces");
  ProductionReport report = apply(request());
  ASSERT_FALSE(report.error) << report.error->text();
  EXPECT_EQ(get(log_).substr(0, old_log.size()), old_log);
  EXPECT_NE(get(log_).find("\"cortex_operation\":\"restore.apply\""), std::string::npos);
  EXPECT_FALSE(report.recorded_event.empty());
  EXPECT_EQ(count("audit_records WHERE operation = 'command.restore.apply.production'"), 1);
  EXPECT_EQ(kind_of(bundle::lock_marker_path(live_)), fs::Kind::kMissing);
  EXPECT_EQ(report.identity, "verified_active_identity_present");
  EXPECT_EQ(doctor_strict(services_, layout_, true).code, Code::kOk);

  auto receipt = json::parse(get(folder_ / "receipt"));
  ASSERT_TRUE(receipt.ok());
  const std::string signature = *receipt->find_text("signature");
  EXPECT_EQ(*receipt->find_text("anchor_text_sha256"),
            *report.sink.find("anchor_text_sha256")->as_string());
  receipt->as_object()->erase("signature");
  const auto bytes = from_base64(signature);
  crypto::Signature raw;
  ASSERT_EQ(bytes->size(), raw.size());
  std::ranges::copy(*bytes, raw.begin());
  EXPECT_TRUE(
      crypto::verify(crypto::SigningKey(seed(9)).public_key(), json::canonical(*receipt), raw));

  // The ledger has the row about the restore now, which a second restore would take away.
  report = apply(request());
  ASSERT_TRUE(report.error);
  EXPECT_NE(report.error->message.find("--sink-path"), std::string::npos);
  ASSERT_TRUE(fs_.remove_file(folder_ / "receipt").ok());
  report = apply(request());
  ASSERT_TRUE(report.error);
  EXPECT_NE(report.error->message.find("1 ledger row"), std::string::npos);
}

TEST_F(RestoreProductionTest, AnIntentForThisSiteIsNoneForAnotherAtTheSamePath) {
  const std::string site = fs::join(live_, "cortex_site_id");
  put(site, cat("site:", std::string(32, '1'), "\n"));
  sign_intent();
  put(site, cat("site:", std::string(32, '2'), "\n"));
  ProductionReport report = apply(request());
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, Code::kQuarantined);
  EXPECT_NE(report.error->message.find("site_id"), std::string::npos);
  put(site, "site:x");
  report = apply(request());
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, Code::kPrecondition);
  put(site, cat("site:", std::string(32, '1'), "\n"));
  report = apply(request());
  EXPECT_FALSE(report.error) << report.error->text();
}

TEST_F(RestoreProductionTest, ALossMustBeTheOneThatTheOperatorSignedFor) {
  append(3, 1);
  mirror();
  const FolderState before = state_of(live_);
  ProductionRequest knowing = request();
  knowing.acknowledged_risk = true;
  EXPECT_EQ(apply(request()).code, Code::kPrecondition);
  EXPECT_EQ(apply(knowing).code, Code::kPrecondition);  // the intent accepts no loss
  sign_intent(true);
  EXPECT_EQ(apply(request()).code, Code::kPrecondition);  // not acknowledged
  append(4, 1);
  mirror();
  EXPECT_EQ(apply(knowing).code, Code::kPrecondition);  // another loss by now
  EXPECT_EQ(kind_of(bundle::lock_marker_path(live_)), fs::Kind::kMissing);
  sign_intent(true);
  const ProductionReport report = apply(knowing);
  EXPECT_FALSE(report.error) << report.error->text();
  EXPECT_EQ(report.active_audit.rows, 2U);
}

TEST_F(RestoreProductionTest, ADamageBehindTheLookIsFoundByTheDigests_AndTheOldPairComesBack) {
  using When = DamagingFs::When;
  for (const When when : {When::kBeforeRename, When::kAfterRename}) {
    for (const std::string& active : {db_, log_}) {
      sign_intent(true);
      const std::string old_log = get(log_);
      DamagingFs files(active, log_, when);
      Services services{files, clock_, random_};
      ProductionRequest knowing = request();
      knowing.acknowledged_risk = true;  // what was rolled back before stands in the ledger
      const ProductionReport report = restore_production(services, environment_, knowing);
      EXPECT_EQ(files.damaged(), 1);
      ASSERT_TRUE(report.error) << active;
      EXPECT_NE(report.error->unchanged.find("active backups were restored"), std::string::npos)
          << report.error->text();
      EXPECT_TRUE(report.ending.starts_with("rolled back")) << report.ending;
      EXPECT_EQ(get(log_).substr(0, old_log.size()), old_log);
      EXPECT_NE(get(log_).find("restore.apply.rolled_back", old_log.size()), std::string::npos);
      EXPECT_EQ(kind_of(folder_ / "receipt"), fs::Kind::kMissing);
      EXPECT_EQ(doctor_strict(services_, layout_, true).code, Code::kOk);
    }
  }
}

TEST_F(RestoreProductionTest, AStageThatIsNotSoundIsRefusedBeforeTheOldPairIsTouched) {
  exec("DROP TRIGGER memories_fts_insert");
  for (const std::string& folder : {out_, stage_}) ASSERT_TRUE(fs::remove_tree(fs_, folder).ok());
  ASSERT_TRUE(back_up(false).ok());
  stage();
  sign_intent();
  const std::string store = get(db_), ledger = get(log_);
  const ProductionReport report = apply(request());
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->unchanged, "the active store was not changed") << report.error->text();
  EXPECT_EQ(get(db_), store);
  EXPECT_EQ(get(log_), ledger);
  EXPECT_EQ(kind_of(bundle::lock_marker_path(live_)), fs::Kind::kMissing);
}

TEST_F(RestoreProductionTest, TheWitnessIsSomebodyElse) {
  ProductionRequest alone = request();
  alone.witness.key_file = folder_ / "op.seed";
  const ProductionReport report = apply(alone);
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->token, "restore.production.sink.local_witness.key_unusable");
  alone.witness.key_file = std::nullopt;
  EXPECT_EQ(apply(alone).error->token, "restore.production.sink.local_witness.key_unusable");
}

TEST_F(RestoreProductionTest, AMarkerStopsIt_AndAHeldLockEvenATakeover) {
  put(bundle::lock_marker_path(live_), "pid=1\nacquired_at=2026-01-01T00:00:00Z\n");
  const FolderState before = state_of(live_);
  EXPECT_EQ(apply(request()).code, Code::kPrecondition);
  ProductionRequest forced = request();
  forced.takeover = true;
  EXPECT_NE(apply(forced).error->message.find("--takeover-attestation"), std::string::npos);
  const auto held = bundle::RestoreLock::acquire(fs_, live_);
  ASSERT_TRUE(held.ok());
  EXPECT_NE(apply(forced).error->message.find("another restore is at work"), std::string::npos);
}

TEST_F(RestoreProductionTest, TheJournalOfAnotherRestoreIsLookedForBehindTheLock) {
  const std::string store = get(db_), ledger = get(log_);
  UnfinishedRestoreFs disturbed(log_);
  Services services{disturbed, clock_, random_};
  const ProductionReport report = restore_production(services, environment_, request());
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->token, ledger::kRestoreUnfinishedToken);
  EXPECT_EQ(kind_of(bundle::lock_marker_path(live_)), fs::Kind::kMissing);
  EXPECT_EQ(get(db_), store);
  EXPECT_EQ(get(log_), ledger);
}

TEST_F(RestoreProductionTest, ARollbackStandsInTheLedgerAndInTheTable) {
  const store::OperationRow row{.event_id = "evt_1",
                                .recorded_at = clock_.time,
                                .name = "restore.apply.rolled_back",
                                .args = {{"actor", json::Object{}},
                                         {"after_hash", "blake3:x"},
                                         {"audit_record_id", "aud_1"},
                                         {"source_refs", json::Object{}},
                                         {"target_ref", "active_store:x"}},
                                .caller = {.reason = "why"}};
  sqlite::Connection db = connect();
  ASSERT_TRUE(apply_restore_rolled_back(db, row).ok());
  EXPECT_EQ(db.query_int("SELECT count(*) FROM audit_records WHERE operation ="
                         " 'command.restore.apply.rolled_back' AND before_hash IS NULL")
                .value(),
            1);
}

}  // namespace
}  // namespace cortex::app
