// Numbers exactly as the ledger format defines them (docs/formats.md, 4.2 reading, 4.3 writing).
//
// Reading is *not* correctly rounded: it is a plain double computation that every implementation
// must repeat bit for bit, because payload hashes depend on it. Writing is the shortest text that
// round-trips under correct rounding. Text of form 4.3 may therefore read back as another double
// ("unstable", 4.4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cortex::json {

struct Number {
  enum class Kind : std::uint8_t { kUnsigned, kSigned, kDouble } kind = Kind::kUnsigned;
  std::uint64_t u = 0;  // kUnsigned
  std::int64_t i = 0;   // kSigned, always negative
  double d = 0;         // kDouble

  friend bool operator==(const Number&, const Number&) = default;
};

// The nearest double, which is the value itself for kDouble.
constexpr double to_double(const Number& number) {
  switch (number.kind) {
    case Number::Kind::kUnsigned:
      return static_cast<double>(number.u);
    case Number::Kind::kSigned:
      return static_cast<double>(number.i);
    case Number::Kind::kDouble:
      break;
  }
  return number.d;
}

// `token` must match the JSON number grammar (the cursor has checked that). False: out of range
// ("1e400").
bool read_number(std::string_view token, Number& out);

// Appends the canonical text (4.3).
void write_number(std::string& out, const Number& number);
// Values that are not finite, which no reader produces, are written as null.
void write_double(std::string& out, double value);

// True when `token` is already of form 4.3 for the value it denotes under *correct* rounding:
// integers in the 64-bit ranges without "-0", doubles as the shortest round-trip text in the layout
// of 4.3.
bool is_canonical_number(std::string_view token);

// True when reading the canonical text of `number` with read_number gives `number` again (4.4).
bool is_stable(const Number& number);

}  // namespace cortex::json
