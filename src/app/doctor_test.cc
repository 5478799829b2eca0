#include "app/doctor.h"

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "store/migrations.h"
#include "store/store_fixture.h"

namespace cortex::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class DoctorTest : public AppTest {
 protected:
  StrictReport check(bool deep = false) {
    const FolderState before = state_of(live_);
    StrictReport report = doctor_strict(services_, layout_, deep);
    EXPECT_EQ(state_of(live_), before) << "a check writes nothing";
    return report;
  }
  static std::vector<std::string> keys_of(const json::Value& document) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : *document.as_object()) keys.push_back(key);
    return keys;
  }
};

TEST_F(DoctorTest, NewStore_IsInOrderWithItsMigrationsPending) {
  append(1, 2);
  for (const bool deep : {false, true}) {
    const StrictReport report = check(deep);
    EXPECT_EQ(report.code, Code::kOk) << report.detail;
    EXPECT_EQ(report.status, "ok");
    EXPECT_THAT(report.pending_migrations, SizeIs(store::kMigrationNames.size()));
    EXPECT_THAT(report.checked_tables, SizeIs(15));
    EXPECT_EQ(report.content.has_value(), deep);
  }
}

TEST_F(DoctorTest, NewlineThatIsGone_IsSaidAndNothingWorse) {
  fill(3);
  const std::string whole = get(log_);
  put(log_, whole.substr(0, whole.size() - 1));
  const StrictReport report = check(true);
  EXPECT_EQ(report.code, Code::kIntegrity);
  EXPECT_THAT(report.failures,
              ElementsAre("ledger: the newline behind the last row is missing, and nothing else"));
  EXPECT_THAT(report.next, HasSubstr("doctor --repair"));
  ASSERT_TRUE(doctor_repair(services_, layout_, false).ok());
  EXPECT_EQ(check(true).code, Code::kOk);
}

TEST_F(DoctorTest, SoundStore_PassesBothLevels) {
  fill(3);
  exec(store::kInsertMemory);
  const StrictReport strict = check();
  EXPECT_EQ(strict.code, Code::kOk) << strict.detail;
  EXPECT_THAT(keys_of(to_json(strict)),
              ElementsAre("status", "detail", "schema_version", "checked_tables"));
  const StrictReport deep = check(true);
  EXPECT_EQ(deep.code, Code::kOk) << deep.detail;
  EXPECT_EQ(deep.content->mirror.equal, 3U);
  EXPECT_THAT(keys_of(to_json(deep)),
              ElementsAre("status", "detail", "schema_version", "checked_tables", "content"));
}

TEST_F(DoctorTest, LaggingMirror_IsNoFinding) {
  fill(2);
  append(3, 2);
  const StrictReport report = check(true);
  EXPECT_EQ(report.code, Code::kOk) << report.detail;
  EXPECT_EQ(report.content->mirror.lagging, 2U);
}

TEST_F(DoctorTest, StoreThatWasMigratedInPart_IsNotCalledNew) {
  fill(1);
  exec("DELETE FROM _migrations WHERE name LIKE '010%'");
  const StrictReport report = check();
  EXPECT_EQ(report.code, Code::kOk) << report.detail;
  EXPECT_THAT(report.pending_migrations, SizeIs(1));
  EXPECT_THAT(report.detail, HasSubstr("migrations that the next change applies: 1"));
  exec("DROP TRIGGER memories_lifecycle_state_check");
  const StrictReport deep = check(true);
  EXPECT_EQ(deep.code, Code::kIntegrity);
  EXPECT_THAT(deep.next, HasSubstr("cortex doctor --repair"));
}

TEST_F(DoctorTest, MissingTable_IsASchemaFinding) {
  fill(1);
  exec("DROP TABLE audit_records");
  const StrictReport report = check();
  EXPECT_EQ(report.code, Code::kSchema);
  EXPECT_EQ(report.status, "precondition_unmet");
  EXPECT_EQ(report.schema_failures.front().invariant, "schema_shape.audit_records.exists");
  const json::Value document = to_json(report);
  EXPECT_THAT(*document.find("failures")->as_array()->front().as_string(),
              StartsWith("schema_shape.audit_records.exists: "));
  EXPECT_EQ(document.find("checked_tables"), nullptr);
  EXPECT_EQ(check(true).code, Code::kSchema) << "the deep look includes the strict one";
}

TEST_F(DoctorTest, ForeignMigrationName_IsASchemaFinding) {
  fill(1);
  exec("INSERT INTO _migrations(name) VALUES ('011_of_somebody_else')");
  const StrictReport report = check();
  EXPECT_EQ(report.code, Code::kSchema);
  EXPECT_EQ(report.schema_failures.front().invariant, "schema_migration.known_to_code");
}

