#include "ledger/recovery.h"

#include <gmock/gmock.h>

#include "base/fs/crash_fs.h"
#include "json/value.h"
#include "ledger/signed_fixture.h"

namespace cortex::ledger {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class RecoveryTest : public LedgerTest {
 protected:
  void write_head_bytes(std::string_view text) {
    const std::string path = head_file_path(path_);
    static_cast<void>(fs::posix().remove_file(path).ok());  // it may not be there yet
    ASSERT_TRUE(fs::write_new(fs::posix(), path, text, 0600).ok());
  }
  // The first `rows` rows of events_ are acknowledged.
  void acknowledge(std::uint64_t rows) {
    const std::vector<core::Event> first(events_.begin(),
                                         events_.begin() + static_cast<std::ptrdiff_t>(rows));
    const LedgerHead head{ledger_text(first).size(), rows, first.back().event_hash};
    ASSERT_TRUE(write_head_file(fs::posix(), path_, head).ok());
  }
  SettledTail settle() const {
    const auto file = open_file();
    auto tail = settle_tail(fs::posix(), *file);
    EXPECT_TRUE(tail.ok());
    return std::move(tail).value();
  }
  std::string row(std::size_t i) const { return row_text(events_[i]); }
  std::string hash(std::size_t i) const { return events_[i].event_hash; }

