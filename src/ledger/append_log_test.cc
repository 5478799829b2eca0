#include "ledger/append_log.h"

#include <gmock/gmock.h>

#include "ledger/counting_fixture.h"
#include "ledger/head_file.h"
#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

using testing::StartsWith;

class AppendLogTest : public LedgerTest {
 protected:
  static void append(AppendLog& log, std::uint64_t n, std::size_t payload_bytes = 0) {
    core::Event event = sample_event(n, payload_bytes);
    ASSERT_TRUE(log.append(event).ok());
  }
  Result<std::unique_ptr<AppendLog>> open_counted() {
    return AppendLog::open(counting_, path_, system_clock(), system_random());
  }
  std::optional<LedgerHead> head_file() {
    const auto file = open_file();
    return read_head_file(fs::posix(), *file);
  }

  CountingFs counting_;
};

// Larger than a block, so that it is written before it is committed.
constexpr std::size_t kLargePayload = 3U << 20U;

TEST_F(AppendLogTest, MissingLedger_IsCreatedEmptyAndPrivate) {
  {
    const auto log = open_log();
    ASSERT_TRUE(log.ok()) << log.error().text();
    EXPECT_EQ((*log)->head(), std::nullopt);
    EXPECT_EQ((*log)->rows(), 0U);
  }
  const auto info = fs::posix().stat(path_);
  EXPECT_EQ(info->size_bytes, 0U);
  EXPECT_EQ(info->mode, 0600U);
}

TEST_F(AppendLogTest, MissingFolder_IsAnErrorAndIsNotCreated) {
  const std::string path = folder_ / "missing/events.jsonl";
  EXPECT_FALSE(AppendLog::open(fs::posix(), path, system_clock(), system_random()).ok());
  EXPECT_EQ(fs::posix().stat(folder_ / "missing")->kind, fs::Kind::kMissing);
}

TEST_F(AppendLogTest, AppendedRows_FormAClosedChainAcrossOpens) {
  append_rows(1, 3);
  append_rows(4, 2);
  expect_closed(5);
  EXPECT_EQ(bytes(), ledger_text(sealed_events(5)));
}

TEST_F(AppendLogTest, HashesOfTheCaller_AreReplaced) {
  const auto log = open_log();
  core::Event event = sample_event(1);
  event.payload_hash = event.event_hash = "0bad";
  event.prev_event_hash = "0bad";
  ASSERT_TRUE((*log)->append(event).ok());
  ASSERT_TRUE((*log)->commit().ok());
  EXPECT_EQ(bytes(), ledger_text(sealed_events(1)));
  EXPECT_EQ((*log)->head(), event.event_hash);
}

TEST_F(AppendLogTest, PlacesOfTheNextRow_AreThoseInTheFile) {
  append_rows(1, 2);
  write(bytes() + "\n \t\n");
  const auto log = open_log();
  EXPECT_EQ((*log)->size_bytes(), bytes().size());
  EXPECT_EQ((*log)->rows(), 2U);
  const std::uint64_t begin = (*log)->next_offset();
  append(**log, 3);
  const std::uint64_t end = (*log)->next_offset();
  EXPECT_EQ((*log)->size_bytes(), begin) << "not committed yet";
  ASSERT_TRUE((*log)->commit().ok());
  EXPECT_EQ((*log)->size_bytes(), end);
  EXPECT_EQ((*log)->rows(), 3U);
  const std::string text = bytes();
  ASSERT_EQ(text.size(), end);
  EXPECT_EQ(text.substr(begin), row_text(sealed_events(3).back()));
}

TEST_F(AppendLogTest, UncommittedRows_LeaveNoTrace) {
  append_rows(1, 2);
  const std::string before = bytes();
  {
    const auto log = open_log();
    append(**log, 3, kLargePayload);
    EXPECT_GT(bytes().size(), before.size());
  }
  EXPECT_EQ(bytes(), before);
  {
    const auto log = open_log();
    append(**log, 3);
  }
  EXPECT_EQ(bytes(), before);
}

TEST_F(AppendLogTest, UncommittedRowsBehindAMissingNewline_LeaveNoTrace) {
  append_rows(1, 2);
  std::string before = bytes();
  before.pop_back();
  write(before);
  for (const std::size_t payload_bytes : {std::size_t{0}, kLargePayload}) {
    const auto log = open_log();
    append(**log, 3, payload_bytes);
  }
  EXPECT_EQ(bytes(), before);
}

