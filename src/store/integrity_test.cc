#include "store/integrity.h"

#include <fstream>

#include <gmock/gmock.h>

#include "base/text.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class IntegrityTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    exec(kInsertMemory);
  }
  std::vector<std::string> problems(bool deep) { return integrity_problems(db_, deep).value(); }
};

TEST_F(IntegrityTest, SoundStoreHasNoProblems) {
  EXPECT_THAT(problems(false), IsEmpty());
  EXPECT_THAT(problems(true), IsEmpty());
}

TEST_F(IntegrityTest, OrphanIsReported) {
  exec("PRAGMA foreign_keys = OFF");
  exec("INSERT INTO memory_session_uses VALUES ('mem_9', 's', 'now', 'now', 1)");
  EXPECT_THAT(problems(false),
              ElementsAre("foreign_key_check: row 1 of memory_session_uses refers to no row of"
                          " memories"));
}

TEST_F(IntegrityTest, MissingExtraAndRepeatedFullTextRowsAreReported) {
  exec("DELETE FROM memories_fts");
  EXPECT_THAT(problems(false), ElementsAre("fts_parity: 1 memories have no full-text row"));
  exec(
      "INSERT INTO memories_fts VALUES ('mem_1', 'a', 'b'), ('mem_1', 'a', 'b'),"
      " ('mem_2', 'a', 'b')");
  EXPECT_THAT(problems(false), ElementsAre("fts_parity: 1 full-text ids have no memory",
                                           "fts_parity: 1 full-text rows repeat the id of another"
                                           " one"));
}

TEST_F(IntegrityTest, DifferentTextIsFoundOnlyByTheDeepCheck) {
  exec("UPDATE memories_fts SET claim = 'other'");
  EXPECT_THAT(problems(false), IsEmpty());
  EXPECT_THAT(problems(true), ElementsAre("fts_parity: 1 full-text rows differ from their memory"));
}

TEST_F(IntegrityTest, MissingTriggersAndIndexesAreNamed) {
  exec("DROP TRIGGER memories_fts_update");
  exec("DROP INDEX idx_decay_jobs_state_scheduled");
  EXPECT_THAT(problems(false),
              ElementsAre("schema_object: trigger memories_fts_update is missing",
                          "schema_object: index idx_decay_jobs_state_scheduled is missing"));
}

TEST_F(IntegrityTest, DamagedPageIsAProblemNotAnError) {
  for (int i = 2; i < 60; ++i) {
    exec(cat("INSERT INTO context_packs VALUES ('ctx_", i, "', 't', '{}', hex(zeroblob(1000)),",
             " 'now', NULL)"));
  }
  const std::int64_t page =
      db_.query_int("SELECT rootpage FROM sqlite_schema WHERE name = 'context_packs'").value();
  exec("PRAGMA wal_checkpoint(TRUNCATE)");
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp((page - 1) * 4096);
  file << std::string(4096, '\x5a');
  file.close();
  db_ = create(path_);
  EXPECT_THAT(problems(true), Contains(StartsWith("integrity_check: ")));
}

TEST_F(IntegrityTest, FileThatIsNoDatabaseIsAProblem) {
  std::ofstream(folder_ / "junk.db") << std::string(4096, 'x');
  db_ = create(folder_ / "junk.db");
  EXPECT_THAT(problems(false), Contains(HasSubstr("not a database")));
}

}  // namespace
}  // namespace cortex::store
