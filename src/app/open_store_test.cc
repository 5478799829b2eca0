#include "app/open_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "store/migrations.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class OpenStoreTest : public AppTest {
 protected:
  store::MirrorState mirror_state() {
    sqlite::Connection db = connect();
    return store::read_mirror_state(db).value();
  }
};

TEST_F(OpenStoreTest, MissingStore_IsRefusedAndNotMade) {
  ASSERT_TRUE(fs_.remove_file(db_).ok());
  const auto opened = open_store(services_, layout_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::kPrecondition);
  EXPECT_THAT(opened.error().next, HasSubstr("cortex init"));
  EXPECT_EQ(kind_of(db_), fs::Kind::kMissing);
  ASSERT_TRUE(fs_.make_directory(db_, 0700).ok());
  EXPECT_EQ(code_of(require_store(services_, layout_)), Code::kPrecondition);
}

TEST_F(OpenStoreTest, StoreThatCannotBeLookedAt_IsNotCalledMissing) {
  layout_.db_path = fs::join(live_, std::string(300, 'x'));  // longer than a name may be
  const Status looked = require_store(services_, layout_);
  EXPECT_EQ(code_of(looked), Code::kPrecondition);
  EXPECT_THAT(looked.error().message, HasSubstr("cannot inspect"));
  EXPECT_THAT(looked.error().next, Not(HasSubstr("cortex init")));
}

TEST_F(OpenStoreTest, NewStore_IsMigratedAndCaughtUp) {
  append(1, 4);
  const auto opened = open_store(services_, layout_);
  ASSERT_TRUE(opened.ok()) << opened.error().text();
  EXPECT_THAT(opened->migrations, SizeIs(store::kMigrationNames.size()));
  EXPECT_EQ(opened->mirrored_rows, 4U);
  EXPECT_EQ(opened->mirror_note, "");
  EXPECT_EQ(count("events"), 4);
}

TEST_F(OpenStoreTest, StoreThatIsUpToDate_IsNotWrittenTo) {
  fill(3);
  const std::string before = get(db_);
  {
    const auto opened = open_store(services_, layout_);
    ASSERT_TRUE(opened.ok());
    EXPECT_THAT(opened->migrations, IsEmpty());
    EXPECT_EQ(opened->mirrored_rows, 0U);
  }
  EXPECT_EQ(get(db_), before);
}

TEST_F(OpenStoreTest, TornTail_IsLeftOutOfTheMirrorAndInTheLedger) {
  append(1, 2);
  const std::string whole = get(log_);
  put(log_, whole + "{\"id\":");
  const auto opened = open_store(services_, layout_);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->mirror_note, "");
  EXPECT_EQ(opened->mirrored_rows, 2U);
  EXPECT_EQ(mirror_state().offset_bytes, whole.size());
  EXPECT_EQ(get(log_), whole + "{\"id\":");
}

TEST_F(OpenStoreTest, LedgerThatCannotBeRead_IsANoteAndTheMirrorStays) {
  fill(2);
  const std::string good = get(log_);
  put(log_, good + "no row\n");
  EXPECT_THAT(open_store(services_, layout_)->mirror_note, HasSubstr("not brought up to date"));
  ASSERT_TRUE(fs_.remove_file(log_).ok());
  EXPECT_THAT(open_store(services_, layout_)->mirror_note, HasSubstr("not brought up to date"));
  EXPECT_EQ(mirror_state().offset_bytes, good.size());
  EXPECT_EQ(count("events"), 2);
}

TEST_F(OpenStoreTest, StateThatDoesNotHold_IsReadAgainFromTheStart) {
  fill(3);
  exec("UPDATE cortex_mirror SET head_hash = 'x'; DELETE FROM events WHERE id = '" + id_of(2) +
       "'");
  const auto opened = open_store(services_, layout_);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->mirrored_rows, 1U);
  EXPECT_EQ(count("events"), 3);
  EXPECT_EQ(mirror_state().rows, 3U);
}

// Puts another ledger in the place of the one whose lock is waited for, as a restore does.
class ReplacedFs final : public fs::ForwardFs {
 public:
  ReplacedFs(std::string ledger, std::string other)
      : ledger_(std::move(ledger)), other_(std::move(other)) {}
  Result<std::unique_ptr<fs::File>> open(const std::string& path, fs::Open how,
                                         unsigned mode) override {
    CORTEX_ASSIGN(auto file, ForwardFs::open(path, how, mode));
    if (path != ledger_) return file;
    return std::unique_ptr<fs::File>(std::make_unique<File>(std::move(file), *this));
  }

 private:
  class File final : public fs::ForwardFile {
   public:
    File(std::unique_ptr<fs::File> file, ReplacedFs& fs) : ForwardFile(std::move(file)), fs_(fs) {}
    Status lock(fs::Lock kind, int wait_millis_max) override {
      if (fs_.stat(fs_.other_)->kind == fs::Kind::kFile) {
        CORTEX_TRY(fs_.replace(fs_.other_, fs_.ledger_));
      }
      return ForwardFile::lock(kind, wait_millis_max);
    }

   private:
    ReplacedFs& fs_;
  };
  std::string ledger_, other_;
};

TEST_F(OpenStoreTest, LedgerReplacedWhileItIsWaitedFor_IsNotMirrored) {
  fill(3);
  const std::string restored = folder_ / "restored.jsonl";
  put(restored, get(log_));
  append(4, 2);
  ReplacedFs replaced(log_, restored);
  Services services{replaced, clock_, random_};
  const auto opened = open_store(services, layout_);
  ASSERT_TRUE(opened.ok()) << opened.error().text();
  EXPECT_THAT(opened->mirror_note, HasSubstr("replaced meanwhile"));
  EXPECT_EQ(count("events"), 3) << "rows of the ledger that is no more";
  EXPECT_EQ(open_store(services, layout_)->mirror_note, "");
  EXPECT_EQ(count("events"), 3);
}

TEST_F(OpenStoreTest, StoreThatIsNoDatabase_IsAnErrorAndKept) {
  put(db_, std::string(8192, 'x'));
  EXPECT_FALSE(open_store(services_, layout_).ok());
  EXPECT_EQ(get(db_), std::string(8192, 'x'));
}

}  // namespace
}  // namespace cortex::app