TEST_F(AppendLogTest, RowsAfterTheLastCommit_AreTakenBackAndThoseBeforeItStay) {
  append_rows(1, 1);
  {
    const auto log = open_log();
    append(**log, 2);
    ASSERT_TRUE((*log)->commit().ok());
    append(**log, 3, kLargePayload);
  }
  EXPECT_EQ(bytes(), ledger_text(sealed_events(2)));
}

TEST_F(AppendLogTest, EmptyCommit_ChangesNothingAndSyncsNothing) {
  std::string before = ledger_text(sealed_events(2));
  before.pop_back();  // not even the newline is written
  write(before);
  const auto log = open_counted();
  const std::uint64_t syncs = counting_.syncs;
  ASSERT_TRUE((*log)->commit().ok());
  EXPECT_EQ(counting_.syncs, syncs);
  EXPECT_EQ(bytes(), before);
}

TEST_F(AppendLogTest, Batch_IsSyncedOnce) {
  const auto log = open_counted();
  const std::uint64_t syncs = counting_.syncs;
  for (std::uint64_t n = 1; n <= 5; ++n) append(**log, n, limits::kIoBlockBytes / 2);
  ASSERT_TRUE((*log)->commit().ok());
  EXPECT_EQ(counting_.syncs, syncs + 1);
  expect_closed(5);
}

TEST_F(AppendLogTest, RollBack_TakesBackBufferedAndWrittenRows) {
  append_rows(1, 2);
  const std::string before = bytes();
  const auto log = open_log();
  const auto head = (*log)->head();
  for (const std::size_t payload_bytes : {std::size_t{0}, kLargePayload}) {
    append(**log, 3, payload_bytes);
    ASSERT_TRUE((*log)->roll_back().ok());
    EXPECT_EQ(bytes(), before);
    EXPECT_EQ((*log)->head(), head);
    EXPECT_EQ((*log)->next_offset(), before.size());
  }
  append(**log, 3);
  ASSERT_TRUE((*log)->commit().ok());
  EXPECT_EQ(bytes(), ledger_text(sealed_events(3)));
}

TEST_F(AppendLogTest, RowThatNoReaderTakes_IsRefusedWithItsBatch) {
  append_rows(1, 2);
  const std::string before = bytes();
  const auto log = open_log();
  // As long as the limit is already too long: row_cursor.h.
  const std::size_t length = row_text(sealed_events(4, 5000).back()).size() - 1;
  (*log)->limit_rows_to(length);
  append(**log, 3);
  core::Event event = sample_event(4, 5000);
  const Status refused = (*log)->append(event);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kUsage);
  EXPECT_EQ((*log)->next_offset(), before.size());
  append(**log, 3);
  event = sample_event(4, 4999);
  ASSERT_TRUE((*log)->append(event).ok());
  ASSERT_TRUE((*log)->commit().ok());
  expect_closed(4);
}

TEST_F(AppendLogTest, RollBack_RestoresTheMissingNewlineAndTheNextBatchWritesIt) {
  append_rows(1, 2);
  std::string before = bytes();
  before.pop_back();
  write(before);
  const auto log = open_log();
  for (const std::size_t payload_bytes : {std::size_t{0}, kLargePayload}) {
    append(**log, 3, payload_bytes);
    ASSERT_TRUE((*log)->roll_back().ok());
    EXPECT_EQ(bytes(), before);
    EXPECT_EQ((*log)->size_bytes(), before.size());
  }
  append(**log, 3);
  ASSERT_TRUE((*log)->commit().ok());
  EXPECT_EQ(bytes(), ledger_text(sealed_events(3)));
  append(**log, 4);
  ASSERT_TRUE((*log)->roll_back().ok());
  append(**log, 4);
  ASSERT_TRUE((*log)->commit().ok());
  EXPECT_EQ(bytes(), ledger_text(sealed_events(4))) << "and it is written once";
}

TEST_F(AppendLogTest, MissingFinalNewline_IsCompletedBeforeTheNextRow) {
  append_rows(1, 2);
  std::string text = bytes();
  text.pop_back();
  write(text);
  append_rows(3, 1);
  expect_closed(3);
}

TEST_F(AppendLogTest, BlanksWithoutNewline_AreEndedBeforeTheNextRow) {
  const auto events = sealed_events(2);
  write(row_text(events[0]) + " \t");
  append_rows(2, 1);
  EXPECT_EQ(bytes(), row_text(events[0]) + " \t\n" + row_text(events[1]));
}

