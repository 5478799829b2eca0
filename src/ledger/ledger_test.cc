#include <gtest/gtest.h>

#include <cstdlib>

#include "base/fs/fs.h"
#include "base/text.h"
#include "core/ids.h"
#include "crypto/digest.h"
#include "ledger/append_log.h"
#include "ledger/chain.h"
#include "ledger/session_reader.h"
#include "ledger/verify.h"

namespace cortex::ledger {
namespace {

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/ledger_test_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/events.jsonl";
  }
  void TearDown() override { ASSERT_TRUE(fs::remove_tree(fs::posix(), folder_).ok()); }

  core::Event event(std::uint64_t n) {
    core::Event e;
    e.id.low = n;
    e.payload = cat("{\"n\":", n, "}");
    return e;
  }
  void append_rows(std::uint64_t first, std::uint64_t count) {
    auto log = AppendLog::open(fs::posix(), path_, system_clock(), system_random());
    ASSERT_TRUE(log.ok()) << log.error().text();
    for (std::uint64_t i = 0; i < count; ++i) {
      core::Event e = event(first + i);
      ASSERT_TRUE((*log)->append(e).ok());
    }
    ASSERT_TRUE((*log)->commit().ok());
  }
  std::string bytes() { return fs::read_all(fs::posix(), path_, 1U << 30).value(); }
  void write(const std::string& text) {
    static_cast<void>(fs::posix().remove_file(path_).ok());
    ASSERT_TRUE(fs::write_new(fs::posix(), path_, text, 0600).ok());
  }
  Result<ChainReport> verify() {
    auto file = fs::posix().open(path_, fs::Open::kRead);
    if (!file.ok()) return std::move(file).error();
    return verify_chain(**file, (*file)->info()->size_bytes);
  }

  std::string folder_, path_;
};

TEST(Chain, GenesisVectorOfTheFormat) {
  EXPECT_EQ(event_hash(std::nullopt, crypto::blake3_hex("{}")),
            "6fb931101141f75fb48482049acf3c2c37f2c3aa6de0ee3a85ebf45648bcafe3");
}

TEST_F(Folder, AppendedRowsFormAClosedChainAcrossOpens) {
  append_rows(1, 3);
  append_rows(4, 2);
  const auto report = verify();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->rows, 5U);
  EXPECT_TRUE(report->closed());
}

TEST_F(Folder, UncommittedRowsLeaveNoTrace) {
  append_rows(1, 2);
  const std::string before = bytes();
  {
    auto log = AppendLog::open(fs::posix(), path_, system_clock(), system_random());
    ASSERT_TRUE(log.ok());
    core::Event big = event(3);
    big.payload = "\"" + std::string(3U << 20, 'x') + "\"";  // large enough to be flushed early
    ASSERT_TRUE((*log)->append(big).ok());
  }
  EXPECT_EQ(bytes(), before);
}

TEST_F(Folder, EveryTruncationOfTheLastRowIsMovedAsideAndNothingElseIsLost) {
  append_rows(1, 3);
  const std::string full = bytes();
  const std::size_t last = full.rfind('\n', full.size() - 2) + 1;
  for (std::size_t size = last; size < full.size() - 1; ++size) {
    write(full.substr(0, size));
    append_rows(9, 1);
    const auto report = verify();
    ASSERT_TRUE(report.ok()) << size << ": " << report.error().text();
    EXPECT_TRUE(report->closed()) << size;
    EXPECT_EQ(report->rows, 3U) << size;
    EXPECT_TRUE(bytes().starts_with(full.substr(0, last))) << size;
  }
}

TEST_F(Folder, MissingFinalNewlineIsCompletedBeforeTheNextRow) {
  append_rows(1, 2);
  std::string text = bytes();
  text.pop_back();
  write(text);
  append_rows(3, 1);
  EXPECT_EQ(verify()->rows, 3U);
  EXPECT_TRUE(verify()->closed());
}

TEST_F(Folder, EveryFlippedByteOfAMiddleRowBehindItsMetadataIsNoticed) {
  append_rows(1, 3);
  const std::string full = bytes();
  const std::size_t row = full.find('\n') + 1;
  const std::size_t begin = full.find("\"payload\":", row) + 10;
  const std::size_t end = full.find('\n', row);
  for (std::size_t i = begin; i < end; ++i) {
    std::string text = full;
    text[i] = static_cast<char>(text[i] ^ 0x01);
    write(text);
    const auto report = verify();
    EXPECT_TRUE(!report.ok() || !report->closed()) << "byte " << i;
  }
}

TEST_F(Folder, ForeignLastLineRefusesTheAppendWithTheChainCode) {
  append_rows(1, 1);
  write(bytes() + "not a row\n");
  const auto log = AppendLog::open(fs::posix(), path_, system_clock(), system_random());
  ASSERT_FALSE(log.ok());
  EXPECT_EQ(log.error().code, Code::kChain);
}

TEST_F(Folder, RepeatedIdIsReported) {
  append_rows(1, 2);
  append_rows(1, 1);
  const auto report = verify();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->duplicates.total, 1U);
  ASSERT_EQ(report->duplicates.ids.size(), 1U);
  EXPECT_EQ(report->duplicates.ids[0].low, 1U);
}

Result<SessionSummary> read_text(std::string_view text) {
  const ReadAt read = [text](std::uint64_t offset, std::span<char> out) -> Result<std::size_t> {
    return text.substr(std::min<std::size_t>(offset, text.size())).copy(out.data(), out.size());
  };
  return read_session(read, {[] {}, [](core::DecodedEvent&) { return Status{}; }});
}

TEST(Session, ShapesThatAreNoSessionAreUsageErrors) {
  for (const char* text :
       {"", "7", "\"x\"", "{}", "{\"events\":{}}", "[1]", "[", "[]x", "\xEF\xBB\xBF[]"}) {
    const auto status = read_text(text);
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_EQ(status.error().code, Code::kUsage) << text;
  }
}

TEST(Session, EmptyListsAreFine) {
  for (const char* text : {"[]", "{\"events\":[]}", " {\"events\":[ ],\"other\":{\"a\":1}} "}) {
    EXPECT_TRUE(read_text(text).ok()) << text;
  }
}

}  // namespace
}  // namespace cortex::ledger
