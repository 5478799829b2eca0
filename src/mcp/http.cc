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
// Between two looks at whether the client is still there: while it is quiet, while a call runs.
constexpr milliseconds kPollStep{500}, kRunningStep{100};
constexpr std::chrono::seconds kCommentTime{15};
constexpr milliseconds kDrain{35'000};  // as over stdio

// The replies to what one POST asks, and notifications about it on the way.
struct Exchange {
  std::mutex mutex{};
  std::condition_variable changed{};
  std::vector<std::string> notes{}, replies{};

  void note(std::string text) { put(notes, std::move(text)); }
  void finish(std::string text) { put(replies, std::move(text)); }

 private:
  void put(std::vector<std::string>& texts, std::string text) {
    {
      const std::lock_guard lock(mutex);
      texts.push_back(std::move(text));
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
    Connection connection =
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
    run(head, std::move(message), connection, exchange, http);
  }

  // What of the connection a request may use.
  struct Way {
    net::HttpConnection& http;
    bool takes_events = false;
    bool is_stream = false;     // ends with the server
    bool is_streaming = false;  // events were begun
    bool is_batch = false;
  };

  void run(const net::HttpHead& head, Message message, Connection& connection,
           const std::shared_ptr<Exchange>& exchange, net::HttpConnection& http) {
    Way way{.http = http,
            .takes_events = takes_events(head),
            .is_stream = message.method == "subscriptions/listen"};
    std::vector<Message> messages;
    messages.push_back(std::move(message));
    const auto replies = replies_to(std::move(messages), connection, exchange, way);
    finish(replies.empty() ? "" : replies.front(), way.is_streaming, http);
  }

  // Hands the messages over and waits for what comes of them. A client that leaves calls them off;
  // there are no replies then.
  std::vector<std::string> replies_to(std::vector<Message> messages, Connection& connection,
                                      const std::shared_ptr<Exchange>& exchange, Way& way) {
    std::vector<std::string> ids;
    for (Message& message : messages) {
      Reply reply;
      if (is_answered(message)) {
        ids.push_back(message.id);
        reply = [exchange](std::string text) { exchange->finish(std::move(text)); };
      }
      if (way.is_batch) {
        dispatcher_.handle_in_batch(std::move(message), connection, std::move(reply));
      } else {
        dispatcher_.handle(std::move(message), connection, std::move(reply));
      }
    }
    Pulse pulse;
    std::unique_lock lock(exchange->mutex);
    for (;;) {
      const auto is_complete = [&] { return exchange->replies.size() == ids.size(); };
      exchange->changed.wait_for(lock, way.is_stream ? kPollStep : kRunningStep,
                                 [&] { return is_complete() || !exchange->notes.empty(); });
      const std::vector<std::string> notes = std::exchange(exchange->notes, {});
      std::vector<std::string> replies;
      const bool ended = is_complete();
      if (ended) replies = std::move(exchange->replies);
      lock.unlock();
      if (way.takes_events) send_events(notes, way);
      if (ended) return replies;
      if (way.is_streaming && pulse.is_due()) way.http.send_comment();
      if (way.http.is_gone() || (way.is_stream && way.http.is_stopping())) {
        for (const std::string& id : ids) call_off(connection, id);
        if (way.http.is_gone()) return {};
      }
      lock.lock();
    }
  }

  static void send_events(const std::vector<std::string>& notes, Way& way) {
    for (const std::string& note : notes) {
      if (!std::exchange(way.is_streaming, true)) way.http.start_events({});
      way.http.send_event(note);
    }
  }

  static void call_off(const Connection& connection, const std::string& id) {
    connection.pending->cancel(id);
    if (connection.subscriptions) connection.subscriptions->end(id);
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
    const auto exchange = std::make_shared<Exchange>();
    Connection connection = session.connection;
    connection.notify = [](const std::string&) {};  // nowhere to put it
    Way way{.http = http, .is_batch = true};
    std::string text;
    for (const std::string& reply : replies_to(std::move(messages), connection, exchange, way)) {
      if (!reply.empty()) text += cat(text.empty() ? "[" : ",", reply);
    }
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
      for (const std::string& text : session->stream->take(kPollStep)) http.send_event(text);
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
