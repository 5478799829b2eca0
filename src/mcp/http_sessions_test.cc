#include "mcp/http_sessions.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "mcp/mcp_fixture.h"

namespace cortex::mcp {
namespace {

using HttpSessionsTest = McpTest;

TEST_F(HttpSessionsTest, AreFoundUntilTheyAreClosed) {
  HttpSessions sessions(system_random());
  const std::string id = sessions.open(dispatcher_)->id;
  ASSERT_NE(sessions.find(id), nullptr);
  EXPECT_EQ(sessions.find(id)->id, id);
  EXPECT_EQ(sessions.find("other"), nullptr);
  EXPECT_TRUE(sessions.close(id));
  EXPECT_EQ(sessions.find(id), nullptr);
  EXPECT_FALSE(sessions.close(id));
}

// What it waits for at its end may need the other sessions.
TEST_F(HttpSessionsTest, TheOneThatGoesHoldsNoOtherUp) {
  HttpSessions sessions(system_random());
  std::future<std::shared_ptr<HttpSession>> looked;
  bool is_free = false;
  const std::string first = sessions.open(dispatcher_)->id;
  sessions.find(first)->connection.subscriptions->listen("1", [&] {
    looked = std::async(std::launch::async, [&] { return sessions.find("other"); });
    is_free = looked.wait_for(std::chrono::seconds(5)) == std::future_status::ready;
  });
  for (std::size_t i = 0; i < HttpSessions::kCountMax; ++i) sessions.open(dispatcher_);
  EXPECT_EQ(sessions.find(first), nullptr);
  EXPECT_TRUE(looked.valid());
  EXPECT_TRUE(is_free);
}

}  // namespace
}  // namespace cortex::mcp
