// One changed, missing, repeated or misplaced row is reported, at the right row and as what it is.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/property/generators.h"
#include "tests/property/ledger_fixture.h"

namespace cortex::property {
namespace {

using Events = std::vector<core::Event>;

constexpr std::string_view kPayload = "PayloadHashMismatch";
constexpr std::string_view kEventHash = "EventHashMismatch";
constexpr std::string_view kOrphan = "Orphan {";

struct Expected {
  std::uint64_t line;
  std::string_view reason;
};

// Makes rows so long that the ledger is read in several blocks, by two threads when it is large.
void stretch(Events& rows) {
  for (core::Event& row : rows) {
    const auto size = *in_range<std::size_t>(0, 900'000);
    row.payload = cat("[", row.payload, ",\"", std::string(size, 'x'), "\"]");
  }
}

Events draw_ledger() {
  const auto count = *rc::gen::inRange<std::size_t>(2, 10);
  Events rows = *rc::gen::container<Events>(count, events());
  if (*in_range(0, 20) == 19) stretch(rows);
  MemoryLedger ledger;
  RC_ASSERT(ledger.append(rows).ok());
  RC_ASSERT(ledger.verify()->closed());
  return rows;
}

// Verifies the rows as they are now: exactly the expected failures, in this order. Failures behind
// the last row cannot be seen.
void check_failures(const Events& rows, const std::vector<Expected>& expected) {
  MemoryLedger ledger;
  ledger.bytes() = ledger_of(rows);
  const auto report = ledger.verify();
  RC_ASSERT(report.ok());
  RC_ASSERT(!report->closed());
  std::size_t seen = 0;
  for (const Expected& failure : expected) {
    if (failure.line > rows.size()) continue;
    RC_ASSERT(report->failures.size() > seen);
    RC_ASSERT(report->failures[seen].line == failure.line);
    RC_ASSERT(report->failures[seen].file_line == failure.line);
    RC_ASSERT(report->failures[seen].reason.find(failure.reason) != std::string::npos);
    ++seen;
  }
  RC_ASSERT(report->failures_total == seen);
}

// One digit of a hash becomes another one.
void change_digit(std::string& hash) {
  char& digit = hash[*in_range<std::size_t>(0, hash.size())];
  digit = digit == '0' ? '1' : '0';
}

RC_GTEST_PROP(Tampering, ChangedPayloadIsReportedAtItsRow, ()) {
  Events rows = draw_ledger();
  const auto i = *in_range<std::size_t>(0, rows.size());
  rows[i].payload = cat("[", rows[i].payload, "]");
  check_failures(rows, {{i + 1, kPayload}});
}

RC_GTEST_PROP(Tampering, ChangedPayloadHashIsReportedAtItsRow, ()) {
  Events rows = draw_ledger();
  const auto i = *in_range<std::size_t>(0, rows.size());
  change_digit(rows[i].payload_hash);
  check_failures(rows, {{i + 1, kPayload}, {i + 1, kEventHash}});
}

RC_GTEST_PROP(Tampering, ChangedEventHashIsReportedAtItsRowAndTheNext, ()) {
  Events rows = draw_ledger();
  const auto i = *in_range<std::size_t>(0, rows.size());
  change_digit(rows[i].event_hash);
  check_failures(rows, {{i + 1, kEventHash}, {i + 2, kOrphan}});
}

RC_GTEST_PROP(Tampering, ChangedPrevHashIsReportedAtItsRow, ()) {
  Events rows = draw_ledger();
  const auto i = *in_range<std::size_t>(0, rows.size());
  if (i == 0) {
    rows[i].prev_event_hash = rows[i].event_hash;
  } else if (*rc::gen::arbitrary<bool>()) {
    rows[i].prev_event_hash.reset();
  } else {
    change_digit(*rows[i].prev_event_hash);
  }
  check_failures(rows, {{i + 1, kEventHash}, {i + 1, kOrphan}});
}

// An empty text hashes as no text does, so only the link tells them apart.
RC_GTEST_PROP(Tampering, EmptyPrevHashOfTheFirstRowIsReported, ()) {
  Events rows = draw_ledger();
  rows[0].prev_event_hash = "";
  check_failures(rows, {{1, kOrphan}});
}

RC_GTEST_PROP(Tampering, SwappedRowsAreReportedFromTheFirstOnAndOnce, ()) {
  Events rows = draw_ledger();
  const auto i = *in_range<std::size_t>(0, rows.size() - 1);
  std::swap(rows[i], rows[i + 1]);
  check_failures(rows, {{i + 1, kOrphan}, {i + 2, kOrphan}, {i + 3, kOrphan}});
}

RC_GTEST_PROP(Tampering, MissingRowIsReportedAtTheOneAfterIt, ()) {
  Events rows = draw_ledger();
  const auto i = *in_range<std::size_t>(0, rows.size() - 1);
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(i));
  check_failures(rows, {{i + 1, kOrphan}});
}

RC_GTEST_PROP(Tampering, RepeatedRowIsReportedAtItsRepetition, ()) {
  Events rows = draw_ledger();
  const auto i = *in_range<std::size_t>(0, rows.size());
  rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(i), core::Event(rows[i]));
  check_failures(rows, {{i + 2, kOrphan}});
}

RC_GTEST_PROP(Tampering, UnknownSchemaVersionIsReportedAndBreaksTheLinkBehindIt, ()) {
  Events rows = draw_ledger();
  const auto i = *in_range<std::size_t>(0, rows.size());
  rows[i].schema_version = *rc::gen::element<std::uint16_t>(0, 3, 65535);
  check_failures(rows, {{i + 1, "UnknownEventSchemaVersion"}, {i + 2, kOrphan}});
}

}  // namespace
}  // namespace cortex::property
