#include "bundle/page_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/fs/test_dir.h"

namespace cortex::bundle {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kPage = 4096;

class PageDiffTest : public testing::Test {
 protected:
  // Pages that tell their numbers.
  static std::string store_of(std::size_t pages) {
    std::string bytes(pages * kPage, '\0');
    for (std::size_t i = 0; i < pages; ++i) {
      const std::uint64_t mark = (i + 1) * 0x9E3779B97F4A7C15ULL;
      std::memcpy(bytes.data() + i * kPage + 17, &mark, sizeof mark);
    }
    return bytes;
  }
  std::vector<std::uint64_t> diff(const std::string& base, const std::string& live) {
    const std::string base_path = folder_ / "cortex.db", live_path = folder_ / "live.db";
    for (const auto& [path, bytes] : {std::pair(base_path, base), std::pair(live_path, live)}) {
      static_cast<void>(fs_.remove_file(path).ok());  // of the case before
      EXPECT_TRUE(fs::write_new(fs_, path, bytes, 0600).ok());
    }
    Chain chain;
    chain.base_dir = folder_.path();
    chain.base.store = {"cortex.db", base.size(),
                        digest_file(fs_, base_path, Source::kAnywhere)->blake3};
    const auto file = fs_.open(live_path, fs::Open::kRead).value();
    std::vector<std::uint64_t> numbers;
    const auto result = diff_pages(
        fs_, chain,
        [&file](std::uint64_t offset, std::span<char> out) { return file->read_at(offset, out); },
        live.size(),
        [&](std::uint64_t number, std::string_view page) -> Status {
          EXPECT_EQ(page, std::string_view(live).substr((number - 1) * kPage, kPage));
          numbers.push_back(number);
          return {};
        });
    EXPECT_TRUE(result.ok()) << result.error().text();
    if (!result.ok()) return {};
    EXPECT_EQ(result->base, digest_file(fs_, base_path, Source::kAnywhere).value());
    EXPECT_EQ(result->store, digest_file(fs_, live_path, Source::kAnywhere).value());
    return numbers;
  }

  fs::FileSystem& fs_ = fs::posix();
  fs::TestDir folder_;
};

TEST_F(PageDiffTest, ChangedPagesAreNamedInOrder_OfShortFilesAndOfLongOnes) {
  for (const std::size_t pages : {1U, 5U, 256U, 257U, 2047U, 2048U, 6000U}) {
    SCOPED_TRACE(pages);
    const std::string base = store_of(pages);
    std::string live = base;
    EXPECT_THAT(diff(base, live), IsEmpty());
    live[3] = 'x';
    live[(pages / 2) * kPage + 4095] = 'x';
    live.back() = 'x';
    const auto numbers = diff(base, live);
    ASSERT_FALSE(numbers.empty());
    EXPECT_EQ(numbers.front(), 1U);
    EXPECT_EQ(numbers.back(), pages);
    EXPECT_TRUE(std::ranges::is_sorted(numbers));
    EXPECT_LE(numbers.size(), 3U);
  }
}

TEST_F(PageDiffTest, FilesOfOtherLengths_HaveNewPagesOrFewer) {
  EXPECT_THAT(diff(store_of(3), store_of(5)), ElementsAre(4, 5));
  EXPECT_THAT(diff(store_of(5), store_of(3)), IsEmpty());
  EXPECT_THAT(diff("", store_of(2)), ElementsAre(1, 2));
  EXPECT_THAT(diff(store_of(2), ""), IsEmpty());
  EXPECT_THAT(diff(store_of(3000), store_of(3001)), ElementsAre(3001));
  EXPECT_THAT(diff(store_of(3001), store_of(3000)), IsEmpty());
  EXPECT_EQ(diff(store_of(256), store_of(2600)).size(), 2600U - 256U);
}

}  // namespace
}  // namespace cortex::bundle
