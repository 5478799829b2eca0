#include "sqlite/failure.h"

#include <sqlite3.h>

#include <gtest/gtest.h>

namespace cortex::sqlite {
namespace {

TEST(Failure, PrimaryCodeBecomesTokenAndIsReadBack) {
  const Error error = sqlite_error(nullptr, SQLITE_NOTADB, "cannot read");
  EXPECT_EQ(error.token, "sqlite.notadb");
  EXPECT_EQ(error.code, Code::kInternal);
  EXPECT_EQ(failure_of(error), Failure::kNotADatabase);
  EXPECT_FALSE(error.next.empty());
}

TEST(Failure, ExtendedCodeCountsAsItsPrimaryOne) {
  EXPECT_EQ(failure_of(sqlite_error(nullptr, SQLITE_BUSY_SNAPSHOT, "x")), Failure::kBusy);
  EXPECT_EQ(failure_of(sqlite_error(nullptr, SQLITE_CONSTRAINT_UNIQUE, "x")), Failure::kConstraint);
}

TEST(Failure, UnlistedCodeIsOther) {
  EXPECT_EQ(failure_of(sqlite_error(nullptr, SQLITE_SCHEMA, "x")), Failure::kOther);
}

TEST(Failure, ErrorOfAnotherRoomIsNone) {
  EXPECT_EQ(failure_of(make_error(Code::kInternal, "disk on fire")), Failure::kNone);
  EXPECT_EQ(token_of(Failure::kNone), "");
}

TEST(Failure, TokenSurvivesContextAndCode) {
  Error error = sqlite_error(nullptr, SQLITE_FULL, "cannot write");
  error = with_code(with_context(std::move(error), "mirror"), Code::kPrecondition);
  EXPECT_EQ(failure_of(error), Failure::kFull);
}

}  // namespace
}  // namespace cortex::sqlite
