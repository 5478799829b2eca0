#include "ledger/verify.h"

#include <gmock/gmock.h>

#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void expect_same(const ChainReport& one, const ChainReport& other) {
  EXPECT_EQ(one.rows, other.rows);
  EXPECT_EQ(one.head, other.head);
  EXPECT_EQ(one.boundary_lines, other.boundary_lines);
  EXPECT_EQ(one.duplicates.ids, other.duplicates.ids);
  EXPECT_EQ(one.duplicates.total, other.duplicates.total);
  EXPECT_EQ(one.duplicates.rows_checked, other.duplicates.rows_checked);
  EXPECT_EQ(one.failures_total, other.failures_total);
  ASSERT_EQ(one.failures.size(), other.failures.size());
  for (std::size_t i = 0; i < one.failures.size(); ++i) {
    EXPECT_EQ(one.failures[i].line, other.failures[i].line);
    EXPECT_EQ(one.failures[i].file_line, other.failures[i].file_line);
    EXPECT_EQ(one.failures[i].event_id, other.failures[i].event_id);
    EXPECT_EQ(one.failures[i].invariant, other.failures[i].invariant);
    EXPECT_EQ(one.failures[i].reason, other.failures[i].reason);
  }
}

Result<ChainReport> verify_text(const std::string& text, unsigned threads) {
  TextFile file(text);
  return verify_chain(file, text.size(), {.threads = threads});
}

// What one thread finds, after checking that two find the same.
ChainReport verified(const std::string& text) {
  auto one = verify_text(text, 1);
  const auto two = verify_text(text, 2);
  EXPECT_TRUE(one.ok() && two.ok());
  expect_same(*one, *two);
  return std::move(one).value();
}

// The same for a ledger that cannot be read as rows.
Error refusal(const std::string& text) {
  auto one = verify_text(text, 1);
  const auto two = verify_text(text, 2);
  EXPECT_TRUE(!one.ok() && !two.ok());
  if (one.ok() || two.ok()) return {};
  EXPECT_EQ(one.error().message, two.error().message);
  EXPECT_EQ(one.error().token, two.error().token);
  EXPECT_EQ(one.error().code, two.error().code);
  return std::move(one).error();
}

// Larger than what is worth a second thread, and of several chunks.
class VerifyLargeTest : public testing::Test {
 protected:
  VerifyLargeTest() {
    TextFile file(text_);
    ChunkReader reader(file, 0, text_.size());
    Chunk chunk;
    while (reader.next(chunk).value()) {
      first_rows_.push_back(rows_before(chunk.offset));
    }
  }
  std::size_t rows_before(std::uint64_t offset) const {
    return static_cast<std::size_t>(
        std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
  }
  // First and last rows of chunks, their neighbours, and some in between.
  std::vector<std::size_t> places() const {
    std::vector<std::size_t> out = {0, 1, 2, events_.size() / 2, events_.size() - 1};
    for (const std::size_t row : first_rows_) {
      if (row > 0) out.insert(out.end(), {row - 1, row, row + 1, row + 100});
    }
    return out;
  }

  std::vector<core::Event> events_ = sealed_events(1300, 4000);
  std::string text_ = ledger_text(events_);
  std::vector<std::size_t> first_rows_;  // of each chunk
};

TEST_F(VerifyLargeTest, SoundLedger_IsClosedWithOneAndTwoThreads) {
  ASSERT_GT(text_.size(), 5U << 20U);
  ASSERT_GE(first_rows_.size(), 5U);
  const ChainReport report = verified(text_);
  EXPECT_TRUE(report.closed());
  EXPECT_EQ(report.rows, events_.size());
  EXPECT_EQ(report.head, events_.back().event_hash);
  EXPECT_EQ(report.duplicates.rows_checked, events_.size());
}

TEST_F(VerifyLargeTest, RowFunctionsOfTwoThreads_SeeEachRowOnceAndEachChunkInOrder) {
  std::vector<std::vector<std::uint64_t>> ends(2);
  VerifyOptions options{.threads = 2};
  for (auto& seen : ends) {
    options.on_row.emplace_back([&seen](const core::DecodedEvent&, std::uint64_t end) -> Status {
      seen.push_back(end);
      return {};
    });
  }
  TextFile file(text_);
  ASSERT_TRUE(verify_chain(file, text_.size(), std::move(options)).ok());
  for (const auto& seen : ends) EXPECT_TRUE(std::ranges::is_sorted(seen));
  std::vector<std::uint64_t> all = ends[0];
  all.insert(all.end(), ends[1].begin(), ends[1].end());
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), events_.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(text_[all[i] - 1], '\n');
    EXPECT_TRUE(i == 0 || all[i - 1] < all[i]);
  }
}

