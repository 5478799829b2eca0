// Random values of the product's types, and how a failing one is shown.
#pragma once

#include <rapidcheck.h>

#include <iosfwd>
#include <string>

#include "base/time.h"
#include "base/ulid.h"
#include "core/event.h"
#include "json/number.h"
#include "json/value.h"

namespace cortex {
void showValue(const Ulid& ulid, std::ostream& out);
void showValue(const Timestamp& time, std::ostream& out);
}  // namespace cortex

namespace cortex::json {
void showValue(const Value& value, std::ostream& out);
void showValue(const Number& number, std::ostream& out);
}  // namespace cortex::json

namespace cortex::core {
void showValue(const Event& event, std::ostream& out);
}  // namespace cortex::core

namespace cortex::property {

constexpr int kFullSize = 100;  // at which RapidCheck draws integers from their whole range

// Any integer of [first, end). RapidCheck's own inRange stays near `first` while its tests are
// small, which is right for sizes and wrong for choices and places.
template <class T>
rc::Gen<T> in_range(T first, T end) {
  return rc::gen::resize(kFullSize, rc::gen::inRange<T>(first, end));
}

rc::Gen<std::string> texts();  // UTF-8: ASCII, controls and every plane
rc::Gen<Ulid> ulids();
rc::Gen<Timestamp> times();         // the whole range of the type, no leap seconds
rc::Gen<Timestamp> common_times();  // years 0 to 9999, leap seconds too

rc::Gen<json::Number> numbers();         // every kind, every finite double
rc::Gen<json::Number> stable_numbers();  // those that survive being written and read
rc::Gen<json::Value> documents(const rc::Gen<json::Number>& leaves);

// With a canonical payload of any numbers and no hashes. schema_version is the one that is written.
rc::Gen<core::Event> events();

}  // namespace cortex::property
