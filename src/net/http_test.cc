#include "net/http.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace cortex::net
