#include "net/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "base/text.h"
#include "net/http.h"

namespace cortex::net {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t kConnections = 4;

class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = HttpServer::listen(
        "127.0.0.1:0",
        {.admit = [](const HttpHead& head) -> std::optional<HttpAnswer> {
           if (head.find("x-refuse") == nullptr) return std::nullopt;
           return HttpAnswer{.status = 403};
         },
         .handle = [this](const HttpHead& head, std::string body,
                          HttpConnection& connection) { handle(head, body, connection); }},
        {.connections_max = kConnections,
         .body_bytes_max = 1000,
         .head_time = milliseconds(300),
         .body_time = milliseconds(300),
         .idle_time = milliseconds(3000),
         .write_time = milliseconds(3000)});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    server_ = std::move(opened).value();
    stop_ = ::eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread([this] { all_ended_ = server_->serve(stop_, milliseconds(5000)); });
  }
  void TearDown() override {
    stop();
    ::close(stop_);
  }
  void stop() {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(stop_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
    thread_.join();
  }

  void handle(const HttpHead& head, const std::string& body, HttpConnection& connection) {
    if (head.path() == "/events") {
      connection.start_events({});
      for (int i = 0; i < 3; ++i) connection.send_event(cat("{\"n\":", i, "}"));
    } else if (head.path() == "/wait") {
      ++waiting_;
      while (!connection.is_gone() && !connection.is_stopping()) std::this_thread::yield();
      connection.answer({.status = 202});
    } else if (head.path() == "/echo") {
      connection.answer({.status = 200, .body = body, .headers = {{"X-Own", "1"}}});
    }
  }

  int connect() const {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    return descriptor;
  }
  static void send(int descriptor, std::string_view text) {
    EXPECT_EQ(::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // Until the other side closes; this side stays open.
  static std::string read_to_end(int descriptor) {
    std::string out;
    std::array<char, 4096> bytes;
    for (;;) {
      const ssize_t n = ::recv(descriptor, bytes.data(), bytes.size(), 0);
      if (n <= 0) return out;
      out.append(bytes.data(), static_cast<std::size_t>(n));
    }
  }
  static std::string read_all(int descriptor) {
    std::string out = read_to_end(descriptor);
    ::close(descriptor);
    return out;
  }
  // A connection whose request is being answered until it is closed.
  int connect_waiting() {
    const int before = waiting_;
    const int descriptor = connect();
    send(descriptor, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    while (waiting_ == before) std::this_thread::yield();
    return descriptor;
  }
  std::vector<int> fill() {
    std::vector<int> out;
    while (out.size() < kConnections) out.push_back(connect_waiting());
    return out;
  }
  std::string ask(std::string_view text) const {
    const int descriptor = connect();
    send(descriptor, text);
    return read_all(descriptor);
  }

  std::unique_ptr<HttpServer> server_;
  int stop_ = -1;
  std::thread thread_;
  std::atomic<int> waiting_ = 0;
  std::atomic<bool> all_ended_ = false;
};

constexpr std::string_view kClose = "Host: a\r\nConnection: close\r\n";

TEST_F(HttpServerTest, SeveralRequestsShareAConnection) {
  const std::string got =
      ask(cat("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
              "POST /echo HTTP/1.1\r\n", kClose, "Content-Length: 2\r\n\r\nde"));
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200 OK\r\nX-Own: 1\r\n"));
  EXPECT_THAT(got, HasSubstr("\r\n\r\nabcHTTP/1.1 200 OK"));
  EXPECT_TRUE(got.ends_with("\r\n\r\nde")) << got;
}

TEST_F(HttpServerTest, EventsComeInPieces_ToOldClientsAsTheyAre) {
  EXPECT_THAT(ask(cat("GET /events HTTP/1.1\r\n", kClose, "\r\n")),
              HasSubstr("\r\n1e\r\nevent: message\ndata: {\"n\":2}\n\n\r\n0\r\n\r\n"));
  const std::string old = ask("GET /events HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old, HasSubstr("data: {\"n\":2}\n\n"));
  EXPECT_EQ(old.find("chunked"), std::string::npos);
}

TEST_F(HttpServerTest, HeadsAreJudgedBeforeBodiesAreRead) {
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nHost: a\r\nX-Refuse: 1\r\nContent-Length: 900\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask(std::string(20'000, 'a')), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, SlowClientsAreSentAway) {
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nHost"), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"),
              StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, AHandlerThatSaysNothingIsAnError_AndExpectIsHonoured) {
  EXPECT_THAT(ask(cat("GET /nothing HTTP/1.1\r\n", kClose, "\r\n")), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(ask(cat("POST /echo HTTP/1.1\r\n", kClose,
                      "Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx")),
              StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
}

TEST_F(HttpServerTest, TooManyConnectionsAreTurnedAway) {
  const std::vector<int> held = fill();
  EXPECT_THAT(read_all(connect()), StartsWith("HTTP/1.1 503 "));
  for (const int descriptor : held) ::close(descriptor);
}

// Who is told keeps his place until he has closed, which nobody does here before all are looked at.
TEST_F(HttpServerTest, AFloodIsClosedWithoutAnAnswer) {
  const std::vector<int> held = fill();
  constexpr int kFlood = 100, kTold = 16;
  std::vector<int> flood;
  for (int i = 0; i < kFlood; ++i) flood.push_back(connect());
  int told = 0, closed = 0;
  for (const int descriptor : flood) {
    const std::string got = read_to_end(descriptor);
    told += got.starts_with("HTTP/1.1 503 ") ? 1 : 0;
    closed += got.empty() ? 1 : 0;
  }
  EXPECT_EQ(told + closed, kFlood);
  EXPECT_GE(told, kTold);
  EXPECT_GT(closed, 0);
  for (const int descriptor : flood) ::close(descriptor);
  for (const int descriptor : held) ::close(descriptor);
}

TEST_F(HttpServerTest, TheEndWaitsForWhatRuns_AndClosesWhatIsIdle) {
  const int idle = connect();
  const int busy = connect_waiting();
  stop();
  EXPECT_TRUE(all_ended_);
  EXPECT_THAT(read_all(busy), StartsWith("HTTP/1.1 202 Accepted"));
  EXPECT_EQ(read_all(idle), "");
}

TEST_F(HttpServerTest, AClientThatLeavesIsNoticed) {
  ::close(connect_waiting());
  stop();
  EXPECT_TRUE(all_ended_);
}

TEST(HttpServerAddress, OnlyLoopbackAddressesWithAPort) {
  for (const char* address : {"0.0.0.0:80", "localhost:1", "127.0.0.1", "127.0.0.1:", "[::]:1",
                              "127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1:80x", ""}) {
    const auto opened = HttpServer::listen(address, {}, {});
    ASSERT_FALSE(opened.ok()) << address;
    EXPECT_EQ(opened.error().code, Code::kUsage) << address;
  }
  const auto first = HttpServer::listen("127.0.0.1:0", {}, {});
  ASSERT_TRUE(first.ok());
  const auto second = HttpServer::listen(cat("127.0.0.1:", (*first)->port()), {}, {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::kPrecondition);
}

// A proxy is asked for the whole address, which a server that is none does not take: nobody else
// could have answered for this host.
TEST_F(HttpServerTest, AnExchangeGoesThroughTheProxyThatItNames) {
  ProxiedHttp http(system_http(), server_->url());
  const auto answer = http.send({.url = "http://far.test/echo"});
  ASSERT_TRUE(answer.ok()) << answer.error().text();
  EXPECT_EQ(answer->status, 400);
}

TEST_F(HttpServerTest, AnExchangeThatIsCalledOffEndsWhileTheServerIsSilent) {
  std::stop_source source;
  StoppableHttp http(system_http(), source.get_token());
  const std::jthread caller([&] {
    while (waiting_ == 0) std::this_thread::yield();
    source.request_stop();
  });
  const auto answer = http.send({.url = server_->url() + "/wait"});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().token, kStoppedToken);
}

}  // namespace
}  // namespace cortex::net
