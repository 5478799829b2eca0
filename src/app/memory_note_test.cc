#include "app/memory_note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "app/stored_memories_fixture.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;

class MemoryNoteTest : public StoredMemoriesTest {
 protected:
  Error refused(NoteRequest request) {
    const std::string before = get(layout_.event_log_path);
    const auto report = note(services_, layout_, {}, std::move(request));
    EXPECT_FALSE(report.ok());
    EXPECT_EQ(get(layout_.event_log_path), before);
    return report.ok() ? Error{} : report.error();
  }
};

TEST_F(MemoryNoteTest, AClaimHasALimit) {
  const Error error = refused({.claim = std::string(10U << 20U, 'x'), .domains = {}});
  EXPECT_EQ(error.code, Code::kUsage);
  EXPECT_LT(error.text().size(), 1000U) << "the message does not repeat it";
  const auto longest =
      note(services_, layout_, {}, {.claim = std::string(kClaimBytesMax, 'x'), .domains = {}});
  EXPECT_TRUE(longest.ok()) << longest.error().text();
}

TEST_F(MemoryNoteTest, AReasonIsLimitedLikeAClaim) {
  for (const std::string& reason :
       {std::string("no \xFF text"), std::string("  "), std::string(kClaimBytesMax + 1, 'x')}) {
    const Error error = refused({.claim = "x", .domains = {}, .reason = reason});
    EXPECT_EQ(error.code, Code::kUsage);
    EXPECT_THAT(error.message, HasSubstr("the reason "));
  }
}

TEST_F(MemoryNoteTest, WhatIsNoConfidenceIsRefused) {
  for (const double confidence : {std::numeric_limits<double>::quiet_NaN(), -0.1, 1.1,
                                  std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(refused({.claim = "x", .domains = {}, .confidence = confidence}).code, Code::kUsage);
  }
}

// As text, the year 10000 comes before today.
TEST_F(MemoryNoteTest, ValidityInAYearThatCannotBeKept_IsRefused) {
  for (const char* time : {"+10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"}) {
    EXPECT_EQ(refused({.claim = "x", .domains = {}, .valid_from = time}).code, Code::kUsage);
    EXPECT_EQ(refused({.claim = "x", .domains = {}, .valid_until = time}).code, Code::kUsage);
  }
}

TEST_F(MemoryNoteTest, RecalledTextIsNoMemory) {
  const auto first = note(services_, layout_, {},
                          {.claim = "the checkout counts whole cents only", .domains = {}});
  ASSERT_TRUE(first.ok()) << first.error().text();
  const Error error = refused(
      {.claim = cat(first->memory_id, "\tthe checkout counts whole cents only"), .domains = {}});
  EXPECT_THAT(error.token, HasSubstr("recalled_text"));
}

}  // namespace
}  // namespace cortex::app
