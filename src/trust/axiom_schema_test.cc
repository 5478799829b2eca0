#include "trust/axiom_schema.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace cortex::trust {
namespace {

json::Value document(const std::string& name) {
  std::ifstream in(std::string(CORTEX_TEST_DATA) + "/memory/axiom/" + name);
  std::stringstream text;
  text << in.rdbuf();
  return json::parse(text.str()).value();
}

constexpr const char* kContextFile = "cortex-context-trust.json";
constexpr const char* kLoopFile = "authority-feedback-loop.json";

json::Value changed(json::Value envelope, const std::string& key, json::Value value) {
  envelope.as_object()->set(key, std::move(value));
  return envelope;
}

TEST(AxiomSchema, WrappedAndBareEnvelopesAreTheSame) {
  const json::Value wrapped = document(kContextFile);
  const auto inner = read_envelope(Envelope::kContextTrust, wrapped);
  ASSERT_TRUE(inner.ok());
  const auto bare = read_envelope(Envelope::kContextTrust, *inner);
  ASSERT_TRUE(bare.ok());
  EXPECT_EQ(json::canonical(*inner), json::canonical(*bare));
}

TEST(AxiomSchema, TheLoopIsNeverWrapped) {
  const json::Value loop = document(kLoopFile);
  EXPECT_TRUE(read_envelope(Envelope::kFeedbackLoop, loop).ok());
  EXPECT_FALSE(
      read_envelope(Envelope::kFeedbackLoop, json::Object{{"authority_feedback_loop", loop}}).ok());
}

TEST(AxiomSchema, WhatDoesNotFitIsNamedByItsPath) {
  const json::Value good = read_envelope(Envelope::kContextTrust, document(kContextFile)).value();
  struct Case {
    const char* key;
    json::Value value;
    const char* says;
  };
  const Case cases[] = {
      {"surprise", 1, "cortex_context_trust.surprise is not known"},
      {"context_id", 7, "cortex_context_trust.context_id is no string"},
      {"truth_ceiling", "promoted_by_cortex", "truth_ceiling has the unknown value"},
      {"version", -1, "cortex_context_trust.version is no count"},
      {"allowed_use", json::Array{"render_only", "other"}, "allowed_use[1] has the unknown value"},
      {"source_anchors", json::Array{json::Object{}}, "source_anchors[0].source_id is missing"},
      {"semantic_trust", nullptr, "cortex_context_trust.semantic_trust is no object"},
  };
  for (const Case& c : cases) {
    const auto read = read_envelope(Envelope::kContextTrust, changed(good, c.key, c.value));
    ASSERT_FALSE(read.ok()) << c.key;
    EXPECT_NE(read.error().message.find(c.says), std::string::npos) << read.error().message;
    EXPECT_EQ(read.error().token, "cortex_context_trust.envelope.schema_drift");
    EXPECT_EQ(read.error().code, Code::kQuarantined);
  }
  EXPECT_TRUE(read_envelope(Envelope::kContextTrust, changed(good, "confidence", nullptr)).ok());
}

}  // namespace
}  // namespace cortex::trust
