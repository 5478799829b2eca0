#include "app/session_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;

class SessionTextTest : public AppTest {
 protected:
  Result<IngestReport> close(std::string text) {
    return ingest_text(services_, layout_, std::move(text));
  }
};

TEST_F(SessionTextTest, EventsAreAppendedOnce) {
  const std::string text = session_of({event(1), event(2)});
  const auto first = close(text);
  ASSERT_TRUE(first.ok()) << first.error().text();
  EXPECT_EQ(first->appended.size(), 2U);
  const auto again = close(text);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->appended.size(), 0U);
  EXPECT_EQ(again->skipped.size(), 2U);
}

TEST_F(SessionTextTest, EmptySessionsAreFine) {
  ASSERT_TRUE(close("[]").ok());
  ASSERT_TRUE(close("{\"events\":[]}").ok());
}

TEST_F(SessionTextTest, RefusalsNameThePlace_AndWriteNothing) {
  const std::string good = session_of({event(1)});
  const std::pair<std::string, const char*> cases[] = {
      {"", "invalid JSON"},
      {"{", "invalid JSON"},
      {"{\"events\":3}", "events field is not an array"},
      {good.substr(0, good.size() - 2) + ",{}]}", "event[1] failed to deserialize"},
      {"[5]", "event[0] failed to deserialize"}};
  for (const auto& [text, said] : cases) {
    const auto report = close(text);
    ASSERT_FALSE(report.ok()) << text;
    EXPECT_EQ(report.error().code, Code::kInternal) << text;
    EXPECT_THAT(report.error().message, HasSubstr(said));
  }
  EXPECT_EQ(get(log_), "");
}

TEST_F(SessionTextTest, UserEventsAndCorrectionsAreRefused) {
  core::Event user = event(1);
  user.source.type = core::SourceType::kUser;
  const auto by_user = close(session_of({user}));
  ASSERT_FALSE(by_user.ok());
  EXPECT_THAT(by_user.error().message, HasSubstr("attestation"));
  core::Event correction = event(1);
  correction.source.type = core::SourceType::kManualCorrection;
  const auto corrected = close(session_of({correction}));
  ASSERT_FALSE(corrected.ok());
  EXPECT_EQ(corrected.error().code, Code::kPrecondition);
  EXPECT_THAT(corrected.error().message, HasSubstr("Reject"));
  EXPECT_EQ(get(log_), "");
}

TEST_F(SessionTextTest, MoreThanTheLimitIsRefused) {
  const auto report = close(std::string(kSessionTextBytesMax + 1, ' '));
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error().message, HasSubstr("exceeds 5MB limit"));
}

}  // namespace
}  // namespace cortex::app
