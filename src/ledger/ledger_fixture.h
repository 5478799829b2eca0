// Ledgers for the tests of this room and of those above it.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/fs/fs.h"
#include "base/fs/test_dir.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/event.h"
#include "core/event_codec.h"
#include "crypto/digest.h"
#include "ledger/append_log.h"
#include "ledger/chain.h"
#include "ledger/verify.h"

namespace cortex::ledger {

inline core::Event sample_event(std::uint64_t n, std::size_t payload_bytes = 0) {
  core::Event event;
  event.id.low = n;
  event.session_id = "s";
  event.payload = cat("{\"n\":", n, "}");
  if (payload_bytes > 0) {
    event.payload = cat("{\"n\":", n, ",\"text\":\"", std::string(payload_bytes, 'x'), "\"}");
  }
  return event;
}

// Events 1 to `count`, sealed one onto the other.
inline std::vector<core::Event> sealed_events(std::uint64_t count, std::size_t payload_bytes = 0) {
  std::vector<core::Event> events;
  std::optional<std::string> head;
  for (std::uint64_t n = 1; n <= count; ++n) {
    events.push_back(sample_event(n, payload_bytes));
    seal(events.back(), head);
    head = events.back().event_hash;
  }
  return events;
}

// The row with its newline.
inline std::string row_text(const core::Event& event) {
  std::string row;
  core::append_row(row, event);
  row.push_back('\n');
  return row;
}

inline std::string ledger_text(const std::vector<core::Event>& events) {
  std::string text;
  for (const core::Event& event : events) text += row_text(event);
  return text;
}

// A line as checked_line.h has it, from its text before the check.
inline std::string with_check(const std::string& body) {
  return cat(body, ",\"check\":\"", crypto::blake3_hex(body), "\"}\n");
}

// The text with the first `from` behind `start` replaced.
inline std::string replaced(std::string text, std::string_view from, std::string_view to,
                            std::size_t start = 0) {
  const std::size_t at = text.find(from, start);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// Replaces what a file holds, without any sync: for tests that do so thousands of times.
inline void scribble(const std::string& path, std::string_view text) {
  const auto file = fs::posix().open(path, fs::Open::kAppendOrCreate, 0600);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->truncate(0).ok());
  ASSERT_TRUE((*file)->append(text).ok());
}

// A file in memory that can only be read, and that tells how much was.
class TextFile final : public fs::File {
 public:
  explicit TextFile(std::string bytes) : text(std::move(bytes)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
    if (offset + out.size() > fails_from) return refused();
    const std::size_t begin = std::min<std::uint64_t>(offset, text.size());
    const std::size_t got = text.copy(out.data(), out.size(), begin);
    bytes_read += got;
    return got;
  }
  Result<fs::Info> info() override {
    fs::Info result;
    result.kind = fs::Kind::kFile;
    result.size_bytes = text.size();
    return result;
  }
  Status append(std::string_view) override { return refused(); }
  Status truncate(std::uint64_t) override { return refused(); }
  Status sync_data() override { return refused(); }
  Status sync_all() override { return refused(); }
  Status set_mode(unsigned) override { return refused(); }
  Status lock(fs::Lock, int) override { return refused(); }
  Status unlock() override { return refused(); }
  void drop_cache() override {}
  Status close() override { return {}; }
  const std::string& path() const override { return path_; }

  std::string text;
  std::uint64_t bytes_read = 0;
  // A read that goes beyond this offset fails.
  std::uint64_t fails_from = std::numeric_limits<std::uint64_t>::max();

 private:
  static Error refused() {
    Error error = make_error(Code::kInternal, "the device does not answer");
    error.system_errno = EIO;
    return error;
  }
  std::string path_ = "/in-memory/events.jsonl";
};

// A ledger in a private folder.
class LedgerTest : public testing::Test {
 protected:
  std::string bytes() const { return fs::read_all(fs::posix(), path_, 1U << 30U).value(); }
  void write(std::string_view text) {
    static_cast<void>(fs::posix().remove_file(path_).ok());  // it may not be there yet
    ASSERT_TRUE(fs::write_new(fs::posix(), path_, text, 0600).ok());
  }
  std::unique_ptr<fs::File> open_file(fs::Open how = fs::Open::kRead) const {
    return fs::posix().open(path_, how).value();
  }
  Result<std::unique_ptr<AppendLog>> open_log() const {
    return AppendLog::open(fs::posix(), path_, system_clock(), system_random());
  }
  void append_rows(std::uint64_t first, std::uint64_t count) {
    auto log = open_log();
    ASSERT_TRUE(log.ok()) << log.error().text();
    for (std::uint64_t i = 0; i < count; ++i) {
      core::Event event = sample_event(first + i);
      ASSERT_TRUE((*log)->append(event).ok());
    }
    ASSERT_TRUE((*log)->commit().ok());
  }
  Result<ChainReport> verify() const {
    const auto file = open_file();
    return verify_chain(*file, file->info()->size_bytes);
  }
  void expect_closed(std::uint64_t rows) const {
    const auto report = verify();
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_TRUE(report->closed());
    EXPECT_EQ(report->rows, rows);
  }

  fs::TestDir folder_;
  std::string path_ = folder_ / "events.jsonl";
};

}  // namespace cortex::ledger
