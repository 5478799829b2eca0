#include "app/session_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "app/app_fixture.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;

class SessionFileTest : public AppTest {
 protected:
  Error refused(const std::string& path) {
    auto session = SessionFile::open(fs_, path);
    EXPECT_FALSE(session.ok()) << path;
    if (session.ok()) return {};
    EXPECT_EQ(session.error().code, Code::kPrecondition) << path;
    EXPECT_EQ(session.error().unchanged, "the ledger was not changed");
    return session.error();
  }
  static std::string all_of(SessionFile& session) {
    const ledger::ReadAt read = session.reader();
    std::string out, block(7, '\0');
    for (;;) {
      const std::size_t got = read(out.size(), block).value();
      if (got == 0) return out;
      out += block.substr(0, got);
    }
  }
  void link(const std::string& target, const std::string& path) {
    ASSERT_EQ(::symlink(target.c_str(), path.c_str()), 0);
  }
};

TEST_F(SessionFileTest, ParentStep_IsRefusedEvenWhereItLeadsBack) {
  put(folder_ / "a.json", "[]");
  EXPECT_THAT(refused(folder_ / "live/../a.json").message, HasSubstr("`..`"));
  EXPECT_THAT(refused("../a.json").message, HasSubstr("`..`"));
}

TEST_F(SessionFileTest, LinkOutOfTheFolderOfTheFile_IsRefused) {
  put(folder_ / "a.json", "[]");
  link(folder_ / "a.json", fs::join(live_, "out.json"));
  EXPECT_THAT(refused(fs::join(live_, "out.json")).message, HasSubstr("leaves its folder"));
}

TEST_F(SessionFileTest, Folder_IsCalledOne) {
  EXPECT_THAT(refused(live_).message, HasSubstr("is a folder"));
  EXPECT_THAT(refused(".").message, HasSubstr("is a folder"));
}

TEST_F(SessionFileTest, FolderThatOnlyBeginsLikeTheRoot_IsOutside) {
  const std::string beside = live_ + "-2";
  ASSERT_TRUE(fs_.make_directory(beside, 0700).ok());
  put(fs::join(beside, "a.json"), "[]");
  link(fs::join(beside, "a.json"), fs::join(live_, "out.json"));
  EXPECT_THAT(refused(fs::join(live_, "out.json")).message, HasSubstr("leaves its folder"));
}

TEST_F(SessionFileTest, LinkInsideTheFolder_IsFollowed) {
  put(folder_ / "a.json", "[1]");
  link("a.json", folder_ / "link.json");
  auto session = SessionFile::open(fs_, folder_ / "link.json");
  ASSERT_TRUE(session.ok()) << session.error().text();
  EXPECT_EQ(all_of(*session), "[1]");
}

TEST_F(SessionFileTest, MissingDanglingAndFolders_CannotBeRead) {
  link("nothing", folder_ / "dangling");
  for (const std::string& path :
       {folder_ / "none.json", folder_ / "none/none.json", folder_ / "dangling", live_,
        std::string("no-such-session.json"), std::string()}) {
    EXPECT_THAT(refused(path).message, HasSubstr("cannot be read")) << path;
  }
}

TEST_F(SessionFileTest, RegularFile_CanBeReadTwice) {
  const std::string text(100, 'x');
  auto session = SessionFile::open(fs_, session_file(text));
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(all_of(*session), text);
  EXPECT_EQ(all_of(*session), text);
}

TEST_F(SessionFileTest, Pipe_CanBeReadTwiceToo) {
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string text(50'000, 'x');
  const std::jthread writer([&] { std::ofstream(pipe) << text; });
  auto session = SessionFile::open(fs_, pipe);
  ASSERT_TRUE(session.ok()) << session.error().text();
  SessionFile moved = std::move(session).value();
  EXPECT_TRUE(all_of(moved) == text);
  EXPECT_TRUE(all_of(moved) == text);
}

}  // namespace
}  // namespace cortex::app
