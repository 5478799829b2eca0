#include "ledger/row_stream.h"

#include <gmock/gmock.h>

#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

using testing::HasSubstr;

// Ids of the rows in [offset, end), or the error.
Result<std::vector<std::uint64_t>> ids_of(fs::File& file, std::uint64_t offset, std::uint64_t end) {
  RowStream stream(file, offset, end);
  std::vector<std::uint64_t> ids;
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
    if (row == nullptr) return ids;
    ids.push_back(row->event.id.low);
    EXPECT_EQ(stream.place().ordinal, ids.size());
  }
}

TEST(RowStream, EmptyAndBlankFiles_HaveNoRows) {
  for (const std::string& text :
       {std::string(), std::string("\n\r\n "), std::string(3U << 20U, '\n')}) {
    TextFile file(text);
    EXPECT_EQ(ids_of(file, 0, text.size())->size(), 0U);
  }
}

TEST(RowStream, RowsOfManyBlocks_ComeInOrderWithTheirPlaces) {
  const auto events = sealed_events(700, 5000);
  const std::string text = "\n" + ledger_text(events);
  TextFile file(text);
  RowStream stream(file, 0, text.size());
  std::uint64_t end = 1;
  for (const core::Event& event : events) {
    const auto row = stream.next();
    ASSERT_TRUE(row.ok());
    ASSERT_NE(*row, nullptr);
    ASSERT_EQ((*row)->event.event_hash, event.event_hash);
    ASSERT_EQ((*row)->raw_payload, event.payload);
    EXPECT_EQ(stream.place().offset, end);
    EXPECT_EQ(stream.place().file_line, stream.place().ordinal + 1);
    EXPECT_EQ(cat(stream.line(), "\n"), row_text(event));
    end += row_text(event).size();
    EXPECT_EQ(stream.place().end, end);
  }
  EXPECT_EQ(stream.next().value(), nullptr);
  EXPECT_EQ(stream.next().value(), nullptr);
}

TEST(RowStream, RowLongerThanSeveralBlocks_IsOneRow) {
  auto events = sealed_events(3);
  events[1].payload = cat("\"", std::string(3U << 20U, 'x'), "\"");
  const std::string text = ledger_text(events);
  TextFile file(text);
  EXPECT_EQ(ids_of(file, 0, text.size()).value(), (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST(RowStream, CarriageReturnsAndAMissingFinalNewline_AreAccepted) {
  const auto events = sealed_events(2);
  const std::string text =
      cat(replaced(row_text(events[0]), "\n", "\r\n"), replaced(row_text(events[1]), "\n", ""));
  TextFile file(text);
  EXPECT_EQ(ids_of(file, 0, text.size())->size(), 2U);
}

TEST(RowStream, StretchOfALedger_HasItsOwnRowsOnly) {
  const auto events = sealed_events(3);
  const std::string text = ledger_text(events);
  const std::size_t one = row_text(events[0]).size(), two = one + row_text(events[1]).size();
  TextFile file(text);
  EXPECT_EQ(ids_of(file, one, two).value(), (std::vector<std::uint64_t>{2}));
  EXPECT_EQ(ids_of(file, one, one)->size(), 0U);
}

TEST(RowStream, LineThatIsNoRow_EndsItWithItsLine) {
  std::string text = ledger_text(sealed_events(300, 8000));
  const auto lines = std::count(text.begin(), text.end(), '\n');
  text += "x\n" + row_text(sample_event(9));
  TextFile file(text);
  const auto ids = ids_of(file, 0, text.size());
  ASSERT_FALSE(ids.ok());
  EXPECT_EQ(ids.error().code, Code::kChain);
  EXPECT_THAT(ids.error().message, HasSubstr(cat("ledger line ", lines + 1, " ")));
}

TEST(RowStream, TornTail_IsAnErrorWithItsToken) {
  TextFile file(row_text(sealed_events(1)[0]) + "{");
  EXPECT_EQ(ids_of(file, 0, file.text.size()).error().token, kTornTailToken);
}

TEST(RowStream, ReadFailure_IsReturned) {
  TextFile file(ledger_text(sealed_events(1)));
  file.fails_from = 5;
  EXPECT_EQ(ids_of(file, 0, file.text.size()).error().system_errno, EIO);
}

}  // namespace
}  // namespace cortex::ledger