TEST_F(VerifyLargeTest, FailureOfARowFunction_EndsTheVerification) {
  VerifyOptions options{.threads = 2};
  for (int i = 0; i < 2; ++i) {
    options.on_row.emplace_back([](const core::DecodedEvent&, std::uint64_t) -> Status {
      return make_error(Code::kInternal, "enough");
    });
  }
  TextFile file(text_);
  const auto report = verify_chain(file, text_.size(), std::move(options));
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().message, "enough");
}

TEST_F(VerifyLargeTest, ChangedPayloadAnywhere_IsOneFailureThere) {
  for (const std::size_t row : places()) {
    SCOPED_TRACE(row);
    auto events = events_;
    events[row].payload.back() = ' ';
    events[row].payload += '}';
    ASSERT_TRUE(verified(ledger_text(events)).closed()) << "blanks do not count";
    events[row].payload = replaced(events_[row].payload, "xx", "xy");
    const ChainReport report = verified(ledger_text(events));
    ASSERT_EQ(report.failures_total, 1U);
    EXPECT_EQ(report.failures[0].line, row + 1);
    EXPECT_EQ(report.failures[0].file_line, row + 1);
  }
}

TEST_F(VerifyLargeTest, RemovedRowAnywhere_OrphansTheNextOne) {
  for (const std::size_t row : places()) {
    if (row + 1 == events_.size()) continue;  // nothing tells of a missing last row
    SCOPED_TRACE(row);
    auto events = events_;
    events.erase(events.begin() + static_cast<std::ptrdiff_t>(row));
    const ChainReport report = verified(ledger_text(events));
    ASSERT_EQ(report.failures_total, 1U);
    EXPECT_EQ(report.failures[0].line, row + 1);
    EXPECT_TRUE(report.failures[0].reason.starts_with("Orphan"));
  }
}

TEST_F(VerifyLargeTest, UnsupportedRowsAnywhere_OrphanTheFirstSupportedOneBehindThem) {
  for (const std::size_t row : places()) {
    if (row + 3 > events_.size()) continue;
    SCOPED_TRACE(row);
    auto events = events_;
    events[row].schema_version = events[row + 1].schema_version = 3;
    const ChainReport report = verified(ledger_text(events));
    ASSERT_EQ(report.failures_total, 3U);
    EXPECT_EQ(report.failures[2].line, row + 3);
    EXPECT_TRUE(report.failures[2].reason.starts_with("Orphan"));
  }
}

TEST_F(VerifyLargeTest, ChunkOfUnsupportedRowsOnly_IsSkippedByTheChain) {
  auto events = events_;
  const std::size_t begin = first_rows_[2] - 1, end = first_rows_[3] + 1;
  for (std::size_t i = begin; i < end; ++i) events[i].schema_version = 3;
  const ChainReport report = verified(ledger_text(events));
  EXPECT_EQ(report.failures_total, end - begin + 1);
  EXPECT_EQ(report.failures.back().line, end + 1);
}

TEST_F(VerifyLargeTest, MoreFailuresThanAreShown_AreTheFirstOnes) {
  auto events = events_;
  for (core::Event& event : events) event.payload_hash.back() = 'x';
  const ChainReport report = verified(ledger_text(events));
  EXPECT_EQ(report.failures_total, 2 * events.size());
  EXPECT_EQ(report.failures.size(), limits::kFailuresShownMax);
  EXPECT_EQ(report.failures.back().line, limits::kFailuresShownMax / 2);
}

TEST_F(VerifyLargeTest, UndecodableLine_WinsOverLaterOnesAndOverFailures) {
  for (const std::size_t row : places()) {
    SCOPED_TRACE(row);
    auto events = events_;
    events[0].payload = "[]";  // a failure in front
    std::string text;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const bool is_broken = i >= row && (i - row) % 97 == 0;
      text += is_broken ? "{\"broken\":1}\n" : row_text(events[i]);
    }
    const Error error = refusal(text);
    EXPECT_EQ(error.code, Code::kChain);
    EXPECT_THAT(error.message, HasSubstr(cat("ledger line ", row + 1, " (")));
  }
}

