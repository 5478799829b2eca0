// The edit distance behind "did you mean". It counts a swap of neighbours as one edit but edits no
// place twice (optimal string alignment), so the triangle inequality holds up to a factor of two,
// not strictly.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/suggest.h"
#include "tests/property/generators.h"

namespace cortex::cli {
namespace {

// Few letters, so that texts have something in common.
rc::Gen<std::string> words() {
  return rc::gen::resize(12,
                         rc::gen::container<std::string>(rc::gen::elementOf(std::string("abc-"))));
}

RC_GTEST_PROP(EditDistance, IsZeroForEqualTextsOnlyAndSymmetric, ()) {
  const std::string a = *words(), b = *words();
  RC_ASSERT(edit_distance(a, a) == 0U);
  RC_ASSERT((edit_distance(a, b) == 0) == (a == b));
  RC_ASSERT(edit_distance(a, b) == edit_distance(b, a));
}

RC_GTEST_PROP(EditDistance, LiesBetweenTheDifferenceAndTheLargerOfTheSizes, ()) {
  const std::string a = *words(), b = *words();
  const std::size_t distance = edit_distance(a, b);
  RC_ASSERT(distance <= std::max(a.size(), b.size()));
  RC_ASSERT(distance >= std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
}

RC_GTEST_PROP(EditDistance, TriangleHoldsUpToAFactorOfTwo, ()) {
  const std::string a = *words(), b = *words(), c = *words();
  RC_ASSERT(edit_distance(a, c) <= 2 * (edit_distance(a, b) + edit_distance(b, c)));
}

RC_GTEST_PROP(EditDistance, OneEditIsAtMostOneAway, ()) {
  const std::string a = *rc::gen::nonEmpty(words());
  const auto at = *property::in_range<std::size_t>(0, a.size());
  std::string inserted = a, erased = a, replaced = a, swapped = a;
  inserted.insert(at, 1, 'x');
  erased.erase(at, 1);
  replaced[at] = 'x';
  if (at > 0) std::swap(swapped[at - 1], swapped[at]);
  RC_ASSERT(edit_distance(a, inserted) == 1U);
  RC_ASSERT(edit_distance(a, erased) == 1U);
  RC_ASSERT(edit_distance(a, replaced) == 1U);
  RC_ASSERT(edit_distance(a, swapped) <= 1U);
}

RC_GTEST_PROP(EditDistance, CommonEndsDoNotCount, ()) {
  const std::string a = *words(), b = *words(), around = *words();
  RC_ASSERT(edit_distance(around + a + around, around + b + around) <= edit_distance(a, b));
}

RC_GTEST_PROP(Nearest, FindsSomethingWhenTheWordItselfIsThere, ()) {
  const std::string word = *rc::gen::nonEmpty(words());
  const auto others = *rc::gen::container<std::vector<std::string>>(words());
  std::vector<std::string_view> candidates(others.begin(), others.end());
  candidates.push_back(word);
  RC_ASSERT(!nearest(word, candidates).empty());
}

}  // namespace
}  // namespace cortex::cli
