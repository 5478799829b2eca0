#include "tests/property/generators.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <ostream>
#include <utility>
#include <vector>

#include "base/text.h"
#include "core/event_codec.h"

namespace cortex {

void showValue(const Ulid& ulid, std::ostream& out) { out << ulid.text(); }

void showValue(const Timestamp& time, std::ostream& out) {
  out << "{" << time.seconds << " s, " << time.nanos << " ns}";
}

}  // namespace cortex

namespace cortex::json {

void showValue(const Value& value, std::ostream& out) { out << write_compact(value); }

void showValue(const Number& number, std::ostream& out) {
  std::string text;
  write_number(text, number);
  out << text << " (kind " << static_cast<int>(number.kind) << ")";
}

}  // namespace cortex::json

namespace cortex::core {

void showValue(const Event& event, std::ostream& out) {
  std::string row;
  append_row(row, event);
  out << row;
}

}  // namespace cortex::core

namespace cortex::property {
namespace {

using json::Number;
using json::Value;

constexpr std::uint32_t kNanosPerSecond = 1'000'000'000;

template <class T>
rc::Gen<T> whole_range() {
  return rc::gen::resize(kFullSize, rc::gen::arbitrary<T>());
}

rc::Gen<std::uint32_t> code_points() {
  const auto range = [](std::uint32_t first, std::uint32_t last) {
    return in_range<std::uint32_t>(first, last + 1);
  };
  return rc::gen::oneOf(range('a', 'z'), range(0x00, 0x7F), range(0x80, 0x7FF),
                        range(0x2000, 0x2FFF), range(0xE000, 0xFFFF), range(0x10000, 0x10FFFF));
}

Number unsigned_number(std::uint64_t n) { return {.kind = Number::Kind::kUnsigned, .u = n}; }
Number double_number(double d) { return {.kind = Number::Kind::kDouble, .d = d}; }

rc::Gen<Number> signed_numbers() {
  return rc::gen::map(whole_range<std::int64_t>(), [](std::int64_t n) {
    return Number{.kind = Number::Kind::kSigned, .i = n < 0 ? n : -1 - n};
  });
}

rc::Gen<Number> any_doubles() {
  return rc::gen::map(whole_range<std::uint64_t>(), [](std::uint64_t bits) {
    const auto d = std::bit_cast<double>(bits);
    return double_number(std::isfinite(d) ? d : 0.0);
  });
}

// As people write them: few digits and a small exponent.
rc::Gen<Number> common_doubles() {
  return rc::gen::map(
      rc::gen::pair(in_range<std::int64_t>(-1'000'000'000'000, 1'000'000'000'000),
                    in_range(-20, 21)),
      [](const std::pair<std::int64_t, int>& p) {
        return double_number(static_cast<double>(p.first) * std::pow(10.0, p.second));
      });
}

rc::Gen<Value> leaves_of(const rc::Gen<Number>& leaves) {
  return rc::gen::oneOf(rc::gen::map(leaves, [](const Number& n) { return Value(n); }),
                        rc::gen::map(texts(), [](std::string s) { return Value(std::move(s)); }),
                        rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Value(b); }),
                        rc::gen::just(Value()));
}

rc::Gen<Value> nested(const rc::Gen<Number>& leaves, int depth) {
  if (depth == 0) return leaves_of(leaves);
  constexpr int kItemsMax = 5;
  const rc::Gen<Value> inner = nested(leaves, depth - 1);
  const auto arrays =
      rc::gen::map(rc::gen::resize(kItemsMax, rc::gen::container<std::vector<Value>>(inner)),
                   [](json::Array items) { return Value(std::move(items)); });
  const auto objects = rc::gen::map(
      rc::gen::resize(kItemsMax,
                      rc::gen::container<std::vector<json::Member>>(rc::gen::pair(texts(), inner))),
      [](std::vector<json::Member> members) {
        return Value(json::Object::from_members(std::move(members)));
      });
  return rc::gen::oneOf(leaves_of(leaves), arrays, objects);
}

core::Source make_source() {
  core::Source source;
  source.type = static_cast<core::SourceType>(*in_range(0, 6));
  const bool named =
      source.type == core::SourceType::kTool || source.type == core::SourceType::kChildAgent;
  if (named) source.name = *texts();
  return source;
}

core::Event make_event() {
  core::Event event;
  event.id = *ulids();
  event.observed_at = *times();
  event.recorded_at = *common_times();
  event.source = make_source();
  event.type = static_cast<core::EventType>(*in_range(0, 10));
  if (*rc::gen::arbitrary<bool>()) event.trace_id = *ulids();
  if (*rc::gen::arbitrary<bool>()) event.session_id = *texts();
  event.domain_tags = *rc::gen::resize(4, rc::gen::container<std::vector<std::string>>(texts()));
  event.payload = json::canonical(*documents(numbers()));
  return event;
}

}  // namespace

rc::Gen<std::string> texts() {
  return rc::gen::map(rc::gen::container<std::vector<std::uint32_t>>(code_points()),
                      [](const std::vector<std::uint32_t>& points) {
                        std::string text;
                        for (const std::uint32_t point : points) append_utf8(text, point);
                        return text;
                      });
}

rc::Gen<Ulid> ulids() {
  return rc::gen::map(
      rc::gen::pair(whole_range<std::uint64_t>(), whole_range<std::uint64_t>()),
      [](const std::pair<std::uint64_t, std::uint64_t>& p) { return Ulid{p.first, p.second}; });
}

rc::Gen<Timestamp> times() {
  const std::int64_t first = parse_relaxed_rfc3339("-262143-01-01T00:00:00Z").value().seconds;
  const std::int64_t last = parse_relaxed_rfc3339("+262142-12-31T23:59:59Z").value().seconds;
  return rc::gen::map(
      rc::gen::pair(in_range(first, last + 1), in_range<std::uint32_t>(0, kNanosPerSecond)),
      [](const std::pair<std::int64_t, std::uint32_t>& p) { return Timestamp{p.first, p.second}; });
}

rc::Gen<Timestamp> common_times() {
  const std::int64_t first = parse_relaxed_rfc3339("0000-01-01T00:00:00Z").value().seconds;
  const std::int64_t last = parse_relaxed_rfc3339("9999-12-31T23:59:59Z").value().seconds;
  return rc::gen::map(rc::gen::tuple(in_range(first, last + 1),
                                     in_range<std::uint32_t>(0, kNanosPerSecond), in_range(0, 8)),
                      [](const std::tuple<std::int64_t, std::uint32_t, int>& drawn) {
                        auto [seconds, nanos, leap] = drawn;
                        if (leap != 7) return Timestamp{seconds, nanos};
                        seconds +=
                            59 - ((seconds % 60) + 60) % 60;  // the last second of its minute
                        return Timestamp{seconds, nanos + kNanosPerSecond};
                      });
}

rc::Gen<Number> numbers() {
  return rc::gen::oneOf(rc::gen::map(whole_range<std::uint64_t>(), unsigned_number),
                        rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), unsigned_number),
                        signed_numbers(), any_doubles(), common_doubles());
}

rc::Gen<Number> stable_numbers() { return rc::gen::suchThat(numbers(), json::is_stable); }

rc::Gen<Value> documents(const rc::Gen<Number>& leaves) {
  constexpr int kDepthMax = 3;
  return nested(leaves, kDepthMax);
}

rc::Gen<core::Event> events() { return rc::gen::exec(make_event); }

}  // namespace cortex::property