TEST_F(VerifyLargeTest, UndecodableLine_WinsOverALaterReadFailure) {
  const std::string text = replaced(text_, "{\"id\"", "{#id\"", text_.size() / 4);
  for (const unsigned threads : {1U, 2U}) {
    TextFile file(text);
    file.fails_from = 3 * limits::kIoBlockBytes;
    const auto report = verify_chain(file, text.size(), {.threads = threads});
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, Code::kChain);
  }
}

TEST_F(VerifyLargeTest, ReadFailure_WinsOverWhatIsBehindIt) {
  const std::string text = replaced(text_, "{\"id\"", "{#id\"", 4 * limits::kIoBlockBytes);
  for (const unsigned threads : {1U, 2U}) {
    TextFile file(text);
    file.fails_from = 2 * limits::kIoBlockBytes;
    const auto report = verify_chain(file, text.size(), {.threads = threads});
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().system_errno, EIO);
  }
}

TEST_F(VerifyLargeTest, Blocks_AreEveryByteOnceInOrder) {
  for (const unsigned threads : {1U, 2U}) {
    TextFile file(text_ + "{\"behind the prefix");
    std::string seen;
    const auto report = verify_chain(file, text_.size(),
                                     {.threads = threads, .on_block = [&seen](std::string_view b) {
                                        seen += b;
                                        return Status{};
                                      }});
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(seen == text_);
    EXPECT_EQ(file.bytes_read, text_.size());
  }
}

TEST_F(VerifyLargeTest, FailureOfTheBlockFunction_EndsTheVerification) {
  for (const unsigned threads : {1U, 2U}) {
    TextFile file(text_);
    int blocks = 0;
    const auto report = verify_chain(
        file, text_.size(), {.threads = threads, .on_block = [&blocks](std::string_view) -> Status {
                               if (++blocks == 3) return make_error(Code::kQuarantined, "full");
                               return {};
                             }});
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, Code::kQuarantined);
    EXPECT_EQ(blocks, 3);
  }
}

TEST_F(VerifyLargeTest, RowFunction_SeesEveryRowInOrderWithItsEnd) {
  TextFile file(text_);
  std::uint64_t row = 0, end = 0;
  const auto report = verify_chain(
      file, text_.size(),
      {.on_row = {[&](const core::DecodedEvent& decoded, std::uint64_t row_end) -> Status {
         EXPECT_EQ(decoded.event.id.low, ++row);
         EXPECT_EQ(decoded.raw_payload, events_[row - 1].payload);
         end += row_text(events_[row - 1]).size();
         EXPECT_EQ(row_end, end);
         return {};
       }}});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(row, events_.size());
}

TEST_F(VerifyLargeTest, Positions_AreTheStoredHashesOfThoseRowsInOrder) {
  std::vector<std::uint64_t> wanted = {0, events_.size() + 1};
  for (const std::size_t row : places()) wanted.insert(wanted.begin(), {row + 1, row + 1});
  for (const unsigned threads : {1U, 2U}) {
    TextFile file(text_);
    const auto report = verify_chain(file, text_.size(), {.threads = threads, .positions = wanted});
    ASSERT_TRUE(report.ok());
    std::uint64_t last = 0;
    for (const Position& position : report->positions) {
      EXPECT_GT(position.ordinal, last);
      last = position.ordinal;
      EXPECT_EQ(position.event_hash, events_[position.ordinal - 1].event_hash);
    }
    EXPECT_EQ(last, events_.size()) << "the last row was asked for, one behind it is not there";
    for (const std::size_t row : places()) {
      EXPECT_TRUE(std::ranges::any_of(report->positions,
                                      [&](const Position& p) { return p.ordinal == row + 1; }));
    }
  }
}

TEST_F(VerifyLargeTest, GrowingFile_IsVerifiedUpToThePrefixOnly) {
  TextFile file(text_);
  std::size_t blocks = 0;
  const std::size_t prefix = text_.size() - row_text(events_.back()).size();
  const auto report = verify_chain(file, prefix, {.threads = 2, .on_block = [&](std::string_view) {
                                                    if (++blocks == 2) file.text += "not a row\n";
                                                    return Status{};
                                                  }});
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->rows, events_.size() - 1);
  EXPECT_EQ(report->head, events_[events_.size() - 2].event_hash);
}

TEST_F(VerifyLargeTest, RepeatedIdsFarApart_AreFoundByASecondPass) {
  auto events = events_;
  const std::size_t first = first_rows_[1], second = first_rows_[4];
  events[second].id = events[first].id;
  const std::string text = ledger_text(events);
  const ChainReport report = verified(text);
  EXPECT_TRUE(report.closed()) << "ids are not covered by the chain";
  EXPECT_EQ(report.duplicates.total, 1U);
  EXPECT_THAT(report.duplicates.ids, ElementsAre(events[first].id));
}

