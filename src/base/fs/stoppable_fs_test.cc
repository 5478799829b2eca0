#include "base/fs/stoppable_fs.h"

#include <gtest/gtest.h>

#include <string>

#include "base/fs/test_dir.h"
#include "base/stop.h"

namespace cortex::fs {
namespace {

TEST(StoppableFs, ReadingEndsBetweenTwoBlocks_WritersFinish) {
  const TestDir folder;
  const std::string path = folder / "f";
  ASSERT_TRUE(write_new(posix(), path, "abcdef", 0600).ok());
  std::stop_source source;
  StoppableFs files(posix(), source.get_token());
  const auto reader = files.open(path, Open::kRead, 0600);
  const auto writer = files.open(path, Open::kAppend, 0600);
  ASSERT_TRUE(reader.ok() && writer.ok());
  std::string block(3, '\0');
  ASSERT_TRUE((*reader)->read_at(0, block).ok());
  EXPECT_EQ(block, "abc");

  source.request_stop();
  const auto stopped = (*reader)->read_at(3, block);
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().token, kCalledOffToken);
  EXPECT_TRUE((*writer)->append("g").ok());
  EXPECT_TRUE((*writer)->read_at(4, block).ok());
  EXPECT_EQ(block, "efg");
  EXPECT_TRUE((*writer)->sync_data().ok());
  EXPECT_TRUE(files.remove_file(path).ok());
  EXPECT_EQ(files.stat(path)->kind, Kind::kMissing);
}

class CountingOverwrites final : public ForwardFs {
 public:
  Status overwrite(const std::string& path, std::string_view bytes) override {
    ++count;
    return ForwardFs::overwrite(path, bytes);
  }
  int count = 0;
};

// Not in steps of its own: the system has the better way.
TEST(StoppableFs, OverwritingIsHandedOn) {
  const TestDir folder;
  const std::string path = folder / "f";
  CountingOverwrites inner;
  StoppableFs files(inner, {});
  ASSERT_TRUE(files.overwrite(path, "longer").ok());
  ASSERT_TRUE(files.overwrite(path, "short").ok());
  EXPECT_EQ(inner.count, 2);
  EXPECT_EQ(read_all(posix(), path, 100).value(), "short");
}

}  // namespace
}  // namespace cortex::fs
