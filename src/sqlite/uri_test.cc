#include "sqlite/uri.h"

#include <gtest/gtest.h>

namespace cortex::sqlite {
namespace {

TEST(FileUri, AbsolutePathHasEmptyAuthority) {
  EXPECT_EQ(file_uri("/a/b.db", ""), "file:///a/b.db");
  EXPECT_EQ(file_uri("//host/b.db", ""), "file:////host/b.db");
}

TEST(FileUri, RelativePathCannotMeanMemory) {
  EXPECT_EQ(file_uri(":memory:", ""), "file:./%3Amemory%3A");
}

TEST(FileUri, SyntaxCharactersAndForeignBytesAreEncoded) {
  EXPECT_EQ(file_uri("/a b?c#d%e\xc3\xa9", "mode=ro"), "file:///a%20b%3Fc%23d%25e%C3%A9?mode=ro");
}

}  // namespace
}  // namespace cortex::sqlite