class VerifyTest : public LedgerTest {};

TEST_F(VerifyTest, RepeatedId_IsReported) {
  append_rows(1, 2);
  append_rows(1, 1);
  const auto report = verify();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->duplicates.total, 1U);
  EXPECT_THAT(report->duplicates.ids, ElementsAre(Ulid{0, 1}));
}

TEST(Verify, EveryFlippedByteOfAMiddleRowBehindItsMetadata_IsNoticed) {
  const auto events = sealed_events(3);
  const std::string full = ledger_text(events);
  const std::size_t row = row_text(events[0]).size();
  const std::size_t begin = full.find("\"payload\":", row) + 10;
  const std::size_t end = full.find('\n', row);
  for (std::size_t i = begin; i < end; ++i) {
    std::string text = full;
    text[i] = static_cast<char>(text[i] ^ 0x01);
    const auto report = verify_text(text, 1);
    EXPECT_TRUE(!report.ok() || !report->closed()) << "byte " << i;
  }
}

TEST(Verify, EmptyAndBlankLedgers_AreClosed) {
  for (const char* text : {"", "\n", " \t\r\n\n", "  "}) {
    const ChainReport report = verified(text);
    EXPECT_TRUE(report.closed());
    EXPECT_EQ(report.rows, 0U);
    EXPECT_EQ(report.head, std::nullopt);
  }
}

TEST(Verify, LineThatIsNoRow_HasItsCodeAndToken) {
  const std::string row = row_text(sealed_events(1)[0]);
  const std::string no_newline = row.substr(0, row.size() - 1);
  const struct {
    std::string text;
    Code code;
    std::string_view token;
  } cases[] = {
      {row + "{}\n", Code::kChain, ""},
      {row + "{}", Code::kChain, kTornTailToken},
      {row + "x", Code::kChain, kTornTailToken},
      {no_newline + no_newline + "\n", Code::kChain, ""},
      {"\xEF\xBB\xBF" + row, Code::kChain, ""},
      {std::string(1, '\0') + row, Code::kChain, ""},
      {replaced(row, "\"s\"", "\"\xFF\""), Code::kPrecondition, kNotUtf8Token},
      {replaced(row, "\"s\"", "\"\xED\xA0\x80\""), Code::kPrecondition, kNotUtf8Token},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(quoted(c.text));
    const Error error = refusal(c.text);
    EXPECT_EQ(error.code, c.code);
    EXPECT_EQ(error.token, c.token);
  }
}

TEST(Verify, PrefixInsideARow_IsATornTail) {
  const std::string text = ledger_text(sealed_events(2));
  TextFile file(text);
  const auto report = verify_chain(file, text.size() - 2);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().token, kTornTailToken);
  EXPECT_EQ(verify_chain(file, text.size() - 1)->rows, 2U) << "a row needs no newline";
}

TEST(Verify, FileShorterThanTold_IsVerifiedAsFarAsItGoes) {
  const std::string text = ledger_text(sealed_events(2));
  TextFile file(text);
  EXPECT_EQ(verify_chain(file, text.size() + 100)->rows, 2U);
}

TEST(Verify, Threads_AreOneOrTwo) {
  EXPECT_GE(verify_threads(), 1U);
  EXPECT_LE(verify_threads(), 2U);
}

TEST(BoundaryFailures, NoneOneAndSeveralBoundaries) {
  ChainReport report;
  EXPECT_THAT(boundary_failures(report, false), IsEmpty());
  EXPECT_THAT(boundary_failures(report, true),
              ElementsAre("schema_migration.v1_to_v2.boundary.missing: Missing { required: true,"
                          " observed: 0 }"));
  report.boundary_lines = {4};
  EXPECT_THAT(boundary_failures(report, true), IsEmpty());
  report.boundary_lines = {4, 9, 12};
  for (const bool required : {false, true}) {
    EXPECT_THAT(boundary_failures(report, required),
                ElementsAre("schema_migration.v1_to_v2.boundary.duplicate: Duplicate { observed:"
                            " 3, lines: [4, 9, 12] }"));
  }
  report.boundary_lines = report.misplaced_boundary_lines = {4};
  EXPECT_THAT(boundary_failures(report, false),
              ElementsAre("schema_migration.v1_to_v2.boundary.previous_head_mismatch:"
                          " PreviousHeadMismatch { lines: [4] }"));
}

}  // namespace
}  // namespace cortex::ledger
