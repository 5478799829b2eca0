#include "trust/claim_language.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"

namespace cortex::trust {
namespace {

using testing::HasSubstr;

// kind status evidence has_refs has_caps requested -> role proof ceiling constraint:severity,...
TEST(ClaimLanguage, AgreesWithEveryVector) {
  std::ifstream in(std::string(CORTEX_TEST_DATA) + "/trust/claim_language.txt");
  std::size_t count = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    int refs = 0, capabilities = 0;
    std::string kind, status, evidence, requested, arrow, role, proof, ceiling, constraints;
    words >> kind >> status >> evidence >> refs >> capabilities >> requested >> arrow >> role >>
        proof >> ceiling >> constraints;
    const auto list = [](int filled) {
      return filled == 1 ? json::Array{"ref://1"} : json::Array{};
    };
    const auto elements =
        read_elements(json::Array{json::Object{{"axiom_kind", kind},
                                               {"axiom_label", "X[1]"},
                                               {"statement", "said"},
                                               {"status", status},
                                               {"evidence_kind", evidence},
                                               {"evidence_refs", list(refs)},
                                               {"capability_refs", list(capabilities)},
                                               {"requested_ceiling", requested}}});
    ASSERT_TRUE(elements.ok()) << line << ": " << elements.error().text();
    const MappedElement mapped = map_element(elements->front());
    std::string found;
    for (const ElementConstraint& one : mapped.constraints) {
      found += cat(found.empty() ? "" : ",", one.kind, ":", one.severity);
    }
    EXPECT_EQ(cat(mapped.role, " ", proof_state_token(mapped.proof), " ",
                  claim_ceiling_token(mapped.ceiling), " ", found),
              cat(role, " ", proof, " ", ceiling, " ", constraints))
        << line;
    ++count;
  }
  EXPECT_EQ(count, 1176U);
}

std::string fault_of(const std::string& text) {
  const auto read = read_elements(json::parse(text).value());
  EXPECT_FALSE(read.ok()) << text;
  if (read.ok()) return {};
  EXPECT_EQ(read.error().code, Code::kQuarantined);
  return read.error().message;
}

TEST(ClaimLanguage, WhatDoesNotFitIsRefusedWithItsPlace) {
  const std::string good =
      R"({"axiom_kind":"decision","status":"supported","evidence_kind":"observed",)"
      R"("axiom_label":"D[1]","statement":"we ship")";
  EXPECT_TRUE(read_elements(json::parse("[" + good + "}]").value()).ok());
  EXPECT_TRUE(read_elements(json::parse(R"({"elements":[]})").value()).ok());
  EXPECT_THAT(fault_of("{}"), HasSubstr("no array of elements"));
  EXPECT_THAT(fault_of("[" + good + "}, 7]"), HasSubstr("element 2: it is no object"));
  EXPECT_THAT(fault_of(R"([{"axiom_kind":"axiom"}])"), HasSubstr("`axiom_kind`"));
  EXPECT_THAT(fault_of("[" + good + R"(,"evidence_refs":[" "]}])"), HasSubstr("`evidence_refs`"));
  EXPECT_THAT(fault_of("[" + good + R"(,"capability_refs":"x"}])"), HasSubstr("no array"));
  EXPECT_THAT(fault_of("[" + good + R"(,"requested_ceiling":"all"}])"),
              HasSubstr("`requested_ceiling`"));
}

}  // namespace
}  // namespace cortex::trust
