// Conversations over HTTP that began with a handshake: each has an id that only its client knows,
// what was agreed, and at most one stream for notifications that belong to no request.
#pragma once

#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "mcp/dispatcher.h"

namespace cortex::mcp {

// Texts on their way to a client: put in by any thread, taken out by the one that writes.
class Mailbox {
 public:
  static constexpr std::size_t kWaitingMax = 1000;  // the oldest are dropped then

  void put(std::string text);
  // What is there, waiting a moment for it; empty when nothing came.
  std::deque<std::string> take(std::chrono::milliseconds time);

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::string> texts_;
};

struct HttpSession {
  std::string id;
  Connection connection;
  std::shared_ptr<Mailbox> stream = std::make_shared<Mailbox>();
  std::uint64_t stream_number = 0;  // of the newest stream; older ones end
};

class HttpSessions {
 public:
  static constexpr std::size_t kCountMax = 256;  // then the one that was quiet longest goes

  explicit HttpSessions(Random& random) : random_(random) {}

  std::shared_ptr<HttpSession> open(const Dispatcher& dispatcher);
  // nullptr when there is none.
  std::shared_ptr<HttpSession> find(std::string_view id);
  bool close(std::string_view id);
  // Ends the stream that was open before.
  std::uint64_t open_stream(HttpSession& session);
  bool is_newest_stream(const HttpSession& session, std::uint64_t number);

 private:
  Random& random_;
  std::mutex mutex_;
  std::list<std::shared_ptr<HttpSession>> sessions_;  // the last used one first
};

}  // namespace cortex::mcp
