// Canonical JSON and its numbers (docs/formats.md, 4).
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "json/canonical.h"
#include "json/cursor.h"
#include "json/number.h"
#include "json/value.h"
#include "tests/property/generators.h"

namespace cortex::json {
namespace {

// The same document with the members of every object in another order.
Value shuffled(const Value& value, std::mt19937_64& random) {
  if (const Array* const array = value.as_array()) {
    Array items;
    for (const Value& item : *array) items.push_back(shuffled(item, random));
    return items;
  }
  const Object* const object = value.as_object();
  if (object == nullptr) return value;
  std::vector<Member> members;
  for (const auto& [key, member] : *object) members.emplace_back(key, shuffled(member, random));
  std::ranges::shuffle(members, random);
  Object out;
  for (auto& [key, member] : members) out.set(std::move(key), std::move(member));
  return out;
}

RC_GTEST_PROP(CanonicalJson, IsAFixedPointForStableNumbers, ()) {
  const Value value = *property::documents(property::stable_numbers());
  const std::string once = canonical(value);
  RC_ASSERT(canonical(parse(once).value()) == once);
  RC_ASSERT(canonical(parse(write_compact(value)).value()) == once);
  RC_ASSERT(canonical(parse(write_pretty(value)).value()) == once);
}

RC_GTEST_PROP(CanonicalJson, DoesNotDependOnTheOrderOfMembers, ()) {
  const Value value = *property::documents(property::numbers());
  std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
  const Value other = shuffled(value, random);
  RC_ASSERT(canonical(other) == canonical(value));
}

RC_GTEST_PROP(CanonicalJson, IsRecognisedWhateverTheNumbers, ()) {
  const Value value = *property::documents(property::numbers());
  const std::string text = canonical(value);
  Cursor cursor(text);
  Extent extent;
  RC_ASSERT(cursor.skip_value(&extent) && cursor.at_end());
  RC_ASSERT(extent.canonical);
  const std::string pretty = write_pretty(value);
  std::string lexical;
  Cursor reader(pretty);
  RC_ASSERT(write_lexical_canonical(reader, lexical));
  RC_ASSERT(lexical == text);
}

RC_GTEST_PROP(Numbers, StableOnesReadBack, ()) {
  const Number number = *property::stable_numbers();
  std::string text;
  write_number(text, number);
  Number again;
  RC_ASSERT(read_number(text, again));
  RC_ASSERT(again == number);
}

RC_GTEST_PROP(Numbers, StabilityIsReadingBack, ()) {
  const Number number = *property::numbers();
  std::string text;
  write_number(text, number);
  Number again;
  const bool same = read_number(text, again) && again == number;
  RC_CLASSIFY(!same, "unstable");
  RC_ASSERT(is_stable(number) == same);
  if (number.kind != Number::Kind::kDouble) RC_ASSERT(same);
}

RC_GTEST_PROP(Numbers, WrittenTextIsCanonicalAndCorrectlyRounded, ()) {
  const Number number = *property::numbers();
  std::string text;
  write_number(text, number);
  RC_ASSERT(is_canonical_number(text));
  if (number.kind == Number::Kind::kDouble) {
    RC_ASSERT(std::strtod(text.c_str(), nullptr) == number.d);
  }
}

}  // namespace
}  // namespace cortex::json
