#include "net/http_head.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::net {
namespace {

HttpHead good(std::string_view text) {
  auto parsed = parse_head(text);
  if (const auto* fault = std::get_if<HeadFault>(&parsed)) {
    ADD_FAILURE() << fault->reason;
    return {};
  }
  return std::get<HttpHead>(std::move(parsed));
}

int status_of(std::string_view text) {
  const auto parsed = parse_head(text);
  const auto* fault = std::get_if<HeadFault>(&parsed);
  return fault == nullptr ? 200 : fault->status;
}

TEST(HttpHead, WhatAClientSendsIsRead) {
  const HttpHead head = good(
      "POST /mcp?x=1 HTTP/1.1\r\nHost: localhost:80\r\nCONTENT-length: 12\r\nX-A: \t b c \t\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/mcp?x=1");
  EXPECT_EQ(head.path(), "/mcp");
  EXPECT_EQ(head.body_bytes, 12U);
  EXPECT_EQ(*head.find("x-a"), "b c");
  EXPECT_EQ(head.find("x-b"), nullptr);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_TRUE(head.wants_continue);
}

TEST(HttpHead, TheConnectionIsKeptOrNotAsBothVersionsHaveIt) {
  EXPECT_FALSE(good("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n").keep_alive);
  EXPECT_FALSE(good("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(good("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(HttpHead, WhatCouldBeReadInTwoWaysIsRefused) {
  for (const char* lines :
       {"Host: a\r\nHost: a\r\n", "", "Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
        "Host: a\r\nContent-Length: +1\r\n", "Host: a\r\nContent-Length: 1, 1\r\n",
        "Host: a\r\nContent-Length:\r\n", "Host: a\r\nContent-Length: 99999999999999999999\r\n",
        "Host: a\r\nX : y\r\n", "Host: a\r\n folded\r\n", "Host: a\r\nX: a\x01\r\n",
        "Host: a\r\nX: a\nY: b\r\n", "Host: a\r\n: y\r\n", "Host: a\r\nnothing\r\n"}) {
    EXPECT_EQ(status_of(cat("POST / HTTP/1.1\r\n", lines, "\r\n")), 400) << lines;
  }
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
}

TEST(HttpHead, RequestLinesThatAreNone) {
  for (const char* line : {"GET  / HTTP/1.1", "GET /", "", "GET x HTTP/1.1", "G(T / HTTP/1.1",
                           "GET http://x/ HTTP/1.1", "GET /\t HTTP/1.1", " / HTTP/1.1"}) {
    EXPECT_EQ(status_of(cat(line, "\r\nHost: a\r\n\r\n")), 400) << line;
  }
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\n"), 400);
}

TEST(HttpHead, HeadersAreCounted) {
  std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 1; i < kHeadersMax; ++i) text += cat("X-", i, ": y\r\n");
  EXPECT_EQ(status_of(text + "\r\n"), 200);
  EXPECT_EQ(status_of(text + "X: y\r\n\r\n"), 431);
}

TEST(HttpHead, TheEndIsTheFirstEmptyLine) {
  EXPECT_EQ(head_end("a\r\n\r\nb\r\n\r\n"), 5U);
  EXPECT_EQ(head_end("a\r\n\n"), std::string_view::npos);
}

}  // namespace
}  // namespace cortex::net
