// Row hashes: written by AppendLog, judged by the chain check.
#include <gmock/gmock.h>

#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

class RowCoverageTest : public LedgerTest {
 protected:
  // Rows 1 to `count` in batches of their own, covered from row `first` on.
  void append_covered(std::uint64_t count, std::uint64_t first) {
    for (std::uint64_t n = 1; n <= count; ++n) {
      auto log = open_log();
      ASSERT_TRUE(log.ok()) << log.error().text();
      if (n == first) (*log)->begin_coverage();
      core::Event event = sample_event(n);
      ASSERT_TRUE((*log)->append(event).ok());
      ASSERT_TRUE((*log)->commit().ok());
      EXPECT_EQ(event.row_hash.has_value(), n >= first);
    }
  }
  ChainReport report() const { return verify().value(); }
};

TEST_F(RowCoverageTest, Preimage_IsTheOneOfTheFormat) {
  crypto::Blake3 hasher;
  const auto hash = row_hash(hasher, "ab", "{\"id\":1");
  const std::string preimage =
      std::string("\x30\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\x08", 19) + "{\"id\":1}";
  EXPECT_EQ(std::string(hash.data(), hash.size()), crypto::blake3_hex(preimage));
}

TEST_F(RowCoverageTest, RowsWithoutIt_AreWrittenAsEver) {
  append_rows(1, 3);
  EXPECT_EQ(bytes().find(core::kRowHashMember), std::string::npos);
  EXPECT_EQ(report().coverage.rows, 0U);
  EXPECT_EQ(report().coverage.gaps, 0U);
}

TEST_F(RowCoverageTest, OnceBegun_EveryLaterRowIsCovered) {
  append_covered(5, 3);
  const ChainReport found = report();
  EXPECT_TRUE(found.closed());
  EXPECT_EQ(found.coverage.rows, 3U);
  EXPECT_EQ(found.coverage.gaps, 0U);
  // Also when nothing but the ledger is left.
  ASSERT_TRUE(fs::posix().remove_file(head_file_path(path_)).ok());
  append_rows(6, 1);
  EXPECT_EQ(report().coverage.rows, 4U);
  EXPECT_TRUE(report().closed());
}

TEST_F(RowCoverageTest, OperationRow_BeginsIt) {
  auto log = open_log();
  core::Event event = sample_event(1);
  event.payload = R"({"args":{},"cortex_operation":"memory.note","v":1})";
  ASSERT_TRUE((*log)->append(event).ok());
  EXPECT_TRUE(event.row_hash);
  core::Event next = sample_event(2);
  ASSERT_TRUE((*log)->append(next).ok());
  EXPECT_TRUE(next.row_hash);
  ASSERT_TRUE((*log)->commit().ok());
  EXPECT_EQ(report().coverage.rows, 2U);
}

TEST_F(RowCoverageTest, MetadataOfACoveredRow_IsProtected) {
  append_covered(3, 1);
  const std::string good = bytes();
  const std::pair<std::string, std::string> changes[] = {
      {"\"session_id\":\"s\"", "\"session_id\":\"t\""},
      {"system_note", "tool_result"},
      {"1970-01-01T00:00:00Z\",\"source", "1970-01-01T00:00:01Z\",\"source"},
      {"\"domain_tags\":[]", "\"domain_tags\":[\"x\"]"},
      {"\"trace_id\":null", "\"trace_id\":\"trc_00000000000000000000000000\""},
      {"\"type\":\"runtime\"", "\"type\":\"user\""},
      {"evt_00000000000000000000000002", "evt_00000000000000000000000009"},
      {"\"schema_version\":2", "\"schema_version\":1"},
  };
  const std::size_t second = good.find('\n');
  for (const auto& [from, to] : changes) {
    write(replaced(good, from, to, second));
    const ChainReport found = report();
    ASSERT_EQ(found.failures_total, 1U) << from;
    EXPECT_EQ(found.failures[0].line, 2U) << from;
    EXPECT_THAT(found.failures[0].reason, testing::HasSubstr("RowHashMismatch")) << from;
  }
}

