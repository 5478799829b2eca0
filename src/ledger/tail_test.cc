#include "ledger/tail.h"

#include <gmock/gmock.h>

#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

using testing::HasSubstr;

class TailTest : public testing::Test {
 protected:
  static Tail tail_of(const std::string& text) {
    TextFile file(text);
    auto tail = read_tail(file);
    EXPECT_TRUE(tail.ok());
    return std::move(tail).value();
  }

  const std::vector<core::Event> events_ = sealed_events(2);
  const std::string text_ = ledger_text(events_);
  const std::string hash_ = events_[1].event_hash;
};

TEST_F(TailTest, EmptyAndBlankLedgers_HaveNoHead) {
  for (const std::string text : {"", "\n", " \n\t\r\n", "  ", "\n "}) {
    SCOPED_TRACE(quoted(text));
    const Tail tail = tail_of(text);
    EXPECT_EQ(tail.head, std::nullopt);
    EXPECT_EQ(tail.size_bytes, text.size());
    EXPECT_EQ(tail.missing_newline, !text.empty() && !text.ends_with('\n'));
    EXPECT_FALSE(tail.torn.has_value());
  }
}

TEST_F(TailTest, LastRow_IsTheHead) {
  for (const std::string blanks : {"", "\n", "\n \r\n\n"}) {
    const Tail tail = tail_of(text_ + blanks);
    EXPECT_EQ(tail.head, hash_);
    EXPECT_EQ(tail.size_bytes, text_.size() + blanks.size());
    EXPECT_FALSE(tail.missing_newline || tail.torn.has_value());
  }
}

TEST_F(TailTest, WholeRowWithoutNewline_IsTheHead) {
  const std::string text = text_.substr(0, text_.size() - 1);
  for (const std::string blanks : {"", "  ", "\r"}) {
    const Tail tail = tail_of(text + blanks);
    EXPECT_EQ(tail.head, hash_);
    EXPECT_TRUE(tail.missing_newline);
    EXPECT_EQ(tail.size_bytes, text.size() + blanks.size());
    EXPECT_FALSE(tail.torn.has_value());
  }
}

TEST_F(TailTest, TornTail_LeavesTheRowBeforeItAsHead) {
  std::string unsealed = replaced(row_text(sealed_events(3)[2]), hash_, std::string(64, '0'));
  unsealed.pop_back();
  for (const std::string& torn : {std::string("{\"id\":"), std::string("x"), unsealed}) {
    const Tail tail = tail_of(text_ + torn);
    ASSERT_TRUE(tail.torn.has_value());
    EXPECT_EQ(tail.torn->offset, text_.size());
    EXPECT_EQ(tail.torn->size_bytes, torn.size());
    EXPECT_EQ(tail.head, hash_);
    EXPECT_EQ(tail.size_bytes, text_.size());
    EXPECT_FALSE(tail.missing_newline);
  }
}

TEST_F(TailTest, TornFirstRow_LeavesNoHead) {
  const Tail tail = tail_of("{\"id\":");
  EXPECT_EQ(tail.torn->offset, 0U);
  EXPECT_EQ(tail.head, std::nullopt);
  EXPECT_EQ(tail.size_bytes, 0U);
}

TEST_F(TailTest, CompleteLastLineThatIsNoRow_IsAnErrorOfTheChain) {
  TextFile file(text_ + "not a row\n{\"torn");
  const auto tail = read_tail(file);
  ASSERT_FALSE(tail.ok());
  EXPECT_EQ(tail.error().code, Code::kChain);
  EXPECT_THAT(tail.error().message, HasSubstr(cat("byte ", text_.size(), ")")));
}

TEST_F(TailTest, Prefix_IsReadAsIfTheFileEndedThere) {
  TextFile file(text_);
  const std::size_t first = row_text(events_[0]).size();
  EXPECT_EQ(read_tail(file, first)->head, events_[0].event_hash);
  EXPECT_TRUE(read_tail(file, first - 1)->missing_newline);
  EXPECT_EQ(read_tail(file, first + 5)->torn->offset, first);
  EXPECT_EQ(read_tail(file, 0)->head, std::nullopt);
}

TEST_F(TailTest, RowsAroundTheFirstRead_AreFoundWhole) {
  // The last bytes are read in a block of 64 KiB, then in larger ones.
  for (std::size_t payload = 65000; payload < 65600; payload += 7) {
    const auto events = sealed_events(2, payload);
    const std::string text = ledger_text(events);
    ASSERT_EQ(tail_of(text).head, events[1].event_hash) << payload;
    ASSERT_EQ(tail_of(text.substr(0, text.size() - 1)).head, events[1].event_hash) << payload;
    const Tail torn = tail_of(text.substr(0, text.size() - 2));
    ASSERT_EQ(torn.head, events[0].event_hash) << payload;
    ASSERT_EQ(torn.torn->offset, row_text(events[0]).size()) << payload;
  }
}

TEST_F(TailTest, ManyBlankLinesBehindTheLastRow_AreLookedThrough) {
  const Tail tail = tail_of(text_ + std::string(300000, '\n'));
  EXPECT_EQ(tail.head, hash_);
  EXPECT_EQ(tail.size_bytes, text_.size() + 300000);
}

TEST_F(TailTest, LargeLedger_IsReadAtItsEndOnly) {
  const auto events = sealed_events(3000, 1000);
  TextFile file(ledger_text(events));
  EXPECT_EQ(read_tail(file)->head, events.back().event_hash);
  EXPECT_LE(file.bytes_read, 64U << 10U);
}

TEST_F(TailTest, ReadFailure_IsReturned) {
  TextFile file(text_);
  file.fails_from = 10;
  const auto tail = read_tail(file);
  ASSERT_FALSE(tail.ok());
  EXPECT_EQ(tail.error().system_errno, EIO);
}

class SettledSizeTest : public LedgerTest {};

TEST_F(SettledSizeTest, Lock_IsGivenBack) {
  write("12345");
  const auto file = open_file();
  EXPECT_EQ(settled_size(*file).value(), 5U);
  EXPECT_TRUE(open_file()->lock(fs::Lock::kExclusive, 0).ok());
}

TEST_F(SettledSizeTest, OtherReaders_AreNoHindrance) {
  write("12345");
  const auto reader = open_file();
  ASSERT_TRUE(reader->lock(fs::Lock::kShared, 0).ok());
  EXPECT_EQ(settled_size(*open_file()).value(), 5U);
}

TEST_F(SettledSizeTest, FileSystemWithoutLocks_CountsAsQuiet) {
  TextFile file("12345");
  EXPECT_EQ(settled_size(file).value(), 5U);
}

}  // namespace
}  // namespace cortex::ledger
