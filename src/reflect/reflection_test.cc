#include "reflect/reflection.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::reflect {
namespace {

constexpr std::string_view kDocument =
    R"({"trace_id":"trc_01arz3ndektsv4rrffq69g5fav","episode_candidates":[{"summary":"s",)"
    R"("source_event_ids":["evt_01ARZ3NDEKTSV4RRFFQ69G5FB1"],"domains":["build","ci"],)"
    R"("entities":["cmake"],"candidate_meaning":null,"confidence":1},{"summary":"t",)"
    R"("source_event_ids":["evt_01ARZ3NDEKTSV4RRFFQ69G5FB1"],"domains":["docs","ci"],)"
    R"("entities":[],"confidence":0}],"memory_candidates":[{"memory_type":"correction",)"
    R"("claim":"c","source_episode_indexes":[1,0],"applies_when":["a"],)"
    R"("does_not_apply_when":[],"confidence":0.8,"initial_salience":{"reusability":0.5,)"
    R"("consequence":0.25,"emotional_charge":0.0}}],"contradictions":[{"any":1}],)"
    R"("doctrine_suggestions":["thing"]})";

// The document with one occurrence of `from` replaced.
std::string with(std::string_view from, std::string_view to) {
  std::string text(kDocument);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& text, std::string_view token = kInvalidSchema) {
  const auto read = parse_reflection(text);
  if (read.ok()) return "accepted";
  EXPECT_EQ(read.error().code, Code::kQuarantined);
  EXPECT_EQ(read.error().token, token);
  return read.error().message;
}

TEST(Reflection, IsReadAsItStands) {
  const auto read = parse_reflection(kDocument);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->trace_id, "trc_01ARZ3NDEKTSV4RRFFQ69G5FAV");
  ASSERT_EQ(read->memories.size(), 1U);
  const MemoryCandidate& memory = read->memories[0];
  EXPECT_EQ(memory.type, "correction");
  EXPECT_EQ(read->events_of(memory).size(), 2U);
  EXPECT_EQ(read->domains_of(memory), (std::vector<std::string>{"docs", "ci", "build"}));
  EXPECT_EQ(json::write_compact(to_json(memory.salience)),
            R"({"consequence":0.25,"emotional_charge":0.0,"reusability":0.5})");
  EXPECT_EQ(read->contradictions.size(), 1U);
}

TEST(Reflection, RefusesWhatIsNotJson) {
  for (const std::string text : {"", "not json", "{} {}", "\xFF"}) {
    EXPECT_NE(refusal(text, kInvalidJson).find("is not JSON"), std::string::npos) << text;
  }
}

struct Case {
  std::string_view from, to, message;
};

TEST(Reflection, NamesTheFirstMemberThatIsWrong) {
  for (const Case& c : std::initializer_list<Case>{
           {R"("summary":"s",)", "", "episode_candidates[0].summary is missing"},
           {R"("summary":"s",)", R"("summary":"s","x":1,)", "episode_candidates[0].x is not known"},
           {R"("trace_id":"trc_01arz)", R"("trace_id":"evt_01arz)", "trace_id is no trace id"},
           {R"(["evt_01ARZ3NDEKTSV4RRFFQ69G5FB1"])", R"(["evt_1"])",
            "episode_candidates[0].source_event_ids[0] is no event id"},
           {R"("candidate_meaning":null)", R"("candidate_meaning":1)",
            "episode_candidates[0].candidate_meaning is no string"},
           {R"("correction")", R"("doctrine")",
            "memory_candidates[0].memory_type has the unknown value \"doctrine\""},
           {R"("claim":"c")", R"("claim":" ")", "memory_candidates[0].claim is blank"},
           {"[1,0]", "[1,2]",
            "memory_candidates[0].source_episode_indexes names the episode 2 of 2"},
           {"[1,0]", "[1,0.0]",
            "memory_candidates[0].source_episode_indexes[1] is no whole number from 0 on"},
           {R"("confidence":0.8)", R"("confidence":1.1)",
            "memory_candidates[0].confidence must be between 0.0 and 1.0"},
           {R"("consequence":0.25)", R"("consequence":-0.1)",
            "memory_candidates[0].initial_salience.consequence must be between 0.0 and 1.0"},
           {R"("confidence":1})", R"("confidence":"1"})",
            "episode_candidates[0].confidence is no number"},
           {R"([{"any":1}])", "null", "contradictions is no array"},
           {R"("doctrine_suggestions":["thing"])", R"("authority":"operator")",
            "authority is not known"},
       }) {
    EXPECT_EQ(refusal(with(c.from, c.to)), c.message);
  }
  EXPECT_EQ(refusal("[]"), "the document is no object");
}

TEST(Reflection, IsBounded) {
  std::string many = "[1";
  for (std::size_t i = 0; i < kCandidatesMax; ++i) many += ",1";
  EXPECT_EQ(refusal(with(R"([{"any":1}])", many + "]")),
            cat("contradictions has more than ", kCandidatesMax, " elements"));
  EXPECT_EQ(refusal(with(R"("claim":"c")",
                         cat(R"("claim":")", std::string(kTextBytesMax + 1, 'c'), "\""))),
            cat("memory_candidates[0].claim is longer than ", kTextBytesMax, " bytes"));
}

}  // namespace
}  // namespace cortex::reflect
