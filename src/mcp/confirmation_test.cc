#include "mcp/confirmation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text.h"

namespace cortex::mcp {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class ConfirmationTest : public testing::Test {
 protected:
  Status check(Confirmation& confirmation, std::string_view arguments) {
    const json::Value value = json::parse(arguments).value();
    return confirmation.check(Arguments(*value.as_object()));
  }
  Status check_token(Confirmation& confirmation, std::string_view token) {
    return check(confirmation, cat(R"({"confirmation_token":")", token, "\"}"));
  }
};

TEST_F(ConfirmationTest, TokensAreSixCharacters_AndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const Confirmation confirmation(system_random(), false);
    EXPECT_THAT(confirmation.token(), MatchesRegex("[A-Z0-9]{6}"));
    seen.insert(confirmation.token());
  }
  EXPECT_GT(seen.size(), 95U);
}

TEST_F(ConfirmationTest, ChecksComeInOrder) {
  Confirmation confirmation(system_random(), false);
  EXPECT_THAT(check(confirmation, "{}").error().message, HasSubstr("confirmation_token"));
  EXPECT_THAT(check(confirmation, R"({"confirmation_token":5})").error().message,
              HasSubstr("confirmation_token"));
  EXPECT_THAT(check_token(confirmation, "").error().message, HasSubstr("must not be empty"));
  EXPECT_THAT(check_token(confirmation, cat(confirmation.token(), "x")).error().message,
              HasSubstr("invalid confirmation token"));
  EXPECT_TRUE(check_token(confirmation, confirmation.token()).ok());
  EXPECT_TRUE(check_token(confirmation, confirmation.token()).ok());
}

TEST_F(ConfirmationTest, AfterFiveWrongOnesNoneIsTaken) {
  Confirmation confirmation(system_random(), false);
  for (int i = 0; i < Confirmation::kWrongTriesMax; ++i) {
    EXPECT_FALSE(check_token(confirmation, "wrong").ok());
  }
  EXPECT_FALSE(check_token(confirmation, confirmation.token()).ok());
}

TEST_F(ConfirmationTest, AutoCommitStillWantsTheArgument) {
  Confirmation confirmation(system_random(), true);
  EXPECT_FALSE(check(confirmation, "{}").ok());
  EXPECT_FALSE(check(confirmation, R"({"confirmation_token":5})").ok());
  EXPECT_TRUE(check_token(confirmation, "").ok());
}

}  // namespace
}  // namespace cortex::mcp
