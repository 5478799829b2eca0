#include "mcp/http.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mcp/http_sessions.h"
#include "net/http_server.h"

namespace cortex::mcp {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kSessionHeader = "Mcp-Session-Id";
constexpr milliseconds kStep{500};  // between two looks at whether the client is still there
constexpr std::chrono::seconds kCommentTime{15};
constexpr milliseconds kDrain{35'000};  // as over stdio

// The reply to one request, and notifications about it on the way.
struct Exchange {
  std::mutex mutex{};
  std::condition_variable changed{};
  std::vector<std::string> notes{};
  std::optional<std::string> reply{};

  void note(std::string text) {
    {
      const std::lock_guard lock(mutex);
      notes.push_back(std::move(text));
    }
    changed.notify_all();
  }
  void finish(std::string text) {
    {
      const std::lock_guard lock(mutex);
      reply = std::move(text);
    }
    changed.notify_all();
  }
};

int status_of(const RpcError& error) { return error.code == code::kMethodNotFound ? 404 : 400; }

// Keeps a quiet stream open.
class Pulse {
 public:
  bool is_due() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < kCommentTime) return false;
    last_ = now;
    return true;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

class Endpoint {
 public:
  Endpoint(Dispatcher& dispatcher, Random& random) : dispatcher_(dispatcher), sessions_(random) {}

  void handle(const net::HttpHead& head, std::string body, net::HttpConnection& http) {
    if (head.method == "GET") return open_stream(head, http);
    if (head.method == "DELETE") return close_session(head, http);
    const std::string* id = head.find("mcp-session-id");
    const std::shared_ptr<HttpSession> session = id == nullptr ? nullptr : sessions_.find(*id);
    if (session && session->connection.revision->batches && is_batch(body)) {
      return answer_batch(*session, body, http);
    }
    Message message = decode_message(body);
    body.clear();
    if (message.form == Form::kMalformed || message.form == Form::kBadId) {
      return answer_at_once(std::move(message), 400, http);
    }
    if (Dispatcher::is_stateless(message) || is_told_stateless(head)) {
      return answer_stateless(head, std::move(message), http);
    }
    if (message.method == "initialize") return shake_hands(head, std::move(message), http);
    if (!session) return refuse_session(id != nullptr, message, http);
    if (!agrees(head, *session)) {
      http.answer(error_answer(
          400, message.id, {code::kInvalidRequest, "MCP-Protocol-Version is not what was agreed"}));
      return;
    }
    answer(head, std::move(message), session->connection, http);
  }

 private:
  static bool is_told_stateless(const net::HttpHead& head) {
    const std::string* version = head.find("mcp-protocol-version");
    return version != nullptr && *version == stateless_revision().name;
  }
  static bool agrees(const net::HttpHead& head, const HttpSession& session) {
    const std::string* version = head.find("mcp-protocol-version");
    return version == nullptr || *version == session.connection.revision->name;
  }

  static void refuse_session(bool unknown, const Message& message, net::HttpConnection& http) {
    http.answer(error_answer(unknown ? 404 : 400, message.id,
                             {code::kInvalidRequest, unknown ? "the session has ended: initialize"
                                                             : "Mcp-Session-Id is missing"}));
  }

  // For what the dispatcher answers without waiting.
  void answer_at_once(Message message, int status, net::HttpConnection& http) {
    Connection connection;
    std::string text;
    dispatcher_.handle(std::move(message), connection, [&](std::string reply) { text = reply; });
    http.answer({.status = status, .body = std::move(text)});
  }

  void shake_hands(const net::HttpHead&, Message message, net::HttpConnection& http) {
    if (message.form != Form::kRequest || !Dispatcher::may_open(message)) {
      return answer_at_once(std::move(message), 400, http);
    }
    const std::shared_ptr<HttpSession> session = sessions_.open(dispatcher_);
    std::string text;
    dispatcher_.handle(std::move(message), session->connection,
                       [&](std::string reply) { text = std::move(reply); });
    http.answer(
        {.status = 200, .body = std::move(text), .headers = {{kSessionHeader, session->id}}});
  }

  void answer_stateless(const net::HttpHead& head, Message message, net::HttpConnection& http) {
    if (message.form != Form::kRequest) {
      http.answer({.status = 202});
      return;
    }
    auto exchange = std::make_shared<Exchange>();
    const Connection connection =
        dispatcher_.connect([exchange](std::string text) { exchange->note(std::move(text)); });
    // First what the message says of itself, then whether the headers agree, then the rest.
    auto refusal = Dispatcher::misses_meta(message);
    if (!refusal) refusal = header_mismatch(head, message);
    if (!refusal) refusal = dispatcher_.refusal(message, connection);
    if (refusal) {
      http.answer(error_answer(status_of(*refusal), message.id, *refusal));
      return;
    }
    run(head, std::move(message), connection, exchange, http);
  }

  void answer(const net::HttpHead& head, Message message, Connection connection,
              net::HttpConnection& http) {
    auto exchange = std::make_shared<Exchange>();
    connection.notify = [exchange](std::string text) { exchange->note(std::move(text)); };
    if (message.form != Form::kRequest) {
      dispatcher_.handle(std::move(message), connection, {});
      http.answer({.status = 202});
      return;
    }
    run(head, std::move(message), std::move(connection), exchange, http);
  }

  // Hands the request over and waits for what comes of it. A client that leaves calls it off.
  void run(const net::HttpHead& head, Message message, Connection connection,
           const std::shared_ptr<Exchange>& exchange, net::HttpConnection& http) {
    const std::string id = message.id;
    const bool is_stream = message.method == "subscriptions/listen";
    const bool events = takes_events(head);
    dispatcher_.handle(std::move(message), connection,
                       [exchange](std::string text) { exchange->finish(std::move(text)); });
    bool streaming = false;
    Pulse pulse;
    std::unique_lock lock(exchange->mutex);
    for (;;) {
      exchange->changed.wait_for(lock, kStep,
                                 [&] { return exchange->reply || !exchange->notes.empty(); });
      std::vector<std::string> notes = std::exchange(exchange->notes, {});
      const std::optional<std::string> reply = exchange->reply;
      lock.unlock();
      if (!notes.empty() && events) {
        if (!streaming) http.start_events({});
        streaming = true;
        for (const std::string& note : notes) http.send_event(note);
      }
      if (reply) return finish(*reply, streaming, http);
      if (streaming && pulse.is_due()) http.send_comment();
      if (http.is_gone() || (is_stream && http.is_stopping())) {
        connection.pending->cancel(id);
        if (connection.subscriptions) connection.subscriptions->end(id);
        if (http.is_gone()) return finish("", streaming, http);
      }
      lock.lock();
    }
  }

  static void finish(const std::string& reply, bool streaming, net::HttpConnection& http) {
    if (streaming) {
      if (!reply.empty()) http.send_event(reply);
    } else {
      http.answer({.status = reply.empty() ? 202 : 200, .body = reply});
    }
  }

  void answer_batch(const HttpSession& session, std::string_view body, net::HttpConnection& http) {
    std::vector<Message> messages = decode_batch(body);
    if (messages.empty()) return answer_at_once({}, 400, http);
    auto exchange = std::make_shared<Exchange>();
    Connection connection = session.connection;
    connection.notify = [](const std::string&) {};  // nowhere to put it
    std::size_t missing = 0;
    for (Message& message : messages) {
      const bool answered = message.form != Form::kNotification && message.form != Form::kReply;
      Reply reply;
      if (answered) {
        ++missing;
        reply = [exchange](std::string text) { exchange->note(std::move(text)); };
      }
      dispatcher_.handle(std::move(message), connection, std::move(reply));
    }
    std::unique_lock lock(exchange->mutex);
    exchange->changed.wait(lock, [&] { return exchange->notes.size() == missing; });
    std::string text;
    for (const std::string& reply : exchange->notes) {
      if (!reply.empty()) text += cat(text.empty() ? "[" : ",", reply);
    }
    lock.unlock();
    http.answer({.status = text.empty() ? 202 : 200, .body = text.empty() ? "" : text + "]"});
  }

  void open_stream(const net::HttpHead& head, net::HttpConnection& http) {
    const std::string* id = head.find("mcp-session-id");
    const std::shared_ptr<HttpSession> session = id == nullptr ? nullptr : sessions_.find(*id);
    if (!session) {
      if (id != nullptr) return refuse_session(true, {}, http);
      http.answer({.status = 405, .headers = {{"Allow", "POST"}}});
      return;
    }
    const std::uint64_t number = sessions_.open_stream(*session);
    http.start_events({});
    http.send_comment();
    Pulse pulse;
    while (sessions_.is_newest_stream(*session, number) && !http.is_stopping() && !http.is_gone()) {
      for (const std::string& text : session->stream->take(kStep)) http.send_event(text);
      if (pulse.is_due()) http.send_comment();
      if (sessions_.find(session->id) != session) return;  // it was closed
    }
  }

  void close_session(const net::HttpHead& head, net::HttpConnection& http) {
    const std::string* id = head.find("mcp-session-id");
    if (id == nullptr) {
      http.answer({.status = 405, .headers = {{"Allow", "POST"}}});
      return;
    }
    if (!sessions_.close(*id)) return refuse_session(true, {}, http);
    http.answer({.status = 200});
  }

  Dispatcher& dispatcher_;
  HttpSessions sessions_;
};

}  // namespace

Code serve_http(Dispatcher& dispatcher, Scheduler& scheduler, const StopSignal& stop,
                const std::string& address, const Entry& entry, Random& random) {
  Endpoint endpoint(dispatcher, random);
  auto server = net::HttpServer::listen(
      address,
      {.admit = [&](const net::HttpHead& head) { return admit(entry, head); },
       .handle = [&](const net::HttpHead& head, std::string body,
                     net::HttpConnection& http) { endpoint.handle(head, std::move(body), http); }},
      {.body_bytes_max = kMessageBytesMax});
  if (!server.ok()) {
    write_stderr(cat("cortex serve: ", server.error().text(), "\n"));
    return server.error().code;
  }
  write_stderr(cat("cortex serve: listening on ", (*server)->url(), kEndpoint, "\n"));
  const bool ended = (*server)->serve(stop.descriptor(), kDrain);
  if (!ended || !scheduler.wait_idle(kDrain)) {
    write_stderr("cortex serve: a call did not end in time and is left\n");
    leave(static_cast<int>(Code::kOk));
  }
  return Code::kOk;
}

}  // namespace cortex::mcp
