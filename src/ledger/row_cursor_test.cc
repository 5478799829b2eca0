#include "ledger/row_cursor.h"

#include <gmock/gmock.h>

#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class RowCursorTest : public testing::Test {
 protected:
  struct Seen {
    std::uint64_t id = 0;
    RowPlace place;
    std::string line;
  };
  static std::vector<Seen> walk(RowCursor& rows) {
    std::vector<Seen> seen;
    while (const core::DecodedEvent* row = rows.next()) {
      seen.push_back({row->event.id.low, rows.place(), std::string(rows.line())});
    }
    EXPECT_EQ(rows.next(), nullptr) << "the end stays the end";
    return seen;
  }
  static RowFault fault_of(const std::string& text) {
    RowCursor rows(text, 0);
    walk(rows);
    EXPECT_TRUE(rows.fault().has_value()) << quoted(text);
    return rows.fault().value_or(RowFault{});
  }

  const std::vector<core::Event> events_ = sealed_events(3);
  const std::string one_ = row_text(events_[0]), two_ = row_text(events_[1]);
  const std::string bare_ = one_.substr(0, one_.size() - 1);  // without newline
};

TEST_F(RowCursorTest, EmptyAndBlankTexts_HaveNoRows) {
  for (const std::string_view text : {"", "\n", "\r\n\r\n", "  \t\v\f\n\n  "}) {
    RowCursor rows(text, 0);
    EXPECT_THAT(walk(rows), IsEmpty());
    EXPECT_FALSE(rows.fault().has_value());
    EXPECT_EQ(rows.place().ordinal, 0U);
  }
}

TEST_F(RowCursorTest, Places_CountRowsLinesAndBytes) {
  const std::string text = cat("\n", one_, " \t\r\n\n", two_);
  RowCursor rows(text, 1000);
  const auto seen = walk(rows);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].id, 1U);
  EXPECT_EQ(seen[0].place.ordinal, 1U);
  EXPECT_EQ(seen[0].place.file_line, 2U);
  EXPECT_EQ(seen[0].place.offset, 1001U);
  EXPECT_EQ(seen[0].place.end, 1001U + one_.size());
  EXPECT_EQ(seen[0].line + "\n", one_);
  EXPECT_EQ(seen[1].place.ordinal, 2U);
  EXPECT_EQ(seen[1].place.file_line, 5U);
  EXPECT_EQ(seen[1].place.end, 1000U + text.size());
  EXPECT_EQ(rows.place().file_line, 5U);
}

TEST_F(RowCursorTest, MissingFinalNewlineAndCarriageReturns_AreAccepted) {
  const std::string text = cat(bare_, "\r\n", two_.substr(0, two_.size() - 1));
  RowCursor rows(text, 0);
  const auto seen = walk(rows);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].line, bare_);
  EXPECT_EQ(seen[0].place.end, bare_.size() + 2);
  EXPECT_EQ(seen[1].place.end, text.size());
}

TEST_F(RowCursorTest, WhiteSpaceAroundARow_IsIgnored) {
  const std::string text = cat(" \t\v\f\r", bare_, " \t\v\f\r\n");
  RowCursor rows(text, 0);
  const auto seen = walk(rows);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].line, bare_);
  EXPECT_EQ(seen[0].place.offset, 0U);
}

TEST_F(RowCursorTest, LineSeparatorsOfUnicode_EndNoLine) {
  core::Event event = sample_event(5);
  event.session_id =
      "a\xE2\x80\xA8"
      "b\xE2\x80\xA9"
      "c\xC2\x85"
      "d";
  event.payload = "\"\xE2\x80\xA8\"";
  seal(event, std::nullopt);
  RowCursor rows("", 0);
  const std::string text = row_text(event);
  rows.restart(text, 0);
  const core::DecodedEvent* row = rows.next();
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->event.session_id, event.session_id);
  EXPECT_EQ(row->raw_payload, event.payload);
}

TEST_F(RowCursorTest, Restart_GoesOnCounting) {
  RowCursor rows(one_, 0);
  walk(rows);
  const std::string more = "\n" + two_;
  rows.restart(more, one_.size());
  const auto seen = walk(rows);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].place.ordinal, 2U);
  EXPECT_EQ(seen[0].place.file_line, 3U);
  EXPECT_EQ(seen[0].place.offset, one_.size() + 1);
  EXPECT_EQ(seen[0].place.end, one_.size() + more.size());
}

TEST_F(RowCursorTest, MembersOfTheRowBefore_DoNotStay) {
  core::Event full = sample_event(1);
  full.trace_id = Ulid{0, 9};
  full.domain_tags = {"a", "b"};
  full.source = {core::SourceType::kTool, "grep"};
  seal(full, std::string(64, '0'));
  core::Event bare = sample_event(2);
  bare.session_id.reset();
  seal(bare, std::nullopt);
  const std::string text = row_text(full) + row_text(bare);
  RowCursor rows(text, 0);
  ASSERT_NE(rows.next(), nullptr);
  const core::DecodedEvent* row = rows.next();
  ASSERT_NE(row, nullptr);
  EXPECT_FALSE(row->event.trace_id || row->event.session_id || row->event.prev_event_hash);
  EXPECT_THAT(row->event.domain_tags, IsEmpty());
  EXPECT_EQ(row->event.source, core::Source{});
}

