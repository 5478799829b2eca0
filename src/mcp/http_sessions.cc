#include "mcp/http_sessions.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace cortex::mcp {

void Mailbox::put(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    if (texts_.size() == kWaitingMax) texts_.pop_front();
    texts_.push_back(std::move(text));
  }
  filled_.notify_all();
}

std::deque<std::string> Mailbox::take(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  filled_.wait_for(lock, time, [this] { return !texts_.empty(); });
  return std::exchange(texts_, {});
}

std::shared_ptr<HttpSession> HttpSessions::open(const Dispatcher& dispatcher) {
  std::array<std::uint8_t, 16> bytes{};
  random_.fill(bytes);
  auto session = std::make_shared<HttpSession>();
  session->id = to_hex(bytes);
  session->connection =
      dispatcher.connect([stream = session->stream](std::string text) { stream->put(text); });
  std::shared_ptr<HttpSession> evicted;  // goes when the lock is free again
  const std::lock_guard lock(mutex_);
  if (sessions_.size() == kCountMax) {
    evicted = std::move(sessions_.back());
    sessions_.pop_back();
  }
  sessions_.push_front(session);
  return session;
}

std::shared_ptr<HttpSession> HttpSessions::find(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(sessions_, id, [](const auto& one) { return one->id; });
  if (found == sessions_.end()) return nullptr;
  sessions_.splice(sessions_.begin(), sessions_, found);
  return sessions_.front();
}

bool HttpSessions::close(std::string_view id) {
  std::shared_ptr<HttpSession> closed;  // goes when the lock is free again
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(sessions_, id, [](const auto& one) { return one->id; });
  if (found == sessions_.end()) return false;
  closed = std::move(*found);
  sessions_.erase(found);
  return true;
}

std::uint64_t HttpSessions::open_stream(HttpSession& session) {
  const std::lock_guard lock(mutex_);
  return ++session.stream_number;
}

bool HttpSessions::is_newest_stream(const HttpSession& session, std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  return session.stream_number == number;
}

}  // namespace cortex::mcp
