// ULIDs, ids and times: texts read back and keep the order of what they stand for.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <compare>
#include <cstdint>
#include <string>

#include "base/text.h"
#include "base/time.h"
#include "base/ulid.h"
#include "core/ids.h"
#include "tests/property/generators.h"

namespace cortex {
namespace {

class GivenClock final : public Clock {
 public:
  explicit GivenClock(Timestamp now) : now_(now) {}
  Timestamp now() override { return now_; }

 private:
  Timestamp now_;
};

class Ones final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = 0xFF;
  }
};

Timestamp cut_to(Timestamp t, std::uint32_t unit_nanos) {
  t.nanos -= t.nanos % unit_nanos;
  return t;
}

// A fraction that stays below a whole second: leap seconds keep theirs.
Timestamp without_fraction(Timestamp t) { return cut_to(t, 1'000'000'000); }

RC_GTEST_PROP(Ulids, TextReadsBackInEitherCaseAndKeepsTheOrder, ()) {
  const Ulid a = *property::ulids();
  const Ulid b = *property::ulids();
  RC_ASSERT(Ulid::parse(a.text()) == a);
  RC_ASSERT(Ulid::parse(to_lower_ascii(a.text())) == a);
  RC_ASSERT((a <=> b) == (a.text() <=> b.text()));
}

RC_GTEST_PROP(Ulids, CarryTheirMillisecond, ()) {
  const auto millis = *property::in_range<std::int64_t>(0, std::int64_t{1} << 48);
  const Timestamp now{millis / 1000, static_cast<std::uint32_t>(millis % 1000) * 1'000'000};
  GivenClock clock(now);
  Ones random;
  RC_ASSERT(Ulid::make(clock, random).created_at() == now);
}

RC_GTEST_PROP(Ids, TextReadsBackAsItsKindOnly, ()) {
  const auto kind = static_cast<core::IdKind>(*property::in_range(0, 11));
  const auto other = static_cast<core::IdKind>(*property::in_range(0, 11));
  const Ulid ulid = *property::ulids();
  const std::string text = core::id_text(kind, ulid);
  RC_ASSERT(core::parse_id(text) == (core::Id{kind, ulid}));
  RC_ASSERT(core::parse_id(kind, text) == ulid);
  if (other != kind) RC_ASSERT(!core::parse_id(other, text));
  RC_ASSERT(!core::parse_id(text.substr(0, text.size() - 1)));
  RC_ASSERT(!core::parse_id(text + "0"));
}

RC_GTEST_PROP(Times, EveryTextReadsBack, ()) {
  const Timestamp t = *rc::gen::oneOf(property::times(), property::common_times());
  for (const Offset offset : {Offset::kZ, Offset::kPlus00}) {
    RC_ASSERT(parse_relaxed_rfc3339(format_rfc3339(t, offset)) == t);
  }
  RC_ASSERT(parse_relaxed_rfc3339(format_rfc3339_micros(t)) == cut_to(t, 1000));
  RC_ASSERT(parse_relaxed_rfc3339(format_rfc3339_seconds(t)) == without_fraction(t));
}

RC_GTEST_PROP(Times, FourDigitYearsAreStrict, ()) {
  const Timestamp t = *property::common_times();
  for (const Offset offset : {Offset::kZ, Offset::kPlus00}) {
    RC_ASSERT(parse_strict_rfc3339(format_rfc3339(t, offset)) == t);
  }
}

RC_GTEST_PROP(Times, FixedWidthTextsKeepTheOrder, ()) {
  const Timestamp a = *property::common_times();
  Timestamp b = *property::common_times();
  if (*rc::gen::arbitrary<bool>()) b.seconds = a.seconds;  // the fraction decides
  const auto valid = [](Timestamp t) { return t.nanos < 1'000'000'000 || t.seconds % 60 == 59; };
  RC_PRE(valid(a) && valid(b));
  RC_ASSERT((cut_to(a, 1000) <=> cut_to(b, 1000)) ==
            (format_rfc3339_micros(a) <=> format_rfc3339_micros(b)));
  RC_ASSERT((without_fraction(a) <=> without_fraction(b)) ==
            (format_rfc3339_seconds(a) <=> format_rfc3339_seconds(b)));
}

}  // namespace
}  // namespace cortex
