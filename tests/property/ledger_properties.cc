// Random events through the append log: the ledger verifies and holds what went in, whatever the
// batches, the line ends and the tears in its tail.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/event_equality.h"
#include "tests/property/generators.h"
#include "tests/property/ledger_fixture.h"

namespace cortex::property {
namespace {

using Events = std::vector<core::Event>;

Events draw_events(std::size_t count_min) {
  constexpr std::size_t kEventsMax = 12;
  const auto count = *rc::gen::inRange(count_min, kEventsMax + 1);
  return *rc::gen::container<Events>(count, events());
}

// Appends all events in batches of random sizes, opening the ledger anew for each.
void append_in_batches(MemoryLedger& ledger, Events& events) {
  for (std::size_t done = 0; done < events.size();) {
    const auto size = *rc::gen::inRange<std::size_t>(1, events.size() - done + 1);
    const auto first = events.begin() + static_cast<std::ptrdiff_t>(done);
    if (*rc::gen::arbitrary<bool>()) ledger.forget_head_file();
    Events batch(first, first + static_cast<std::ptrdiff_t>(size));
    RC_ASSERT(ledger.append(batch).ok());
    std::ranges::move(batch, first);
    done += size;
  }
}

void check_holds(MemoryLedger& ledger, const Events& events) {
  const auto report = ledger.verify();
  RC_ASSERT(report.ok());
  RC_ASSERT(report->closed());
  RC_ASSERT(report->rows == events.size());
  RC_ASSERT(report->head ==
            (events.empty() ? std::nullopt : std::optional(events.back().event_hash)));
  const Events rows = rows_of(ledger.bytes());
  RC_ASSERT(rows.size() == events.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RC_ASSERT(fuzz::same_members(rows[i], events[i]));
    RC_ASSERT(rows[i].payload == events[i].payload);
  }
}

RC_GTEST_PROP(Ledger, HoldsWhatWasAppendedInAnyBatches, ()) {
  MemoryLedger ledger;
  Events events = draw_events(0);
  append_in_batches(ledger, events);
  if (!events.empty()) check_holds(ledger, events);
}

RC_GTEST_PROP(Ledger, BytesDoNotDependOnTheBatches, ()) {
  MemoryLedger one, many;
  Events events = draw_events(1);
  Events copy = events;
  RC_ASSERT(one.append(copy).ok());
  append_in_batches(many, events);
  RC_ASSERT(one.bytes() == many.bytes());
}

RC_GTEST_PROP(Ledger, BlankLinesAndLineEndsDoNotMatter, ()) {
  MemoryLedger ledger;
  Events events = draw_events(1);
  append_in_batches(ledger, events);
  std::string text;
  for (const std::string_view line : split(trim(ledger.bytes()), '\n')) {
    for (int blanks = *rc::gen::inRange(0, 3); blanks > 0; --blanks) text += " \t\n";
    text += cat(line, *rc::gen::element("\n", "\r\n", " \n"));
  }
  if (*rc::gen::arbitrary<bool>()) text.pop_back();
  ledger.bytes() = text;
  check_holds(ledger, events);
  Events next = draw_events(1);
  append_in_batches(ledger, next);
  events.insert(events.end(), next.begin(), next.end());
  check_holds(ledger, events);
}

RC_GTEST_PROP(Ledger, TornRowIsSetAsideAndNothingElseIsLost, ()) {
  MemoryLedger ledger;
  Events events = draw_events(1);
  append_in_batches(ledger, events);
  const std::string full = ledger.bytes();
  const std::size_t newline = full.rfind('\n', full.size() - 2);
  const std::size_t start = newline == std::string::npos ? 0 : newline + 1;
  const auto size = *in_range(start + 1, full.size() - 1);
  ledger.bytes().resize(size);
  const auto tail = ledger.tail();
  RC_ASSERT(tail.ok() && tail->torn.has_value());
  RC_ASSERT(tail->torn->offset == start && tail->torn->size_bytes == size - start);

  events.pop_back();
  Events next = draw_events(1);
  RC_ASSERT(ledger.append(next).ok());
  events.insert(events.end(), next.begin(), next.end());
  check_holds(ledger, events);
  RC_ASSERT(ledger.set_aside() == std::vector<std::string>{full.substr(start, size - start)});
}

// What was appended and taken back, or never committed, leaves no trace.
RC_GTEST_PROP(Ledger, TakenBackEventsLeaveNoTrace, ()) {
  MemoryLedger ledger;
  Events events = draw_events(1);
  append_in_batches(ledger, events);
  if (*rc::gen::arbitrary<bool>()) ledger.bytes().pop_back();  // the newline comes with a batch
  const std::string before = ledger.bytes();
  Events lost = draw_events(1), kept = draw_events(1);
  {
    const auto log = ledger.open();
    RC_ASSERT(log.ok());
    for (core::Event& event : lost) RC_ASSERT((*log)->append(event).ok());
    RC_ASSERT((*log)->roll_back().ok());
    RC_ASSERT(ledger.bytes() == before);
    for (core::Event& event : kept) RC_ASSERT((*log)->append(event).ok());
    RC_ASSERT((*log)->commit().ok());
    for (core::Event& event : lost) RC_ASSERT((*log)->append(event).ok());
  }
  events.insert(events.end(), kept.begin(), kept.end());
  check_holds(ledger, events);
}

}  // namespace
}  // namespace cortex::property