TEST_F(AppendLogTest, ForeignLastLine_RefusesTheAppendWithTheChainCode) {
  append_rows(1, 1);
  const std::string text = bytes() + "not a row\n";
  write(text);
  const auto log = open_log();
  ASSERT_FALSE(log.ok());
  EXPECT_EQ(log.error().code, Code::kChain);
  EXPECT_EQ(bytes(), text);
}

TEST_F(AppendLogTest, HeadFile_IsWrittenByTheCommitAndNotBefore) {
  const auto log = open_log();
  append(**log, 1);
  EXPECT_EQ(fs::posix().stat(head_file_path(path_))->kind, fs::Kind::kMissing);
  ASSERT_TRUE((*log)->commit().ok());
  const LedgerHead first{bytes().size(), 1, (*log)->head()};
  EXPECT_EQ(head_file(), first);
  append(**log, 2, kLargePayload);
  EXPECT_EQ(head_file(), first);
  ASSERT_TRUE((*log)->commit().ok());
  EXPECT_EQ(head_file(), (LedgerHead{bytes().size(), 2, (*log)->head()}));
}

TEST_F(AppendLogTest, HeadFileThatCannotBeWritten_IsNoFailureOfTheBatch) {
  ASSERT_TRUE(fs::posix().make_directory(head_file_path(path_), 0700).ok());
  append_rows(1, 2);
  append_rows(3, 1);
  expect_closed(3);
}

TEST_F(AppendLogTest, Reopening_ReadsTheEndOnly) {
  {
    const auto log = open_log();
    for (std::uint64_t n = 1; n <= 3000; ++n) append(**log, n, 1000);
    ASSERT_TRUE((*log)->commit().ok());
  }
  const std::uint64_t size = bytes().size();
  ASSERT_GT(size, 4U << 20U);
  ASSERT_TRUE(open_counted().ok());
  EXPECT_LT(counting_.bytes_read, 128U << 10U);
  ASSERT_TRUE(fs::posix().remove_file(head_file_path(path_)).ok());
  counting_.bytes_read = 0;
  ASSERT_TRUE(open_counted().ok());
  EXPECT_GE(counting_.bytes_read, size) << "nothing is known without the head file";
  counting_.bytes_read = 0;
  ASSERT_TRUE(open_counted().ok());
  EXPECT_LT(counting_.bytes_read, 128U << 10U) << "and it was made again";
}

TEST_F(AppendLogTest, SecondWriter_IsShutOutUntilTheFirstEnds) {
  {
    const auto log = open_log();
    ASSERT_TRUE(log.ok());
    const auto second = open_counted();
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, Code::kPrecondition);
    EXPECT_FALSE(open_file()->lock(fs::Lock::kShared, 0).ok());
  }
  EXPECT_TRUE(open_counted().ok());
}

TEST_F(AppendLogTest, RefusedOpen_GivesTheLockBack) {
  write("not a row\n");
  ASSERT_FALSE(open_log().ok());
  EXPECT_TRUE(open_file()->lock(fs::Lock::kExclusive, 0).ok());
}

TEST_F(AppendLogTest, TornTail_IsMovedAsideAndTold) {
  const std::string row = row_text(sealed_events(1)[0]);
  write(row + "{\"id\":\"evt_");
  {
    const auto log = open_log();
    ASSERT_TRUE(log.ok()) << log.error().text();
    ASSERT_TRUE((*log)->moved_tail().has_value());
    EXPECT_EQ((*log)->moved_tail()->offset, row.size());
    EXPECT_THAT((*log)->moved_tail()->evidence_path, StartsWith(path_ + ".torn-"));
    EXPECT_EQ(bytes(), row);
  }
  EXPECT_FALSE((*open_log())->moved_tail().has_value());
}

TEST_F(AppendLogTest, BlankLinesInFrontOfATornTail_KeepTheirPlace) {
  const auto events = sealed_events(2);
  write(row_text(events[0]) + " \n\n{\"id\":");
  const auto log = open_log();
  ASSERT_TRUE(log.ok()) << log.error().text();
  EXPECT_EQ((*log)->size_bytes(), bytes().size());
  append(**log, 2);
  ASSERT_TRUE((*log)->commit().ok());
  EXPECT_EQ(bytes(), row_text(events[0]) + " \n\n" + row_text(events[1]));
  EXPECT_EQ(head_file(), (LedgerHead{bytes().size(), 2, events[1].event_hash}));
}

}  // namespace
}  // namespace cortex::ledger