TEST_F(DoctorTest, MissingOrUnreadableFiles_EndAsEverywhereAndNothingIsMade) {
  ASSERT_TRUE(fs_.remove_file(log_).ok());
  EXPECT_EQ(check().code, Code::kPrecondition);
  put(log_, "no row\n");
  const StrictReport unreadable = check();
  EXPECT_EQ(unreadable.code, Code::kPrecondition);
  EXPECT_THAT(unreadable.detail, HasSubstr("the ledger cannot be read"));
  put(log_, "");
  ASSERT_TRUE(fs_.remove_file(db_).ok());
  const StrictReport missing = check();
  EXPECT_EQ(missing.code, Code::kPrecondition);
  EXPECT_EQ(missing.status, "precondition_unmet");
  put(db_, std::string(8192, 'x'));
  EXPECT_EQ(check().code, Code::kInternal) << "it cannot be migrated";
  EXPECT_EQ(check().status, "precondition_unmet");
  EXPECT_EQ(check(true).code, Code::kInternal);
}

TEST_F(DoctorTest, TwoBoundaryRows_AreASchemaMismatch) {
  core::Event boundary = event(1);
  boundary.payload = "{\"kind\":\"schema_migration.v1_to_v2\"}";
  append({boundary});
  EXPECT_EQ(check().code, Code::kOk);
  boundary.id = event(2).id;
  append({boundary});
  const StrictReport report = check();
  EXPECT_EQ(report.code, Code::kSchema);
  EXPECT_EQ(report.status, "schema_mismatch");
  EXPECT_THAT(report.failures, ElementsAre(HasSubstr("boundary.duplicate")));
}

TEST_F(DoctorTest, StoreThatIsTooDamagedToBeLookedAt_IsAnIntegrityFinding) {
  fill(40);
  const std::size_t page = [&] {
    auto db = sqlite::Connection::open(db_, sqlite::OpenMode::kImmutable);
    const auto root =
        db->query_int("SELECT rootpage FROM sqlite_schema WHERE name = 'cortex_mirror'");
    return static_cast<std::size_t>(root.value());
  }();
  std::string store = get(db_);
  store.replace((page - 1) * 4096, 4096, 4096, '\x55');
  put(db_, store);
  EXPECT_EQ(check().code, Code::kOk) << "the schema is read from other pages";
  const StrictReport report = check(true);
  EXPECT_EQ(report.code, Code::kIntegrity) << report.detail;
  EXPECT_EQ(report.status, "integrity_failure");
  EXPECT_THAT(report.next, HasSubstr("doctor --repair"));
}

TEST_F(DoctorTest, BrokenChain_IsFoundByTheDeepLook) {
  fill(3);
  break_chain(2);
  EXPECT_EQ(check().code, Code::kOk);
  const StrictReport report = check(true);
  EXPECT_EQ(report.code, Code::kIntegrity);
  EXPECT_EQ(report.status, "integrity_failure");
  EXPECT_THAT(report.failures, Contains(StartsWith("ledger: ")));
}

TEST_F(DoctorTest, DifferingAndForeignRows_AreFoundByTheDeepLook) {
  fill(3);
  exec("UPDATE events SET session_id = 'other' WHERE id = '" + id_of(2) + "'");
  exec(store::kInsertEvent);
  EXPECT_EQ(check().code, Code::kOk);
  const StrictReport report = check(true);
  EXPECT_EQ(report.code, Code::kIntegrity);
  EXPECT_THAT(report.failures,
              ElementsAre(StartsWith("mirror: 1 row"), StartsWith("mirror: 1 row")));
  const json::Value document = to_json(report);
  EXPECT_EQ(document.find("content")->find("differing_rows")->as_number()->u, 1U);
  EXPECT_EQ(document.find("content")->find("foreign_rows")->as_number()->u, 1U);
}

TEST_F(DoctorTest, CorruptedIndexAndBrokenFullText_AreFoundByTheDeepLook) {
  fill(3);
  exec(store::kInsertMemory);
  exec("DELETE FROM memories_fts");
  corrupt_index("sqlite_autoindex_events_1");
  const StrictReport report = check(true);
  EXPECT_EQ(report.code, Code::kIntegrity);
  EXPECT_THAT(report.failures, Contains(HasSubstr("integrity_check: ")));
  EXPECT_THAT(report.failures, Contains(HasSubstr("fts_parity: ")));
}

