// Any bytes as a ledger: the reader of the tail, verification and the append log agree on them, a
// torn line never counts as a row, and what is appended behind a good chain continues it.
//
// Hashes are beyond a fuzzer, so every input is also tried with its rows sealed anew.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "core/event_codec.h"
#include "fuzz/memory_fs.h"
#include "fuzz/require.h"
#include "json/cursor.h"
#include "ledger/append_log.h"
#include "ledger/chain.h"
#include "ledger/recovery.h"
#include "ledger/row_cursor.h"
#include "ledger/tail.h"
#include "ledger/verify.h"

namespace {

using cortex::Result;
using cortex::core::DecodedEvent;
using cortex::core::Event;
using cortex::fuzz::MemoryFileSystem;
using cortex::fuzz::require;
using cortex::ledger::ChainReport;
using cortex::ledger::Tail;

const std::string kPath = "ledger/events.jsonl";

bool decode_row(std::string_view line, DecodedEvent& out) {
  cortex::json::Cursor cursor(line);
  return cortex::core::decode_event(cursor, cortex::core::Dialect::kLedgerRow, out) &&
         cursor.at_end();
}

bool hash_recomputes(const Event& event) {
  return cortex::ledger::event_hash(event.prev_event_hash, event.payload_hash) == event.event_hash;
}

Result<Tail> tail_of(std::string& text) {
  cortex::fuzz::MemoryFile file(text, kPath);
  return cortex::ledger::read_tail(file);
}

Result<ChainReport> report_of(std::string& text) {
  cortex::fuzz::MemoryFile file(text, kPath);
  std::string seen;
  cortex::ledger::VerifyOptions options;
  options.on_block = [&seen](std::string_view block) {
    seen.append(block);
    return cortex::Status{};
  };
  auto report = cortex::ledger::verify_chain(file, text.size(), std::move(options));
  if (report.ok()) require(seen == text);
  return report;
}

// The last line with anything on it in the first `size` bytes.
std::string_view last_line(std::string_view text) {
  text = text.substr(0, text.find_last_not_of(" \t\r\n\v\f") + 1);
  return cortex::trim(text.substr(text.rfind('\n') + 1));
}

// The tail against its definition.
void check_tail(std::string_view text, const Tail& tail) {
  const std::string_view whole = text.substr(0, tail.size_bytes);
  const std::string_view rest = text.substr(whole.size());
  require(tail.torn.has_value() == !rest.empty());
  if (tail.torn) {
    require(tail.torn->offset == whole.size() && tail.torn->size_bytes == rest.size());
    require(whole.empty() || whole.back() == '\n');
    require(rest.find('\n') == std::string_view::npos);
    DecodedEvent row;
    require(!decode_row(cortex::trim(rest), row) || !hash_recomputes(row.event));
  }
  require(tail.missing_newline == (!whole.empty() && whole.back() != '\n'));
  const std::string_view line = last_line(whole);
  require(tail.head.has_value() == !line.empty());
  if (!tail.head) return;
  DecodedEvent row;
  require(decode_row(line, row) && row.event.event_hash == *tail.head);
  if (tail.missing_newline && whole.ends_with(line)) require(hash_recomputes(row.event));
}

void check_report(const ChainReport& report) {
  require(report.failures.size() <= report.failures_total);
  require(report.head.has_value() == (report.rows > 0));
  for (const auto& failure : report.failures) {
    require(failure.line >= 1 && failure.line <= report.rows);
    require(failure.file_line >= failure.line && !failure.reason.empty());
  }
  require(report.closed() == report.failures.empty());
}

// Appends one event to the ledger at kPath and commits; the log continues `head`.
void append_one(MemoryFileSystem& fs, const std::optional<std::string>& head) {
  cortex::fuzz::FixedClock clock;
  cortex::fuzz::CountingRandom random;
  auto log = cortex::ledger::AppendLog::open(fs, kPath, clock, random);
  require(log.ok() && (*log)->head() == head && !(*log)->moved_tail());
  Event event;
  event.payload = "{\"a\":1}";
  require((*log)->append(event).ok() && event.prev_event_hash == head);
  require((*log)->commit().ok());
  require((*log)->head() == event.event_hash);
  require((*log)->size_bytes() == fs.files[kPath].size());
}

// A good chain goes on after appends, without and with what the first one noted down; the bytes
// before them stay.
void check_append(const std::string& text, const ChainReport& report) {
  MemoryFileSystem fs;
  fs.files[kPath] = text;
  append_one(fs, report.head);
  const auto once = report_of(fs.files[kPath]);
  require(once.ok() && once->closed() && once->rows == report.rows + 1);
  append_one(fs, once->head);
  const std::string& longer = fs.files[kPath];
  require(longer.starts_with(text) && longer.ends_with('\n'));
  const auto twice = report_of(fs.files[kPath]);
  require(twice.ok() && twice->closed() && twice->rows == report.rows + 2);
}

// What the append log makes of the end: it reads every row, the tail only the last.
void check_settled(std::string& text, const Result<Tail>& tail, const Result<ChainReport>& report) {
  MemoryFileSystem fs;
  cortex::fuzz::MemoryFile file(text, kPath);
  const auto settled = cortex::ledger::settle_tail(fs, file);
  require(settled.ok());
  if (settled->fault) {
    require(!report.ok());
    require(cortex::fuzz::is_printable(cortex::ledger::row_error(*settled->fault).text()));
    return;
  }
  require(tail.ok() && tail->head == settled->head.hash);
  require(tail->size_bytes == settled->head.size_bytes);
  require(tail->torn.has_value() == settled->torn.has_value());
  if (tail->torn) require(tail->torn->offset == settled->torn->offset);
  if (report.ok() && !settled->torn) require(report->rows == settled->head.rows);
}

void check_ledger(std::string text) {
  const auto tail = tail_of(text);
  const auto report = report_of(text);
  if (tail.ok()) {
    check_tail(text, *tail);
  } else {
    require(tail.error().code == cortex::Code::kChain);
    require(!report.ok());  // its last complete line is no row, so the whole is unreadable
  }
  check_settled(text, tail, report);
  if (!report.ok()) {
    require(report.error().code == cortex::Code::kChain ||
            report.error().code == cortex::Code::kPrecondition);
    require(cortex::fuzz::is_printable(report.error().text()));
    return;
  }
  require(tail.ok());
  check_report(*report);
  if (!report->closed()) return;
  require(!tail->torn && tail->head == report->head && tail->size_bytes == text.size());
  check_append(text, *report);
}

// The lines that are rows, each sealed onto the one before; the others as they are, torn or not.
std::string sealed_anew(std::string_view text) {
  std::string out;
  std::optional<std::string> head;
  for (const std::string_view line : cortex::split(text, '\n')) {
    DecodedEvent row;
    if (decode_row(cortex::trim(line), row)) {
      row.event.payload = row.raw_payload;
      if (row.event.schema_version != 1) row.event.schema_version = 2;
      if (!row.raw_payload_is_canonical) {
        row.event.payload =
            cortex::core::canonical_payload(row.raw_payload, row.payload_depth).value();
      }
      cortex::ledger::seal(row.event, head);
      head = row.event.event_hash;
      cortex::core::append_row(out, row.event);
    } else {
      out.append(line);
    }
    out.push_back('\n');
  }
  out.pop_back();
  return out;
}

// Blank lines behind the text move no row: the tail is found beyond its first look.
void check_far_tail(const std::string& text) {
  constexpr std::size_t kBlanks = (64U << 10U) + 7;
  std::string longer = text + "\n" + std::string(kBlanks, '\n');
  std::string shorter = text + "\n";
  const auto near = tail_of(shorter);
  const auto far = tail_of(longer);
  require(near.ok() == far.ok());
  if (near.ok()) require(near->head == far->head && !far->torn && !far->missing_newline);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_ledger(text);
  const std::string sealed = sealed_anew(text);
  if (sealed != text) check_ledger(sealed);
  if (size > 0) check_ledger(sealed.substr(0, sealed.size() - data[0] % (sealed.size() + 1)));
  if (size % 16 == 0) check_far_tail(sealed);
  return 0;
}
