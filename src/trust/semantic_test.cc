#include "trust/semantic.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace cortex::trust {
namespace {

std::vector<std::string> vectors(const std::string& name) {
  std::ifstream in(std::string(CORTEX_TEST_DATA) + "/trust/" + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.front() != '#') lines.push_back(line);
  }
  return lines;
}

std::vector<Provenance> sources_of(const std::string& text) {
  std::vector<Provenance> out;
  if (text == "-") return out;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ',');) {
    out.push_back(static_cast<Provenance>(std::stoi(one)));
  }
  return out;
}

// use provenance families falsified unknown -> trust weakest outcome ceiling
TEST(SemanticTrust, AgreesWithEveryVector) {
  const auto lines = vectors("semantic_trust.txt");
  ASSERT_EQ(lines.size(), 2160U);
  for (const std::string& line : lines) {
    std::istringstream in(line);
    int use = 0, families = 0, falsified = 0, unknown = 0, trust = 0, weakest = 0, ceiling = 0;
    std::string provenance, arrow, outcome;
    in >> use >> provenance >> families >> falsified >> unknown >> arrow >> trust >> weakest >>
        outcome >> ceiling;
    const auto sources = sources_of(provenance);
    const SemanticReport report =
        evaluate({static_cast<IntendedUse>(use), sources, static_cast<std::uint32_t>(families),
                  falsified == 1, unknown == 1});
    EXPECT_EQ(static_cast<int>(report.trust), trust) << line;
    EXPECT_EQ(static_cast<int>(report.weakest), weakest) << line;
    EXPECT_EQ(outcome_token(report.outcome), outcome) << line;
    EXPECT_EQ(static_cast<int>(report.ceiling), ceiling) << line;
  }
}

TEST(Ceiling, AgreesWithEveryVector) {
  const auto lines = vectors("effective_ceiling.txt");
  ASSERT_EQ(lines.size(), 700U);
  for (const std::string& line : lines) {
    std::istringstream in(line);
    int mode = 0, authority = 0, proof = 0, requested = 0, effective = 0;
    in >> mode >> authority >> proof >> requested >> effective;
    const TruthCeiling facts{static_cast<RuntimeMode>(mode), static_cast<ProofState>(proof),
                             static_cast<AuthorityClass>(authority),
                             static_cast<ClaimCeiling>(requested)};
    EXPECT_EQ(static_cast<int>(facts.effective()), effective) << line;
  }
}

TEST(Authority, OnlyWhoAttestsOrObservesIsMoreThanACandidate) {
  EXPECT_EQ(labels_of_authority("operator").provenance, Provenance::kOperatorAttested);
  EXPECT_EQ(labels_of_authority("user").trust, SemanticTrust::kSingleFamily);
  EXPECT_EQ(labels_of_authority("tool").authority_class, AuthorityClass::kObserved);
  for (const char* other : {"derived", "candidate", "", "Operator", "axiom_candidate"}) {
    EXPECT_EQ(labels_of_authority(other).trust, SemanticTrust::kCandidateOnly) << other;
  }
}

}  // namespace
}  // namespace cortex::trust