TEST_F(DoctorTest, DryRun_ListsWhatIsPendingAndChangesNothing) {
  append(1, 2);
  const FolderState before = state_of(live_);
  const auto report = doctor_repair(services_, layout_, true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(state_of(live_), before);
  EXPECT_THAT(report->migrations, SizeIs(10));
  EXPECT_EQ(report->before, 0U);
  EXPECT_EQ(report->after, 0U);
  const json::Value document = to_json(*report);
  EXPECT_TRUE(*document.find("dry_run")->as_bool());
  EXPECT_EQ(document.find("mirrored_rows"), nullptr);
}

TEST_F(DoctorTest, Repair_MigratesAndCatchesTheMirrorUp) {
  append(1, 2);
  const auto report = doctor_repair(services_, layout_, false);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->migrations, SizeIs(10));
  EXPECT_EQ(report->before, 0U);
  EXPECT_EQ(report->after, 10U);
  EXPECT_EQ(report->mirrored_rows, 2U);
  EXPECT_EQ(count("events"), 2);
  EXPECT_EQ(to_json(*report).find("invariant"), nullptr);
  EXPECT_EQ(check(true).code, Code::kOk);

  append(3, 1);
  const auto again = doctor_repair(services_, layout_, false);
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(again->migrations, IsEmpty());
  EXPECT_EQ(again->mirrored_rows, 1U);
  const json::Value document = to_json(*again);
  EXPECT_EQ(*document.find("invariant")->as_string(), "doctor.repair.no_migrations_pending");
  EXPECT_EQ(document.find("migrations_applied"), nullptr);
  EXPECT_EQ(document.find("migrations_applied_count")->as_number()->u, 0U);
}

TEST_F(DoctorTest, RepairThatCannotMendAll_SaysWhatIsLeft) {
  fill(1);
  exec("DROP TABLE audit_records");
  put(log_, "no row\n");
  const auto report = doctor_repair(services_, layout_, false);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->schema_failures.front().invariant, "schema_shape.audit_records.exists");
  EXPECT_THAT(report->mirror_note, HasSubstr("not brought up to date"));
  const json::Value document = to_json(*report);
  EXPECT_NE(document.find("failures"), nullptr);
  EXPECT_NE(document.find("mirror_note"), nullptr);
}

// A device whose syncs fail.
class FailingDeviceFs final : public fs::ForwardFs {
  class Unsynced final : public fs::ForwardFile {
   public:
    using ForwardFile::ForwardFile;
    Status sync_data() override {
      Error error = make_error(Code::kInternal, "cannot sync");
      error.system_errno = EIO;
      return error;
    }
  };

 public:
  Result<std::unique_ptr<fs::File>> open(const std::string& path, fs::Open how,
                                         unsigned mode) override {
    CORTEX_ASSIGN(auto file, ForwardFs::open(path, how, mode));
    return std::unique_ptr<fs::File>(std::make_unique<Unsynced>(std::move(file)));
  }
};

TEST_F(DoctorTest, RepairThatTheDeviceStopped_IsNoSuccess) {
  append(1, 2);
  FailingDeviceFs failing;
  Services hindered{failing, clock_, random_};
  const auto report = doctor_repair(hindered, layout_, false);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kInternal);
  EXPECT_THAT(report.error().message, HasSubstr("the mirror was not brought up to date"));
  EXPECT_EQ(count("events"), 0);
  EXPECT_EQ(doctor_repair(services_, layout_, false)->mirrored_rows, 2U);
}

TEST_F(DoctorTest, RepairWithoutAStore_MakesNone) {
  ASSERT_TRUE(fs_.remove_file(db_).ok());
  EXPECT_EQ(code_of(doctor_repair(services_, layout_, false)), Code::kPrecondition);
  EXPECT_EQ(code_of(doctor_repair(services_, layout_, true)), Code::kPrecondition);
  EXPECT_EQ(kind_of(db_), fs::Kind::kMissing);
}

TEST_F(DoctorTest, DeploymentId_IsThatOfTheFormatAndNeedsNoFolder) {
  const DeploymentReport report = deployment(services_, layout_in("/srv/cortex-data"));
  EXPECT_EQ(report.deployment_id,
            "deployment:5717ce927d22f0574cd9981b3cc4402dbbf99e8bd5bfbf8a257d4f8024f2f484");
  EXPECT_EQ(*to_json(report).find("status")->as_string(), "ok");
}

TEST_F(DoctorTest, DeploymentId_IsTheSameByEveryWayToTheFolder) {
  EXPECT_EQ(deployment(services_, layout_in(live_ + "/../live/.")).deployment_id,
            deployment(services_, layout_).deployment_id);
}

}  // namespace
}  // namespace cortex::app
