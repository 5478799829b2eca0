#include "memory/principles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cortex::memory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

store::Memory of_domains(std::string id, json::Array domains) {
  store::Memory one;
  one.id = std::move(id);
  one.domains = std::move(domains);
  return one;
}

TEST(PrinciplesTest, GroupsShareDomains_AndEachMakesItsOwn) {
  const std::vector<store::Memory> memories = {of_domains("a", {"Ops", " audit"}),
                                               of_domains("b", {"audit"}),
                                               of_domains("c", {"ops"}),
                                               of_domains("x", {"ui"}),
                                               of_domains("y", {"ui", "css"}),
                                               of_domains("z", {"css"}),
                                               of_domains("w", {"css"})};
  const auto found = find_principles(memories);
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_THAT(found[0].supporting, ElementsAre("x", "y", "z", "w"));  // the larger one first
  EXPECT_THAT(found[1].supporting, ElementsAre("a", "b", "c"));
  EXPECT_THAT(found[1].domains, ElementsAre("audit", "ops"));
}

TEST(PrinciplesTest, AllTogether_WhenNoGroupCarriesByItself) {
  const auto found =
      find_principles({of_domains("a", {"x"}), of_domains("b", {"y"}), of_domains("c", {"z"})});
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].statement,
            "Preserve evidence-bound guidance across x, y, z before doctrine promotion.");
  EXPECT_THAT(find_principles({of_domains("a", {"x"}), of_domains("b", {"y"})}), IsEmpty());
  EXPECT_THAT(find_principles(
                  {of_domains("a", {" X "}), of_domains("b", {"x"}), of_domains("c", {"x", " "})}),
              IsEmpty());
}

TEST(PrinciplesTest, DurationsHaveAUnit) {
  EXPECT_EQ(parse_duration("7d"), 604'800);
  EXPECT_EQ(parse_duration(" 90m "), 5'400);
  for (const char* bad : {"", "d", "7", "7y", "-1d", "1.5d", "9999999d"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
}

TEST(PrinciplesTest, ARecordHoldsOnlyWhenItIsWhole) {
  const auto of = [](std::string_view text) { return falsification_of(json::parse(text).value()); };
  EXPECT_FALSE(of("{}").holds());
  EXPECT_FALSE(of("{\"falsification\":{\"status\":\"not_attempted\"}}").holds());
  EXPECT_FALSE(of("{\"falsification\":{\"status\":\"attempted\",\"failed_attempts\":[\" \"],"
                  "\"unresolved_high_risk_counterexamples\":[]}}")
                   .holds());
  EXPECT_FALSE(of("{\"falsification\":{\"status\":\"attempted\",\"failed_attempts\":[\"a\"],"
                  "\"unresolved_high_risk_counterexamples\":[\"b\"]}}")
                   .holds());
  json::Object created_by;
  set_falsification(
      created_by,
      Falsification{.attempted = true, .failed_attempts = {"a"}, .open_counterexamples = {}});
  EXPECT_TRUE(falsification_of(created_by).holds());
}

TEST(PrinciplesTest, WhatAnOperatorAcceptedIsAttested) {
  store::Memory one;
  one.authority = "candidate";
  EXPECT_EQ(provenance_of(one, false), trust::Provenance::kUnknown);
  EXPECT_EQ(provenance_of(one, true), trust::Provenance::kOperatorAttested);
  one.validation_epoch = 1;
  EXPECT_EQ(provenance_of(one, false), trust::Provenance::kOperatorAttested);
  store::Memory tool;
  tool.authority = "tool";
  EXPECT_EQ(provenance_of(tool, false), trust::Provenance::kToolObserved);
}

}  // namespace
}  // namespace cortex::memory
