#include "cli/envelope.h"

#include <gtest/gtest.h>

namespace cortex::cli {
namespace {

class FixedClock : public Clock {
 public:
  explicit FixedClock(Timestamp t) : now_(t) {}
  Timestamp now() override { return now_; }

 private:
  Timestamp now_;
};

TEST(Envelope, KeysStandInTheRecordedOrder) {
  const std::string text = envelope("cortex.backup", Code::kPrecondition, nullptr,
                                    json::Value(json::Object{{"b", 1}, {"a", 2}}), "cmd_a_b");
  EXPECT_EQ(text,
            "{\n  \"command\": \"cortex.backup\",\n  \"exit_code\": 7,\n"
            "  \"outcome\": \"precondition_unmet\",\n  \"report\": null,\n"
            "  \"policy_outcome\": {\n    \"b\": 1,\n    \"a\": 2\n  },\n"
            "  \"correlation_id\": \"cmd_a_b\"\n}\n");
}

TEST(Envelope, EmptyContainersAndOtherScriptsAreWrittenAsTheyAre) {
  const std::string text =
      envelope("cortex.init", Code::kOk,
               json::Object{{"n", json::Array{}}, {"o", json::Object{}}, {"t", "zw\xC3\xB6lf"}},
               std::nullopt, "c");
  EXPECT_NE(text.find("\"n\": [],\n    \"o\": {},\n    \"t\": \"zw\xC3\xB6lf\""),
            std::string::npos);
  EXPECT_EQ(text.find("policy_outcome"), std::string::npos);
}

TEST(Envelope, OutcomeMayBeOverridden) {
  EXPECT_NE(envelope("c", Code::kOk, nullptr, std::nullopt, "x", "warned").find("\"warned\""),
            std::string::npos);
}

TEST(Envelope, EveryCodeHasItsToken) {
  EXPECT_EQ(outcome_token(Code::kOk), "ok");
  EXPECT_EQ(outcome_token(Code::kUsage), "usage");
  EXPECT_EQ(outcome_token(Code::kIntegrity), "integrity_failure");
  EXPECT_EQ(outcome_token(Code::kSchema), "schema_mismatch");
  EXPECT_EQ(outcome_token(Code::kQuarantined), "quarantined_input");
  EXPECT_EQ(outcome_token(Code::kChain), "chain_corruption");
  EXPECT_EQ(outcome_token(Code::kPrecondition), "precondition_unmet");
  EXPECT_EQ(outcome_token(Code::kInternal), "internal");
}

TEST(CorrelationId, IsTimeAndProcessInHex) {
  FixedClock clock({.seconds = 1, .nanos = 5});
  EXPECT_EQ(correlation_id(clock, 255), "cmd_3b9aca05_ff");
  FixedClock before_1970({.seconds = -5, .nanos = 1});
  EXPECT_EQ(correlation_id(before_1970, 1), "cmd_1_1");
}

}  // namespace
}  // namespace cortex::cli
