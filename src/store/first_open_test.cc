// Many first opens of one fresh store at the same moment, as agents start together.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <thread>
#include <vector>

#include "store/open.h"
#include "store/private_schema.h"
#include "store/schema_check.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

constexpr int kOpeners = 8;

class FirstOpen : public testing::Test {
 protected:
  void SetUp() override { std::ofstream{path_}; }
  void expect_complete_store() {
    sqlite::Connection db = sqlite::Connection::open(path_, sqlite::OpenMode::kReadWrite).value();
    EXPECT_EQ(db.query_int("SELECT count(*) FROM _migrations").value(), 10);
    EXPECT_TRUE(is_private_schema_complete(db).value());
    EXPECT_TRUE(check_schema(db).value().empty());
    EXPECT_EQ(db.query_text("PRAGMA integrity_check").value(), "ok");
  }

  fs::TestDir folder_;
  std::string path_ = folder_ / "cortex.db";
};

TEST_F(FirstOpen, EightThreadsAllSucceedAndApplyEachMigrationOnce) {
  std::latch start(kOpeners);
  std::atomic<std::size_t> applied = 0;
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kOpeners; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      const auto opened = open_for_writing(path_);
      if (opened.ok()) {
        applied += opened->applied.size();
      } else {
        ++failed;
        ADD_FAILURE() << opened.error().message;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(applied, 10U);
  expect_complete_store();
}

TEST_F(FirstOpen, EightProcessesAllSucceed) {
  int go[2];
  ASSERT_EQ(pipe(go), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < kOpeners; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      char ignored = 0;
      close(go[1]);
      (void)!read(go[0], &ignored, 1);  // returns when the parent closes the pipe
      _exit(open_for_writing(path_).ok() ? 0 : 1);
    }
    children.push_back(child);
  }
  close(go[0]);
  close(go[1]);
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  expect_complete_store();
}

}  // namespace
}  // namespace cortex::store
