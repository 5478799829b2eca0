#include <gtest/gtest.h>

#include "base/fs/fs.h"

namespace cortex::fs {
namespace {

struct Row {
  const char *path, *parent, *name;
};
constexpr Row kRows[] = {
    {"a/b", "a", "b"},     {"b", ".", "b"},    {"/", "/", ""},        {"/a", "/", "a"},
    {"a/b/", "a", "b"},    {"a//b", "a", "b"}, {"//a", "/", "a"},     {"/a/b//", "/a", "b"},
    {".", ".", ""},        {"..", ".", ""},    {"a/..", "a", ""},     {"", ".", ""},
    {"a/b.c", "a", "b.c"}, {"///", "/", ""},   {"a/...", "a", "..."},
};

TEST(Paths, ParentAndName) {
  for (const Row& row : kRows) {
    EXPECT_EQ(parent_of(row.path), row.parent) << row.path;
    EXPECT_EQ(name_of(row.path), row.name) << row.path;
  }
}

TEST(Paths, JoinAddsExactlyOneSlash) {
  EXPECT_EQ(join("a", "b"), "a/b");
  EXPECT_EQ(join("a/", "b"), "a/b");
  EXPECT_EQ(join("/", "b"), "/b");
  EXPECT_EQ(join("", "b"), "b");
  EXPECT_EQ(join("a", ""), "a");
}

TEST(Paths, OnlyWholeComponentsAreParentSteps) {
  for (const char* path : {"..", "a/..", "../a", "a/../b", "/.."}) {
    EXPECT_TRUE(has_parent_step(path)) << path;
  }
  for (const char* path : {"", "a..b", "...", "a/..b", "a/b../c", "."}) {
    EXPECT_FALSE(has_parent_step(path)) << path;
  }
}

}  // namespace
}  // namespace cortex::fs
