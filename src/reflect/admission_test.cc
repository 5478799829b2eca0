#include "reflect/admission.h"

#include <gtest/gtest.h>

namespace cortex::reflect {
namespace {

constexpr Proposer kReplay{"replay", "00"};

// One episode with an event, one without; a memory for each list of episodes.
SessionReflection reflection(const std::vector<std::vector<std::size_t>>& cited) {
  SessionReflection out;
  out.episodes.resize(2);
  out.episodes[0].source_event_ids = {"evt_01ARZ3NDEKTSV4RRFFQ69G5FB1"};
  for (const auto& episodes : cited) {
    out.memories.emplace_back().episodes = episodes;
  }
  return out;
}

TEST(Admission, AMemoryWithAnEventBehindItIsAdmitted) {
  const Judgement judged = judge_reflection(reflection({{0}, {0, 1}}), kReplay);
  EXPECT_TRUE(judged.admitted());
  EXPECT_TRUE(judged.reasons.empty());
  EXPECT_TRUE(judge_reflection(reflection({}), kReplay).admitted());
}

TEST(Admission, WithoutAnEventItIsRejected) {
  const Judgement judged = judge_reflection(reflection({{0}, {1}, {}}), kReplay);
  EXPECT_EQ(judged.admission, trust::Admission::kReject);
  EXPECT_EQ(judged.detail(),
            "memory_candidates[1] reasons=[SourceAnchorRequired, ProofStateRequired]");
}

TEST(Admission, AnOpenContradictionQuarantinesAndStandsLast) {
  SessionReflection open = reflection({{0}, {}});
  open.contradictions.emplace_back("x");
  EXPECT_EQ(judge_memory(open, 0, kReplay).admission, trust::Admission::kQuarantine);
  EXPECT_EQ(judge_memory(open, 0, kReplay).detail(),
            "memory_candidates[0] reasons=[OpenContradiction]");
  const Judgement worst = judge_reflection(open, kReplay);
  EXPECT_EQ(worst.admission, trust::Admission::kReject);
  EXPECT_EQ(worst.detail(),
            "memory_candidates[1] reasons=[SourceAnchorRequired, ProofStateRequired, "
            "OpenContradiction]");
}

TEST(Admission, AnswersWithoutAHashAreQuarantined) {
  const Judgement judged = judge_reflection(reflection({{0}}), {"replay", " "});
  EXPECT_EQ(judged.admission, trust::Admission::kQuarantine);
  EXPECT_EQ(judged.reasons, std::vector<std::string>{"ToolProvenanceRequired"});
}

}  // namespace
}  // namespace cortex::reflect