TEST_F(RowCursorTest, LineThatIsNoRow_EndsTheWalkAtItsPlace) {
  const std::string deep = std::string(127, '[') + std::string(127, ']');
  for (const std::string& line :
       {std::string("x"), std::string("{}"), std::string("[]"), std::string("null"), bare_ + bare_,
        bare_ + " x", "\xEF\xBB\xBF" + bare_, std::string("\0", 1) + bare_,
        bare_ + std::string("\0", 1), bare_.substr(0, 40),
        replaced(bare_, "\"session_id\":\"s\"", "\"session_id\":\"s\",\"session_id\":\"s\""),
        replaced(bare_, "{\"n\":1}", deep), replaced(bare_, "{\"n\":1}", "01"),
        replaced(bare_, "{\"n\":1}", "\"\\ud800\"")}) {
    SCOPED_TRACE(quoted(line));
    const std::string text = cat("\n", one_, line, "\n", two_);
    RowCursor rows(text, 0);
    EXPECT_EQ(walk(rows).size(), 1U);
    ASSERT_TRUE(rows.fault().has_value());
    EXPECT_EQ(rows.fault()->kind, RowFault::Kind::kUndecodable);
    EXPECT_EQ(rows.fault()->place.ordinal, 2U);
    EXPECT_EQ(rows.fault()->place.file_line, 3U);
    EXPECT_EQ(rows.fault()->place.offset, 1 + one_.size());
    EXPECT_EQ(rows.fault()->place.end, 2 + one_.size() + line.size());
    EXPECT_NE(rows.fault()->what, "");
  }
}

TEST_F(RowCursorTest, PayloadOfTheLargestDepth_IsARow) {
  const std::string text =
      replaced(one_, "{\"n\":1}", std::string(126, '[') + std::string(126, ']'));
  RowCursor rows(text, 0);
  EXPECT_EQ(walk(rows).size(), 1U);
}

TEST_F(RowCursorTest, LastLineWithoutNewlineThatIsNoRow_IsTorn) {
  for (std::size_t size = 1; size < bare_.size(); ++size) {
    ASSERT_EQ(fault_of(two_ + bare_.substr(0, size)).kind, RowFault::Kind::kTorn) << size;
  }
  EXPECT_EQ(fault_of("\xFF").kind, RowFault::Kind::kTorn);
  EXPECT_EQ(fault_of("{}").kind, RowFault::Kind::kTorn);
}

TEST_F(RowCursorTest, IllFormedUtf8_HasItsOwnKind) {
  for (const std::string_view bad :
       {"\xFF", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_EQ(fault_of(replaced(one_, "\"s\"", cat("\"", bad, "\""))).kind,
              RowFault::Kind::kNotUtf8);
    EXPECT_EQ(fault_of(replaced(one_, "{\"n\":1}", cat("\"", bad, "\""))).kind,
              RowFault::Kind::kNotUtf8);
    EXPECT_EQ(fault_of(cat("no row ", bad, "\n")).kind, RowFault::Kind::kNotUtf8);
  }
}

TEST_F(RowCursorTest, FirstFault_IsTheLastWordEvenAfterARestart) {
  RowCursor rows("x\n", 0);
  walk(rows);
  rows.restart(one_, 2);
  EXPECT_EQ(rows.next(), nullptr);
  EXPECT_EQ(rows.fault()->place.file_line, 1U);
}

TEST(RowError, EachKind_SaysWhereAndWhatToDo) {
  RowFault fault;
  fault.place = {.ordinal = 2, .file_line = 3, .offset = 700, .end = 800};
  fault.what = "expected a colon";
  Error error = row_error(fault, 10);
  EXPECT_EQ(error.code, Code::kChain);
  EXPECT_EQ(error.token, "");
  EXPECT_EQ(error.message, "ledger line 13 (byte 700) is no event row: expected a colon");
  fault.kind = RowFault::Kind::kTorn;
  error = row_error(fault);
  EXPECT_EQ(error.code, Code::kChain);
  EXPECT_EQ(error.token, kTornTailToken);
  EXPECT_THAT(error.message, HasSubstr("line 3 starts at byte 700"));
  EXPECT_THAT(error.next, HasSubstr("repair-tail"));
  fault.kind = RowFault::Kind::kNotUtf8;
  error = row_error(fault);
  EXPECT_EQ(error.code, Code::kPrecondition);
  EXPECT_EQ(error.token, kNotUtf8Token);
  fault.kind = RowFault::Kind::kTooLong;
  fault.what = "longer than 268.4 MB";
  error = row_error(fault);
  EXPECT_EQ(error.code, Code::kChain);
  EXPECT_EQ(error.message, "ledger line 3 is longer than 268.4 MB");
}

}  // namespace
}  // namespace cortex::ledger