  const std::vector<core::Event> events_ = sealed_events(4);
  const std::string text_ = ledger_text(events_);
};

void expect_torn(const SettledTail& tail, std::uint64_t offset, std::uint64_t size_bytes) {
  ASSERT_TRUE(tail.torn.has_value());
  EXPECT_EQ(tail.torn->offset, offset);
  EXPECT_EQ(tail.torn->size_bytes, size_bytes);
  EXPECT_EQ(tail.torn->evidence_path, "");
}

TEST_F(RecoveryTest, EmptyLedger_IsSound) {
  write("");
  const SettledTail tail = settle();
  EXPECT_EQ(tail.head, LedgerHead{});
  EXPECT_FALSE(tail.missing_newline || tail.unacknowledged || tail.torn || tail.fault);
}

TEST_F(RecoveryTest, NoHeadFile_EveryRowIsReadAndUnacknowledged) {
  write(text_);
  const SettledTail tail = settle();
  EXPECT_EQ(tail.head, (LedgerHead{text_.size(), 4, hash(3)}));
  EXPECT_TRUE(tail.unacknowledged);
  EXPECT_FALSE(tail.missing_newline || tail.torn || tail.fault);
}

TEST_F(RecoveryTest, HeadFileOfTheWholeLedger_LeavesNothingToRead) {
  write(text_);
  acknowledge(4);
  const SettledTail tail = settle();
  EXPECT_EQ(tail.head, (LedgerHead{text_.size(), 4, hash(3)}));
  EXPECT_FALSE(tail.unacknowledged || tail.missing_newline || tail.torn || tail.fault);
}

TEST_F(RecoveryTest, StaleHeadFile_TheRowsBehindItAreReadAndUnacknowledged) {
  write(text_);
  acknowledge(2);
  const SettledTail tail = settle();
  EXPECT_EQ(tail.head, (LedgerHead{text_.size(), 4, hash(3)}));
  EXPECT_TRUE(tail.unacknowledged);
}

TEST_F(RecoveryTest, HeadFileThatDoesNotHold_IsIgnored) {
  const std::string good = hash(1), size = cat(row(0).size() + row(1).size());
  const auto document = [](std::string_view format, std::string_view head, std::string_view rows,
                           std::string_view size_bytes) {
    return with_check(cat("{\"format\":", format, ",\"row_hash\":null,\"head\":", head,
                          ",\"rows\":", rows, ",\"size_bytes\":", size_bytes));
  };
  const std::string quoted_good = cat("\"", good, "\"");
  // The number of rows tells whether the file was believed.
  write(text_);
  write_head_bytes(document("2", quoted_good, "77", size));
  ASSERT_EQ(settle().head.rows, 79U);
  const std::pair<std::string_view, std::string> cases[] = {
      {"empty", ""},
      {"garbage", "\x01\xFFgarbage"},
      {"no object", "[1]"},
      {"two documents", document("2", quoted_good, "77", size) + "{}"},
      {"another format", document("1", quoted_good, "77", size)},
      {"format as text", document("\"2\"", quoted_good, "77", size)},
      {"no rows", with_check(cat("{\"format\":2,\"row_hash\":null,\"head\":", quoted_good,
                                 ",\"size_bytes\":", size))},
      {"no row hash", with_check(cat("{\"format\":2,\"head\":", quoted_good,
                                     ",\"rows\":77,\"size_bytes\":", size))},
      {"no head",
       with_check(cat("{\"format\":2,\"row_hash\":null,\"rows\":77,\"size_bytes\":", size))},
      {"negative size", document("2", quoted_good, "77", "-1")},
      {"size with a fraction", document("2", quoted_good, "77", size + ".0")},
      {"another ledger", document("2", cat("\"", std::string(64, '0'), "\""), "77", size)},
      {"the hash of another row", document("2", cat("\"", hash(0), "\""), "77", size)},
      {"null in front of rows", document("2", "null", "77", size)},
      {"a number as head", document("2", "7", "77", size)},
      {"a head where no row is", document("2", quoted_good, "77", "0")},
      {"ahead", document("2", quoted_good, "77", cat(text_.size() + 1))},
      {"far ahead", document("2", quoted_good, "77", "18446744073709551615")},
      {"inside a row", document("2", quoted_good, "77", cat(row(0).size() + 9))},
      {"before the newline",
       document("2", quoted_good, "77", cat(row(0).size() + row(1).size() - 1))},
      {"too large", document("2", quoted_good, "77", size) + std::string(5000, ' ')},
  };
  for (const auto& [what, bytes] : cases) {
    SCOPED_TRACE(what);
    write_head_bytes(bytes);
    const SettledTail tail = settle();
    EXPECT_EQ(tail.head, (LedgerHead{text_.size(), 4, hash(3)}));
    EXPECT_TRUE(tail.unacknowledged);
  }
}

TEST_F(RecoveryTest, HeadFileThatIsAFolder_IsIgnored) {
  write(text_);
  ASSERT_TRUE(fs::posix().make_directory(head_file_path(path_), 0700).ok());
  EXPECT_EQ(settle().head.rows, 4U);
}

TEST_F(RecoveryTest, HeadFileOfAnEmptyLedger_HoldsForEveryLedger) {
  write(text_);
  ASSERT_TRUE(write_head_file(fs::posix(), path_, LedgerHead{}).ok());
  EXPECT_EQ(settle().head.rows, 4U);
  EXPECT_TRUE(settle().unacknowledged);
}

TEST_F(RecoveryTest, TornTail_IsFoundWithAndWithoutHeadFile) {
  const std::string sound = row(0) + row(1), torn = row(2).substr(0, 100);
  write(sound + torn);
  for (const std::uint64_t acknowledged : {0U, 1U, 2U}) {
    SCOPED_TRACE(acknowledged);
    if (acknowledged > 0) acknowledge(acknowledged);
    const SettledTail tail = settle();
    expect_torn(tail, sound.size(), torn.size());
    EXPECT_EQ(tail.head, (LedgerHead{sound.size(), 2, hash(1)}));
    EXPECT_EQ(tail.unacknowledged, acknowledged < 2);
    EXPECT_FALSE(tail.fault || tail.missing_newline || tail.fault_is_acknowledged);
  }
}

TEST_F(RecoveryTest, LastLineThatDecodesButWhoseHashDoesNot_IsTorn) {
  // A newline is missing, and the row is of the right form but not what was sealed.
  const std::string sound = row(0);
  std::string last = replaced(row(1), hash(1), std::string(64, '0'));
  last.pop_back();
  write(sound + last);
  expect_torn(settle(), sound.size(), last.size());
}

TEST_F(RecoveryTest, TornFirstRow_LeavesAnEmptyLedger) {
  write(row(0).substr(0, 50));
  const SettledTail tail = settle();
  expect_torn(tail, 0, 50);
  EXPECT_EQ(tail.head, LedgerHead{});
}

TEST_F(RecoveryTest, TornRowLongerThanABlock_IsFoundAtItsStart) {
  const std::string torn = "{\"id\":\"" + std::string(5 * limits::kIoBlockBytes / 2, 'x');
  write(row(0) + torn);
  expect_torn(settle(), row(0).size(), torn.size());
}

TEST_F(RecoveryTest, BrokenLineBehindTheHeadFile_IsAFaultThatMayBeMovedAside) {
  const std::string sound = row(0) + row(1);
  write(sound + "not a row\n" + row(2));
  for (const std::uint64_t acknowledged : {1U, 2U}) {
    acknowledge(acknowledged);
    const SettledTail tail = settle();
    ASSERT_TRUE(tail.fault.has_value());
    EXPECT_EQ(tail.fault->kind, RowFault::Kind::kUndecodable);
    EXPECT_EQ(tail.fault->place.offset, sound.size());
    EXPECT_EQ(tail.fault->place.file_line, 3U) << "of the file, not of what was read";
    EXPECT_FALSE(tail.fault_is_acknowledged);
    EXPECT_EQ(tail.head, (LedgerHead{sound.size(), 2, hash(1)}));
    expect_torn(tail, sound.size(), bytes().size() - sound.size());
  }
}

TEST_F(RecoveryTest, BrokenLineBehindBlankLines_IsNamedByItsLineOfTheFile) {
  const std::string sound = "\n\n" + row(0);
  write(sound + "x\n" + row(1));
  ASSERT_TRUE(write_head_file(fs::posix(), path_, LedgerHead{sound.size(), 1, hash(0)}).ok());
  EXPECT_EQ(settle().fault->place.file_line, 4U);
}

TEST_F(RecoveryTest, BrokenLineWithoutHeadFile_MayBeARowThatWasPromised) {
  write(row(0) + "not a row\n" + row(1));
  const SettledTail tail = settle();
  ASSERT_TRUE(tail.fault.has_value());
  EXPECT_TRUE(tail.fault_is_acknowledged);
  EXPECT_EQ(tail.fault->place.offset, row(0).size());
  EXPECT_EQ(tail.head, (LedgerHead{row(0).size(), 1, hash(0)}));
}

TEST_F(RecoveryTest, BrokenLastAcknowledgedRow_MayBeARowThatWasPromised) {
  write(text_);
  acknowledge(4);
  write(row(0) + row(1) + row(2) + replaced(row(3), "{\"id\"", "{#id\""));
  const SettledTail tail = settle();
  ASSERT_TRUE(tail.fault.has_value());
  EXPECT_TRUE(tail.fault_is_acknowledged);
}

TEST_F(RecoveryTest, BrokenLineInFrontOfTheHeadFile_IsNothingToMoveAside) {
  // The same number of bytes, so that the head file still holds.
  write(row(0) + replaced(row(1), "{\"id\"", "{#id\"") + row(2) + row(3));
  acknowledge(4);
  const SettledTail tail = settle();
  EXPECT_FALSE(tail.fault || tail.torn);
  EXPECT_EQ(tail.head.rows, 4U);
}

TEST_F(RecoveryTest, BrokenLine_LosesToNoLaterOne) {
  write(row(0) + "first\n" + row(1) + "second\n");
  const SettledTail tail = settle();
  EXPECT_EQ(tail.fault->place.file_line, 2U);
  expect_torn(tail, row(0).size(), bytes().size() - row(0).size());
}

TEST_F(RecoveryTest, IllFormedUtf8_IsAFaultWithItsOwnKindAndATornTailAtTheEnd) {
  const std::string bad = replaced(row(1), "\"s\"", "\"\xC3\x28\"");
  write(row(0) + bad + row(2));
  SettledTail tail = settle();
  ASSERT_TRUE(tail.fault.has_value());
  EXPECT_EQ(tail.fault->kind, RowFault::Kind::kNotUtf8);
  EXPECT_EQ(tail.fault->place.offset, row(0).size());
  // A crash may cut a character into two.
  const std::string cut = replaced(row(1), "\"s\"", "\"\xC3\xA9\"");
  const std::string torn = cut.substr(0, cut.find('\xC3') + 1);
  write(row(0) + torn);
  tail = settle();
  EXPECT_FALSE(tail.fault.has_value());
  expect_torn(tail, row(0).size(), torn.size());
}

// A key that retired itself and did not hand the ledger over would leave one that nobody can sign.
class HandOverTest : public RecoveryTest {
 protected:
  // A row, the operation of a change of keys, and the row that readers of signed ledgers look for.
  static SignedLedger handed_over(std::uint8_t retired,
                                  core::SourceType by = core::SourceType::kRuntime) {
    SignedLedger out(7);
    out.add_samples(1);
    core::Event operation = sample_event(2);
    operation.source.type = by;
    const json::Value envelope =
        rotation_envelope(test_key(retired), test_key(8).public_key(), kSignedAt);
    operation.payload = json::canonical(json::Object{{"args", json::Object{{"rotation", envelope}}},
                                                     {"cortex_operation", "authority.key.rotate"},
                                                     {"v", 1}});
    out.add(std::move(operation));
    out.rotate(8);
    return out;
  }
};

TEST_F(HandOverTest, HalfOfAPair_IsTornAsAWhole) {
  const SignedLedger ledger = handed_over(7);
  const std::string before = row_text(ledger.rows[0]), text = ledger.text();
  const std::size_t half = before.size() + row_text(ledger.rows[1]).size();
  for (const std::size_t size : {half, half + 1, half + 100, text.size() - 2}) {
    SCOPED_TRACE(size);
    write(text.substr(0, size));
    const SettledTail tail = settle();
    expect_torn(tail, before.size(), size - before.size());
    EXPECT_EQ(tail.head, (LedgerHead{before.size(), 1, ledger.rows[0].event_hash}));
    EXPECT_FALSE(tail.fault || tail.missing_newline);
  }
  for (const std::size_t size : {text.size() - 1, text.size()}) {
    write(text.substr(0, size));
    EXPECT_FALSE(settle().torn) << size;
    EXPECT_EQ(settle().head.rows, 3U) << size;
  }
}

// The key of the ledger signs the change of another one: that has no second row.
TEST_F(HandOverTest, ChangeOfAnotherKey_StandsAlone) {
  const SignedLedger ledger = handed_over(9);
  write(row_text(ledger.rows[0]) + row_text(ledger.rows[1]));
  EXPECT_FALSE(settle().torn);
  EXPECT_EQ(settle().head.rows, 2U);
}

// What an agent says is no change of keys, however it is spelled.
TEST_F(HandOverTest, RowOfAnotherSource_StandsAlone) {
  const SignedLedger ledger = handed_over(7, core::SourceType::kExternalOutcome);
  write(row_text(ledger.rows[0]) + row_text(ledger.rows[1]));
  EXPECT_FALSE(settle().torn);
  EXPECT_EQ(settle().head.rows, 2U);
}

TEST_F(RecoveryTest, MissingNewline_IsTold) {
  write(text_.substr(0, text_.size() - 1));
  for (const std::uint64_t acknowledged : {0U, 2U}) {
    if (acknowledged > 0) acknowledge(acknowledged);
    const SettledTail tail = settle();
    EXPECT_TRUE(tail.missing_newline);
    EXPECT_EQ(tail.head, (LedgerHead{text_.size() - 1, 4, hash(3)}));
    EXPECT_FALSE(tail.torn || tail.fault);
  }
}

TEST_F(RecoveryTest, BlankLines_BelongToTheLedgerAndAreNoRows) {
  for (const std::string_view blanks : {"\n", "\r\n", " \t\n\n \v\f\n", "  ", "\n  "}) {
    SCOPED_TRACE(quoted(blanks));
    const std::string text = cat("\n", row(0), "\n", row(1), blanks);
    write(text);
    const SettledTail tail = settle();
    EXPECT_EQ(tail.head, (LedgerHead{text.size(), 2, hash(1)}));
    EXPECT_EQ(tail.missing_newline, !blanks.ends_with('\n'));
    EXPECT_FALSE(tail.torn || tail.fault);
  }
}

TEST_F(RecoveryTest, LedgerOfBlanks_HasNoRows) {
  write("\n  \n");
  EXPECT_EQ(settle().head, (LedgerHead{4, 0, std::nullopt}));
  EXPECT_FALSE(settle().torn.has_value());
}

TEST_F(RecoveryTest, BlankLinesBehindTheHeadFile_AreNothingUnacknowledged) {
  write(text_ + "\n\n");
  acknowledge(4);
  const SettledTail tail = settle();
  EXPECT_EQ(tail.head, (LedgerHead{text_.size() + 2, 4, hash(3)}));
  EXPECT_FALSE(tail.unacknowledged);
}

TEST_F(RecoveryTest, Looking_ChangesNothing) {
  write(row(0) + "{");
  settle();
  EXPECT_EQ(bytes(), row(0) + "{");
  EXPECT_EQ(fs::posix().list(folder_.path())->size(), 1U);
}

// In memory: a disk takes its time for that many syncs.
TEST(Recovery, EveryTruncationOfTheLastRow_IsMovedAsideAndNothingElseIsLost) {
  const auto events = sealed_events(3);
  const std::string full = ledger_text(events);
  const std::size_t last = full.size() - row_text(events[2]).size();
  constexpr const char* kPath = "/ledger/events.jsonl";
  for (std::size_t size = last; size < full.size() - 1; ++size) {
    SCOPED_TRACE(size);
    fs::CrashFs disk;
    ASSERT_TRUE(disk.make_directories("/ledger", 0700).ok());
    ASSERT_TRUE(fs::write_new(disk, kPath, full.substr(0, size), 0600).ok());
    const auto log = AppendLog::open(disk, kPath, system_clock(), system_random());
    ASSERT_TRUE(log.ok()) << log.error().text();
    EXPECT_EQ((*log)->moved_tail().has_value(), size > last);
    core::Event event = sample_event(9);
    ASSERT_TRUE((*log)->append(event).ok() && (*log)->commit().ok());
    TextFile ledger(fs::read_all(disk, kPath, 1U << 20U).value());
    const auto report = verify_chain(ledger, ledger.text.size());
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_TRUE(report->closed());
    EXPECT_EQ(report->rows, 3U);
    EXPECT_EQ(ledger.text, full.substr(0, last) + row_text(event));
  }
}

class MoveAsideTest : public RecoveryTest {
 protected:
  Result<TornTail> move(std::uint64_t offset, std::uint64_t size_bytes) {
    const auto file = open_file(fs::Open::kAppend);
    return move_aside(fs::posix(), *file, {offset, size_bytes, ""}, system_clock(),
                      system_random());
  }
};

TEST_F(MoveAsideTest, Bytes_AreKeptAndTheLedgerIsCut) {
  const std::string large = std::string(5 * limits::kIoBlockBytes / 2, 'x') + "end";
  for (const std::string& torn : {std::string("{\"id\":"), std::string("\0\xFF\n\n", 4), large}) {
    write(text_ + torn);
    const auto moved = move(text_.size(), torn.size());
    ASSERT_TRUE(moved.ok()) << moved.error().text();
    EXPECT_EQ(bytes(), text_);
    EXPECT_TRUE(fs::read_all(fs::posix(), moved->evidence_path, 8U << 20U).value() == torn);
    EXPECT_EQ(fs::posix().stat(moved->evidence_path)->mode, 0600U);
  }
}

TEST_F(MoveAsideTest, EvidenceFile_IsNamedAfterItsOffsetAndNeverOverwritten) {
  std::string first;
  for (int i = 0; i < 2; ++i) {
    write(text_ + "{");
    const auto moved = move(text_.size(), 1);
    ASSERT_TRUE(moved.ok());
    EXPECT_THAT(moved->evidence_path,
                MatchesRegex(cat(path_, ".torn-", text_.size(), "-[0-9A-Z]{26}")));
    EXPECT_NE(moved->evidence_path, first);
    first = moved->evidence_path;
  }
}

TEST_F(MoveAsideTest, LedgerThatBecameShorter_IsNotCut) {
  write(text_);
  const auto moved = move(text_.size() - 3, 10);
  ASSERT_FALSE(moved.ok());
  EXPECT_EQ(moved.error().code, Code::kInternal);
  EXPECT_THAT(moved.error().message, HasSubstr("shorter"));
  EXPECT_EQ(bytes(), text_);
}

TEST_F(MoveAsideTest, EvidenceThatCannotBeWritten_LeavesTheLedger) {
  write(text_ + "{");
  const auto file = fs::posix().open(path_, fs::Open::kRead).value();  // cannot be cut
  const auto moved =
      move_aside(fs::posix(), *file, {text_.size(), 1, ""}, system_clock(), system_random());
  ASSERT_FALSE(moved.ok());
  EXPECT_EQ(moved.error().unchanged, "the ledger was not changed");
  EXPECT_EQ(bytes(), text_ + "{");
  for (const std::string& name : fs::posix().list(fs::parent_of(path_)).value()) {
    EXPECT_EQ(name.find(".torn-"), std::string::npos) << "the tail is where it was";
  }
}

}  // namespace
}  // namespace cortex::ledger
