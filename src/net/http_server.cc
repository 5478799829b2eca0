#include "net/http_server.h"

#include <atomic>
#include <charconv>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.h"
#include "net/socket.h"

namespace cortex::net {
namespace {

using std::chrono::steady_clock;

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Internal Server Error";
  }
}

std::string start_of(int status, std::span<const HttpHeader> headers, bool keep_alive) {
  std::string out = cat("HTTP/1.1 ", status, " ", reason_of(status), "\r\n");
  for (const HttpHeader& header : headers) out += cat(header.name, ": ", header.value, "\r\n");
  out += keep_alive ? "" : "Connection: close\r\n";
  return out;
}

std::string text_of(const HttpAnswer& answer, bool keep_alive) {
  std::string out = start_of(answer.status, answer.headers, keep_alive);
  if (!answer.body.empty()) out += cat("Content-Type: ", answer.type, "\r\n");
  out += cat("Content-Length: ", answer.body.size(), "\r\nCache-Control: no-store\r\n\r\n");
  return out += answer.body;
}

std::string piece(std::string_view text) {
  std::array<char, 16> digits{};
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), text.size(), 16);
  static_cast<void>(error);  // 16 digits hold every size
  return cat(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())), "\r\n",
             text, "\r\n");
}

// One client.
class Peer final : public HttpConnection {
 public:
  Peer(int descriptor, const HttpHandler& handler, const HttpLimits& limits,
       const std::atomic<bool>& stopping)
      : socket_(descriptor), handler_(handler), limits_(limits), stopping_(stopping) {}

  // Answers requests until the connection ends.
  void run() {
    while (!stopping_ && serve_one()) {
    }
    end();
  }
  bool has_ended() const { return ended_; }
  void stop_if_idle() {
    if (!is_busy_) socket_.end_reading();
  }
  void refuse_as_full() {
    say({.status = 503, .body = R"({"error":"too many connections"})"});
    end();
  }

  bool answer(const HttpAnswer& answer) override {
    is_answered_ = true;
    return write(text_of(answer, keeps_));
  }
  bool start_events(std::span<const HttpHeader> headers) override {
    is_answered_ = is_stream_ = true;
    if (is_old_) keeps_ = false;
    std::string out = start_of(200, headers, keeps_);
    out += "Content-Type: text/event-stream\r\nCache-Control: no-cache\r\n";
    out += "X-Accel-Buffering: no\r\n";
    out += is_old_ ? "\r\n" : "Transfer-Encoding: chunked\r\n\r\n";
    return write(out);
  }
  bool send_event(std::string_view text) override {
    return send(cat("event: message\ndata: ", text, "\n\n"));
  }
  bool send_comment() override { return send(":\n\n"); }
  bool is_gone() override { return is_gone_ || socket_.is_closed_by_peer(); }
  bool is_stopping() const override { return stopping_; }

 private:
  // The thread and the descriptor go when the next connection comes.
  void end() {
    socket_.end();
    ended_ = true;
  }
  bool write(std::string_view text) {
    if (!is_gone_ && !socket_.write_all(text, limits_.write_time)) is_gone_ = true;
    return !is_gone_;
  }
  bool send(const std::string& text) { return write(is_old_ ? text : piece(text)); }

  // The last answer of this connection.
  bool say(const HttpAnswer& answer) {
    keeps_ = false;
    if (write(text_of(answer, false))) socket_.linger();
    return false;
  }
  bool fault(int status, std::string_view why) {
    return say({.status = status, .body = cat("{\"error\":\"", why, "\"}")});
  }

  // False when the connection ends.
  bool read_head(HttpHead& head) {
    Deadline deadline = steady_clock::now() + limits_.idle_time;
    bool has_begun = !buffer_.empty();
    if (has_begun) deadline = steady_clock::now() + limits_.head_time;
    std::size_t end = head_end(buffer_);
    while (end == std::string::npos) {
      if (buffer_.size() > kHeadBytesMax) return fault(431, "the head is too large");
      const Socket::Read read = socket_.read_some(buffer_, deadline);
      if (read == Socket::Read::kEnd) return false;
      if (read == Socket::Read::kTime) return has_begun && fault(408, "the head took too long");
      if (!has_begun) deadline = steady_clock::now() + limits_.head_time;
      has_begun = is_busy_ = true;
      end = head_end(buffer_);
    }
    if (end > kHeadBytesMax) return fault(431, "the head is too large");
    auto parsed = parse_head(std::string_view(buffer_).substr(0, end));
    buffer_.erase(0, end);
    if (const auto* wrong = std::get_if<HeadFault>(&parsed)) {
      return fault(wrong->status, wrong->reason);
    }
    head = std::get<HttpHead>(std::move(parsed));
    return true;
  }

