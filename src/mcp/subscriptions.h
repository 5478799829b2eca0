// Tells a client when resources that it subscribed to have changed, whoever changed them. Every
// change of a resource comes with a new ledger row, so the ledger's size is looked at once a second
// while there is a subscription, and the resources are read again only when it has moved. A row is
// in the ledger a moment before the store shows what it says, so they are read once more after
// that.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "json/value.h"
#include "mcp/tool.h"

namespace cortex::mcp {

class Subscriptions {
 public:
  static constexpr std::size_t kCountMax = 100;            // of one client
  static constexpr std::chrono::milliseconds kStep{1000};  // between two looks

  // `notify` takes notifications; both must outlive this.
  Subscriptions(const Host& host, std::function<void(std::string text)> notify,
                std::chrono::milliseconds step = kStep);
  ~Subscriptions();
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  // `text`: what was just read there; from then on changes are told. `listener`: the id of the
  // request that listens, as JSON text, or "" for a client with a handshake. Twice is once. False
  // when there are kCountMax already, or the listener has ended.
  bool add(const std::string& uri, const std::string& text, const std::string& listener);
  void remove(const std::string& uri);
  // A listening request that stays open until it is called off; then `ended` is called, by the
  // caller of end() or of the destructor.
  void listen(const std::string& listener, std::function<void()> ended);
  void end(const std::string& listener);

 private:
  struct Watched {
    std::string uri, listener;
    std::size_t digest = 0;  // of the text when it was last told
  };
  struct Listener {
    std::string id;
    std::function<void()> ended;
  };
  void run();
  std::size_t digest_of(const std::string& uri) const;
  std::uint64_t ledger_size() const;
  void tell_changes(std::vector<Watched> watched);

  const Host& host_;
  std::function<void(std::string text)> notify_;
  const std::chrono::milliseconds step_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Watched> watched_;
  std::vector<Listener> listeners_;
  bool looks_again_ = false;  // at the next step, whatever the ledger's size
  bool closing_ = false;
  std::thread thread_;
};

// The notification of a change; with the listener's id in `_meta` when there is one.
std::string updated_text(const std::string& uri, const std::string& listener);
json::Object listener_meta(const std::string& listener);

}  // namespace cortex::mcp
