#include "app/ingest_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "ledger/signed_fixture.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;
using testing::Not;

class IngestRulesTest : public AppTest {
 protected:
  Result<Examination> examine(const std::string& text) {
    SessionFile session = SessionFile::open(fs_, session_file(text)).value();
    return examine_session(session);
  }
  Status judge(const std::vector<core::Event>& events) {
    CORTEX_ASSIGN(const Examination seen, examine(session_of(events)));
    return apply_ingest_rules(seen);
  }
  static core::Event from(std::uint64_t n, core::SourceType type, std::string name = "") {
    core::Event out = event(n);
    out.source = {type, std::move(name)};
    return out;
  }
};

TEST_F(IngestRulesTest, SourcesOfTierObserved_Pass) {
  using core::SourceType;
  const Status status =
      judge({from(1, SourceType::kRuntime), from(2, SourceType::kTool, "git"),
             from(3, SourceType::kExternalOutcome), from(4, SourceType::kChildAgent, "model-x")});
  EXPECT_TRUE(status.ok()) << status.error().text();
  EXPECT_TRUE(judge({}).ok());
}

TEST_F(IngestRulesTest, BlankNames_AreBelowTheTier) {
  for (const auto type : {core::SourceType::kTool, core::SourceType::kChildAgent}) {
    for (const char* name : {"", " \t"}) {
      const Status status = judge({event(1), from(2, type, name), from(3, type, name)});
      ASSERT_FALSE(status.ok());
      EXPECT_EQ(status.error().code, Code::kPrecondition);
      EXPECT_THAT(status.error().message,
                  HasSubstr("policy.ingest.event_source_tier_gate.below_minimum"));
      EXPECT_THAT(status.error().message, HasSubstr(id_of(2))) << "the first one is named";
      EXPECT_THAT(status.error().message, Not(HasSubstr("user_attestation")));
    }
  }
}

TEST_F(IngestRulesTest, ManualCorrection_IsBelowTheTierButNoUserEvent) {
  const Status status = judge({from(1, core::SourceType::kManualCorrection)});
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("below_minimum"));
  EXPECT_THAT(status.error().message, Not(HasSubstr("user_attestation")));
}

TEST_F(IngestRulesTest, UserEvents_AreCountedAndTheFirstFiveNamed) {
  std::vector<core::Event> events;
  for (std::uint64_t n = 1; n <= 6; ++n) events.push_back(from(n, core::SourceType::kUser));
  const Status status = judge(events);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kPrecondition);
  const std::string& message = status.error().message;
  EXPECT_THAT(message, HasSubstr("policy_outcome=Reject"));
  EXPECT_THAT(message, HasSubstr("policy.ingest.user_attestation.missing: 6 user events"));
  EXPECT_THAT(message, HasSubstr(id_of(5)));
  EXPECT_THAT(message, Not(HasSubstr(id_of(6))));
  EXPECT_THAT(message, HasSubstr("below_minimum")) << "both rules are named";
}

TEST_F(IngestRulesTest, WithAKeyPeopleAreHeard_NamelessToolsAreNot) {
  const std::vector<core::Event> people = {from(1, core::SourceType::kUser),
                                           from(2, core::SourceType::kManualCorrection)};
  const Examination seen = examine(session_of(people)).value();
  EXPECT_FALSE(apply_ingest_rules(seen, false).ok());
  EXPECT_TRUE(apply_ingest_rules(seen, true).ok());
  const Examination nameless =
      examine(session_of({people[0], from(3, core::SourceType::kTool, " ")})).value();
  const Status status = apply_ingest_rules(nameless, true);
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr(id_of(3)));
}

TEST_F(IngestRulesTest, BoundaryAndRotationRows_AreTheRuntimes) {
  core::Event boundary = from(1, core::SourceType::kTool, "git");
  boundary.payload = "{\"kind\":\"schema_migration.v1_to_v2\"}";
  core::Event rotation = from(1, core::SourceType::kExternalOutcome);
  rotation.payload = ledger::rotation_payload(ledger::test_key(7), ledger::test_key(8).public_key(),
                                              ledger::kSignedAt);
  for (core::Event event : {boundary, rotation}) {
    const auto refused = examine(session_of({event}));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::kPrecondition);
    EXPECT_EQ(refused.error().token, "ingest.payload_kind_reserved");
    event.source = {core::SourceType::kRuntime, ""};
    EXPECT_TRUE(examine(session_of({event})).ok());
    event.type = core::EventType::kToolResult;
    event.source = {core::SourceType::kTool, "git"};
    EXPECT_TRUE(examine(session_of({event})).ok()) << "nobody reads it as one";
  }
}

TEST_F(IngestRulesTest, UnknownSchemaVersion_IsUsage) {
  for (const std::uint16_t version : {std::uint16_t{0}, std::uint16_t{3}}) {
    core::Event odd = event(1);
    odd.schema_version = version;
    const auto seen = examine(session_of({odd}));
    ASSERT_FALSE(seen.ok()) << version;
    EXPECT_EQ(seen.error().code, Code::kUsage);
    EXPECT_THAT(seen.error().message, HasSubstr("schema_version"));
  }
  core::Event old = event(1);
  old.schema_version = 1;
  EXPECT_TRUE(examine(session_of({old})).ok());
}

TEST_F(IngestRulesTest, RepeatedId_IsUsageBeforeAnyPolicy) {
  const Status status = judge({from(1, core::SourceType::kUser), event(1)});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kUsage);
  EXPECT_THAT(status.error().message, HasSubstr("occurs twice"));
}

TEST_F(IngestRulesTest, OverriddenEventsMember_IsForgotten) {
  const std::string refused = session_of({from(1, core::SourceType::kUser)});
  const std::string good = session_of({event(1)});
  const auto seen = examine(cat(refused.substr(0, refused.size() - 1), ",", good.substr(1)));
  ASSERT_TRUE(seen.ok()) << seen.error().text();
  EXPECT_TRUE(seen->user_events.empty());
  EXPECT_EQ(seen->ids.size(), 1U);
  EXPECT_TRUE(apply_ingest_rules(*seen).ok());
}

TEST_F(IngestRulesTest, FaultInTheText_NamesWhatStaysAsItWas) {
  const auto seen = examine("[{]");
  ASSERT_FALSE(seen.ok());
  EXPECT_EQ(seen.error().code, Code::kUsage);
  EXPECT_EQ(seen.error().unchanged, "the ledger was not changed");
}

}  // namespace
}  // namespace cortex::app