  bool read_body(const HttpHead& head, std::string& body) {
    if (head.body_bytes > limits_.body_bytes_max) return fault(413, "the body is too large");
    if (head.wants_continue && !write("HTTP/1.1 100 Continue\r\n\r\n")) return false;
    const Deadline deadline = steady_clock::now() + limits_.body_time;
    while (buffer_.size() < head.body_bytes) {
      const Socket::Read read = socket_.read_some(buffer_, deadline);
      if (read == Socket::Read::kEnd) return false;
      if (read == Socket::Read::kTime) return fault(408, "the body took too long");
    }
    body = buffer_.substr(0, static_cast<std::size_t>(head.body_bytes));
    buffer_.erase(0, static_cast<std::size_t>(head.body_bytes));
    return true;
  }

  bool serve_one() {
    is_busy_ = !buffer_.empty();
    HttpHead head;
    if (!read_head(head)) return false;
    is_busy_ = true;
    keeps_ = head.keep_alive && !stopping_;
    is_old_ = head.is_old;
    is_answered_ = is_stream_ = false;
    if (const auto refused = handler_.admit(head)) return say(*refused);
    std::string body;
    if (!read_body(head, body)) return false;
    handler_.handle(head, std::move(body), *this);
    if (!is_answered_) return fault(500, "no answer was given");
    if (is_stream_ && !is_old_) write("0\r\n\r\n");
    return keeps_ && !is_gone_;
  }

  Socket socket_;
  const HttpHandler& handler_;
  const HttpLimits& limits_;
  const std::atomic<bool>& stopping_;
  std::string buffer_;  // read and not used yet
  std::atomic<bool> is_busy_ = false, ended_ = false;
  bool keeps_ = true, is_old_ = false, is_answered_ = false, is_stream_ = false, is_gone_ = false;
};

// Connections beyond the limit that are told so at once; further ones are closed without a word.
constexpr std::size_t kRefusedMax = 16;

struct Running {
  std::unique_ptr<Peer> peer;
  std::thread thread;
};

class LoopbackServer final : public HttpServer {
 public:
  LoopbackServer(Listener listener, HttpHandler handler, const HttpLimits& limits)
      : listener_(std::move(listener)), handler_(std::move(handler)), limits_(limits) {}

  std::uint16_t port() const override { return listener_.port(); }
  std::string url() const override { return cat("http", "://", listener_.address()); }

  bool serve(int stop_descriptor, std::chrono::milliseconds drain) override {
    for (;;) {
      int accepted = -1;
      const Listener::Event event = listener_.wait(stop_descriptor, accepted);
      if (event == Listener::Event::kStop) break;
      reap();
      if (event == Listener::Event::kConnection) start(accepted);
    }
    return end_all(drain);
  }

 private:
  void start(int descriptor) {
    auto peer = std::make_unique<Peer>(descriptor, handler_, limits_, stopping_);
    if (running_.size() >= limits_.connections_max + kRefusedMax) return;  // closes it
    const bool full = running_.size() >= limits_.connections_max;
    Peer& one = *peer;
    running_.push_back({std::move(peer), {}});
    running_.back().thread = std::thread([&one, full] { full ? one.refuse_as_full() : one.run(); });
  }

  void reap() {
    for (auto one = running_.begin(); one != running_.end();) {
      if (!one->peer->has_ended()) {
        ++one;
        continue;
      }
      one->thread.join();
      one = running_.erase(one);
    }
  }

  bool end_all(std::chrono::milliseconds drain) {
    stopping_ = true;
    const Deadline deadline = steady_clock::now() + drain;
    for (;;) {
      for (Running& one : running_) one.peer->stop_if_idle();
      reap();
      if (running_.empty()) return true;
      if (steady_clock::now() >= deadline) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  Listener listener_;
  HttpHandler handler_;
  HttpLimits limits_;
  std::atomic<bool> stopping_ = false;
  std::list<Running> running_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const std::string& address,
                                                       HttpHandler handler,
                                                       const HttpLimits& limits) {
  CORTEX_ASSIGN(Listener listener, Listener::open(address));
  return std::unique_ptr<HttpServer>(
      std::make_unique<LoopbackServer>(std::move(listener), std::move(handler), limits));
}

}  // namespace cortex::net
