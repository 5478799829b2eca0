#include "sqlite/failure.h"

#include <sqlite3.h>

#include <gtest/gtest.h>

#include "base/fs/test_dir.h"
#include "base/text.h"

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

TEST(Failure, OfTheFileNamesTheFileOnce) {
  const fs::TestDir folder;
  const std::string path = folder / "x.db";
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  const std::string shown = quoted(path, 1000);
  EXPECT_TRUE(
      sqlite_error(db, SQLITE_CORRUPT, "cannot read").message.ends_with(cat(", in ", shown)));
  EXPECT_EQ(sqlite_error(db, SQLITE_CONSTRAINT, "cannot write").message.find(shown),
            std::string::npos);
  const std::string message = sqlite_error(db, SQLITE_NOTADB, cat("cannot open ", shown)).message;
  EXPECT_EQ(message.find(shown), message.rfind(shown));
  sqlite3_close(db);
}

TEST(Failure, WhatACrashLeftIsNoMatterOfPermissions) {
  for (const int code : {SQLITE_READONLY_ROLLBACK, SQLITE_READONLY_RECOVERY}) {
    const Error error = sqlite_error(nullptr, code, "cannot read");
    EXPECT_EQ(failure_of(error), Failure::kReadOnly);
    EXPECT_NE(error.next.find("cortex doctor --repair"), std::string::npos) << error.next;
  }
  EXPECT_NE(sqlite_error(nullptr, SQLITE_READONLY, "x").next.find("permissions"),
            std::string::npos);
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