TEST_F(RowCoverageTest, FirstCoveredRow_IsProtectedToo) {
  append_covered(2, 1);
  write(replaced(bytes(), "\"session_id\":\"s\"", "\"session_id\":\"t\""));
  const ChainReport found = report();
  ASSERT_EQ(found.failures_total, 1U);
  EXPECT_EQ(found.failures[0].line, 1U);
}

TEST_F(RowCoverageTest, AnotherSpelling_IsTheSameRow) {
  append_covered(2, 1);
  std::string text = replaced(bytes(), "\"domain_tags\":[]", "\"domain_tags\": [ ]");
  text = replaced(text, "\"session_id\":\"s\"", "\"session_id\":\"\\u0073\"", text.find('\n'));
  write(text);
  EXPECT_TRUE(report().closed());
}

TEST_F(RowCoverageTest, ChangedPayload_IsOneFailure) {
  append_covered(3, 1);
  write(replaced(bytes(), "{\"n\":2}", "{\"n\":5}"));
  const ChainReport found = report();
  ASSERT_EQ(found.failures_total, 1U);
  EXPECT_THAT(found.failures[0].reason, testing::HasSubstr("PayloadHashMismatch"));
}

TEST_F(RowCoverageTest, HashTakenAway_ShowsInTheNextRowAndAsAGap) {
  append_covered(3, 1);
  std::string text = bytes();
  const std::size_t at = text.find(",\"x_row_hash\"", text.find('\n'));
  text.erase(at, text.find('}', at) - at);
  write(text);
  const ChainReport found = report();
  ASSERT_EQ(found.failures_total, 1U);
  EXPECT_EQ(found.failures[0].line, 3U);
  EXPECT_EQ(found.coverage.rows, 2U);
  EXPECT_EQ(found.coverage.gaps, 1U);
  EXPECT_EQ(found.coverage.first_gap, 2U);
}

TEST_F(RowCoverageTest, RowsOfAnotherProgramInBetween_AreGapsAndNoFailures) {
  append_covered(2, 1);
  core::Event foreign = sample_event(3);
  seal(foreign, report().head);
  write(bytes() + row_text(foreign));
  append_rows(4, 1);
  const ChainReport found = report();
  EXPECT_TRUE(found.closed());
  EXPECT_EQ(found.coverage.rows, 3U);
  EXPECT_EQ(found.coverage.first_gap, 3U);
}

TEST_F(RowCoverageTest, HashThatIsNoText_DoesNotHold) {
  append_covered(1, 1);
  const std::string text = bytes();
  const std::size_t begin = text.find("\"x_row_hash\":") + 13;
  write(text.substr(0, begin) + "7}\n");
  EXPECT_EQ(report().failures_total, 1U);
}

TEST_F(RowCoverageTest, ChunksOnSeveralThreads_GiveTheSame) {
  auto log = open_log();
  (*log)->begin_coverage();
  for (std::uint64_t n = 1; n <= 4000; ++n) {
    core::Event event = sample_event(n, 2000);
    ASSERT_TRUE((*log)->append(event).ok());
  }
  ASSERT_TRUE((*log)->commit().ok());
  const auto file = open_file();
  const std::uint64_t size = file->info()->size_bytes;
  std::uint64_t leaves = 0;
  const auto found = verify_chain(
      *file, size,
      {.threads = 2, .on_leaf = [&](std::uint64_t row, const TreeHash&, const Ulid& id) -> Status {
         EXPECT_EQ(row, ++leaves);
         EXPECT_EQ(id.low, row);
         return {};
       }});
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->closed());
  EXPECT_EQ(found->coverage.rows, 4000U);
  EXPECT_EQ(leaves, 4000U);
}

}  // namespace
}  // namespace cortex::ledger
