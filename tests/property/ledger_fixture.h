// A ledger in memory that properties append to, verify and tamper with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/result.h"
#include "base/text.h"
#include "core/event.h"
#include "core/event_codec.h"
#include "fuzz/memory_fs.h"
#include "json/cursor.h"
#include "ledger/append_log.h"
#include "ledger/head_file.h"
#include "ledger/tail.h"
#include "ledger/verify.h"

namespace cortex::property {

class MemoryLedger {
 public:
  Result<std::unique_ptr<ledger::AppendLog>> open() {
    return ledger::AppendLog::open(fs_, path_, clock_, random_);
  }

  // Appends the events in one batch and commits; fills in their hashes.
  Status append(std::vector<core::Event>& events) {
    CORTEX_ASSIGN(const auto log, open());
    for (core::Event& event : events) CORTEX_TRY(log->append(event));
    return log->commit();
  }

  Result<ledger::ChainReport> verify() {
    CORTEX_ASSIGN(const auto file, fs_.open(path_, fs::Open::kRead, 0));
    return ledger::verify_chain(*file, bytes().size(), {.threads = 2});
  }

  Result<ledger::Tail> tail() {
    CORTEX_ASSIGN(const auto file, fs_.open(path_, fs::Open::kRead, 0));
    return ledger::read_tail(*file);
  }

  std::string& bytes() { return fs_.files[path_]; }
  // The contents of the files that torn tails were moved to.
  std::vector<std::string> set_aside() {
    std::vector<std::string> contents;
    for (const auto& [path, bytes] : fs_.files) {
      if (path.starts_with(cat(path_, ".torn-"))) contents.push_back(bytes);
    }
    return contents;
  }
  // What is known of the ledger besides its rows, as after a copy of the ledger alone.
  void forget_head_file() { fs_.files.erase(ledger::head_file_path(path_)); }

 private:
  const std::string path_ = "ledger/events.jsonl";
  fuzz::MemoryFileSystem fs_;
  fuzz::FixedClock clock_;
  fuzz::CountingRandom random_;
};

// The rows of a ledger without blank lines, payload included.
inline std::vector<core::Event> rows_of(std::string_view ledger) {
  std::vector<core::Event> rows;
  for (const std::string_view line : split(ledger, '\n')) {
    if (trim(line).empty()) continue;
    json::Cursor cursor(line);
    core::DecodedEvent row;
    CORTEX_CHECK(core::decode_event(cursor, core::Dialect::kLedgerRow, row) && cursor.at_end());
    row.event.payload = row.raw_payload;
    rows.push_back(row.event);
  }
  return rows;
}

inline std::string ledger_of(const std::vector<core::Event>& rows) {
  std::string out;
  for (const core::Event& row : rows) {
    core::append_row(out, row);
    out.push_back('\n');
  }
  return out;
}

}  // namespace cortex::property
