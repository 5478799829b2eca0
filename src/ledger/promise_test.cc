#include "ledger/promise.h"

#include <gmock/gmock.h>

#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

class PromiseTest : public LedgerTest {
 protected:
  std::optional<BrokenPromise> broken() const {
    const auto file = open_file();
    return find_broken(*file, file->info()->size_bytes, read_promises(fs::posix(), path_));
  }
  std::string token() const {
    const auto found = broken();
    return found ? std::string(found->token) : "";
  }
  void remove(const std::string& path) { ASSERT_TRUE(fs::remove_tree(fs::posix(), path).ok()); }
};

TEST_F(PromiseTest, SoundLedger_KeepsThem) {
  append_rows(1, 3);
  EXPECT_EQ(read_promises(fs::posix(), path_).size(), 1U) << "head file and tree say the same";
  EXPECT_EQ(token(), "");
  const std::string text = bytes();
  write(text + row_text(sealed_events(4)[3]));
  EXPECT_EQ(token(), "") << "rows beyond are fine";
}

TEST_F(PromiseTest, EveryTruncationIntoARow_IsNamed) {
  append_rows(1, 3);
  const std::string text = bytes();
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    write(text.substr(0, size));
    ASSERT_EQ(token(), kTailCutToken) << size;
  }
  write(text.substr(0, text.size() - 1));
  EXPECT_EQ(token(), "") << "the newline is no part of a row";
}

TEST_F(PromiseTest, AnotherLedger_IsNamed) {
  append_rows(1, 3);
  write(ledger_text(sealed_events(9, 50)));
  EXPECT_EQ(token(), kRowsReplacedToken);
}

TEST_F(PromiseTest, HeadFileOrTreeAlone_Suffice) {
  append_rows(1, 3);
  const std::string cut = row_text(sealed_events(1)[0]);
  write(cut);
  remove(head_file_path(path_));
  EXPECT_EQ(token(), kTailCutToken);
  write(ledger_text(sealed_events(3)));
  append_rows(4, 1);
  remove(sidecar_path(path_));
  write(cut);
  EXPECT_EQ(token(), kTailCutToken);
  remove(head_file_path(path_));
  EXPECT_EQ(token(), "") << "nothing is known any more";
}

TEST_F(PromiseTest, RowsAppendedBehindACut_DoNotHideIt) {
  append_rows(1, 3);
  write(row_text(sealed_events(1)[0]));
  for (std::uint64_t n = 10; n < 20; ++n) {
    append_rows(n, 1);
    ASSERT_NE(token(), "") << n;
  }
  auto log = open_log();
  ASSERT_TRUE((*log)->broken_promise());
  EXPECT_EQ((*log)->broken_promise()->promise.head.rows, 3U);
  log->reset();
  remove(sidecar_path(path_));
  EXPECT_EQ(token(), kRowsReplacedToken) << "the head file still knows";
}

TEST_F(PromiseTest, AcceptedLedger_IsTheNewBeginning) {
  append_rows(1, 3);
  write(row_text(sealed_events(1)[0]));
  ASSERT_NE(token(), "");
  const auto file = open_file();
  const auto aside = accept_ledger(fs::posix(), *file, system_clock(), system_random());
  ASSERT_TRUE(aside.ok()) << aside.error().text();
  ASSERT_TRUE(*aside);
  EXPECT_EQ(fs::posix().stat(**aside)->kind, fs::Kind::kDirectory) << "the old tree is kept";
  EXPECT_EQ(token(), "");
  append_rows(2, 1);
  EXPECT_EQ(token(), "");
  expect_closed(2);
}

TEST_F(PromiseTest, AcceptingWhatHolds_ChangesNothingOfTheTree) {
  append_rows(1, 3);
  const auto file = open_file();
  EXPECT_EQ(accept_ledger(fs::posix(), *file, system_clock(), system_random()).value(),
            std::nullopt);
  EXPECT_EQ(token(), "");
  EXPECT_TRUE(read_tree_state(fs::posix(), path_));
}

TEST_F(PromiseTest, CopiedLedger_IsSilent) {
  append_rows(1, 3);
  const std::string copy = folder_ / "copy.jsonl";
  ASSERT_TRUE(fs::write_new(fs::posix(), copy, bytes().substr(0, 10), 0600).ok());
  EXPECT_TRUE(read_promises(fs::posix(), copy).empty());
}

}  // namespace
}  // namespace cortex::ledger
