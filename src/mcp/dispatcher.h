// From a message to its reply, whatever the transport. Answers what needs no store at once and
// hands the rest to the workers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>

#include "mcp/message.h"
#include "mcp/method_table.h"
#include "mcp/protocol.h"
#include "mcp/reply.h"
#include "mcp/scheduler.h"
#include "mcp/subscriptions.h"
#include "mcp/tool.h"

namespace cortex::mcp {

// Requests of one connection that were not answered yet, so that they can be called off.
class Pending {
 public:
  std::stop_source add(const std::string& id);
  void remove(const std::string& id, const std::stop_source& stop);
  // Stops all requests with this id.
  void cancel(const std::string& id);

 private:
  std::mutex mutex_;
  std::multimap<std::string, std::stop_source> stops_;
};

// What a client that shook hands is known as. Changed by the thread that reads it only.
struct Connection {
  const Revision* revision = nullptr;  // null: no handshake yet
  Client client{};
  // Where notifications about running calls go; may be empty.
  std::function<void(std::string text)> notify{};
  std::shared_ptr<Pending> pending = std::make_shared<Pending>();
  std::shared_ptr<Subscriptions> subscriptions{};  // null: there are none here
};

// Takes the text of a reply, or "" when the request was called off. Called exactly once, by any
// thread.
using Reply = std::function<void(std::string text)>;

// A reply that is ready may overtake those of earlier requests.
enum class Turn { kInOrder, kAtOnce };

class Dispatcher {
 public:
  // `log` gets one line a supervised or confirmed call, and one for whatever a call has written
  // that was called off; never arguments. Workers call it, several at once. May be empty.
  Dispatcher(const Host& host, Scheduler& scheduler,
             std::function<void(std::string_view line)> log);

  // Which requests may come before a handshake: ping, a well-formed initialize, and whatever says
  // its revision in `_meta`.
  static bool may_open(const Message& message);
  Turn turn(const Message& message) const;
  // A connection before its handshake. `notify` must live as long as it.
  Connection connect(std::function<void(std::string text)> notify) const;

  // The request names its revision itself.
  static bool is_stateless(const Message& message);
  // What a stateless request must say of itself and does not.
  static std::optional<RpcError> misses_meta(const Message& message);
  // Why the protocol refuses the request before anybody looks at what it asks: what it says of
  // itself, a method that is none.
  std::optional<RpcError> refusal(const Message& message, const Connection& connection) const;

  // Requests are answered through `reply`; notifications and replies of the client are not, and
  // leave `reply` alone. A message that is none is answered too.
  void handle(Message message, Connection& connection, Reply reply);
  // The same for a message that stands in a batch, which is answered as a whole: requests of the
  // stateless revision, which has no batches and whose streams do not end, are refused.
  void handle_in_batch(Message message, Connection& connection, Reply reply);

 private:
  struct Asked {
    const Revision& revision;
    Client client;
  };
  static std::variant<Asked, RpcError> asked_by(const Message& message,
                                                const Connection& connection);
  // The same, and refusal().
  std::variant<Asked, RpcError> admitted(const Message& message,
                                         const Connection& connection) const;
  std::optional<RpcError> misses_capability(const Message& message) const;
  static void note(const Message& message, const Connection& connection);
  void answer(const Method& method, Message message, const Asked& asked,
              const Connection& connection, Reply reply);
  void subscribe(Message message, const Asked& asked, const Connection& connection, Reply reply);
  void listen(Message message, const Connection& connection, Reply reply);
  void call_tool(Message message, const Connection& connection, const Asked& asked, Reply reply);
  struct ToolJob;
  void carry_out(ToolJob& job) const;
  void shake_hands(const Message& message, Connection& connection, const Reply& reply) const;

  const Host& host_;
  Scheduler& scheduler_;
  std::function<void(std::string_view line)> log_;
};

}  // namespace cortex::mcp
