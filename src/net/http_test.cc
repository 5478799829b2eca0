#include "net/http.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "net/http_fixture.h"

namespace cortex::net {
namespace {

TEST(Url, PartsAreJoinedByOneSlash) {
  EXPECT_EQ(join_url("http://h", "a"), "http://h/a");
  EXPECT_EQ(join_url("http://h//", "/a/b"), "http://h/a/b");
}

TEST(Url, HostIsLowerCaseWithoutUserPortAndPath) {
  EXPECT_EQ(url_host("https://A.Example.Org/x"), "a.example.org");
  EXPECT_EQ(url_host("https://user:pw@host:443?q"), "host");
  EXPECT_EQ(url_host("http://[::1]:80/"), "[::1]");
  EXPECT_EQ(url_host("https://evil.test#@known.org/"), "evil.test");
  EXPECT_EQ(url_host("host.without.scheme"), "");
  EXPECT_EQ(url_host("://host"), "");
}

TEST(Url, TheUserPartIsNotShown) {
  EXPECT_EQ(shown_url("https://me:secret@h:1/a@b"), "https://<redacted>@h:1/a@b");
  EXPECT_EQ(shown_url("https://h/a@b"), "https://h/a@b");
  EXPECT_EQ(shown_url("https://a@b@h?x"), "https://<redacted>@h?x");
  EXPECT_EQ(shown_url("me@h"), "me@h");
  const auto answer = system_http().send({.url = "ftp://me:secret@h/"});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().text().find("secret"), std::string::npos);
}

TEST(Http, OtherSchemesAndBrokenAddressesAreRefusedBeforeAnythingIsSent) {
  for (const char* url : {"ftp://h/x", "file:///etc/passwd", "http://", "http://h/a b", "h"}) {
    const auto answer = system_http().send({.url = url});
    ASSERT_FALSE(answer.ok()) << url;
    EXPECT_EQ(answer.error().token, kUrlToken);
    EXPECT_EQ(answer.error().code, Code::kPrecondition);
  }
}

TEST(Http, APortThatNobodyListensOnIsUnreachable) {
  const auto answer = system_http().send({.url = "http://127.0.0.1:1/", .timeout_millis = 5000});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().token, kUnreachableToken);
  EXPECT_EQ(answer.error().code, Code::kPrecondition);
}

TEST(ProxiedHttp, WhatStaysOnThisMachineNeedsNoProxy) {
  ListedHttp listed;
  ProxiedHttp proxied(listed, "http://gate.test:3128");
  ProxiedHttp direct(listed, "");
  for (Http* http : std::initializer_list<Http*>{&proxied, &direct}) {
    for (const char* url : {"https://far.test/v1", "http://127.0.0.1:11434/", "http://[::1]:1/",
                            "http://localhost/"}) {
      static_cast<void>(http->send({.url = url}).ok());  // nobody answers
    }
  }
  ASSERT_EQ(listed.requests.size(), 8U);
  EXPECT_EQ(listed.requests[0].proxy, "http://gate.test:3128");
  for (std::size_t i = 1; i < 8; ++i) EXPECT_EQ(listed.requests[i].proxy, "");
}

TEST(ProxiedHttp, AnAddressThatIsNoneIsRefusedWithoutItsUser) {
  for (const char* proxy : {"socks5://me:secret@h:1", "h:1", "http:// x"}) {
    ProxiedHttp proxied(system_http(), proxy);
    const auto answer = proxied.send({.url = "http://far.test/"});
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().token, kUrlToken);
    EXPECT_EQ(answer.error().message.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace cortex::net
