#include "mcp/http_rules.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::mcp {
namespace {

net::HttpHead head_of(std::string_view lines, std::string_view start = "POST /mcp") {
  auto parsed = net::parse_head(cat(start, " HTTP/1.1\r\n", lines, "\r\n"));
  if (const auto* fault = std::get_if<net::HeadFault>(&parsed)) {
    ADD_FAILURE() << fault->reason << ": " << lines;
    return {};
  }
  return std::get<net::HttpHead>(std::move(parsed));
}

constexpr std::string_view kGood =
    "Host: localhost:8717\r\nAuthorization: Bearer secret\r\nContent-Type: application/json\r\n";

int status_of(std::string_view lines, std::string_view start = "POST /mcp") {
  const auto refused = admit({.token = "secret"}, head_of(lines, start));
  return refused ? refused->status : 200;
}

TEST(Admit, AClientWithTheTokenMayCome) {
  EXPECT_EQ(status_of(kGood), 200);
  EXPECT_EQ(status_of(cat(kGood, "Accept: application/json, text/event-stream\r\n")), 200);
  EXPECT_EQ(status_of(cat(kGood, "Origin: http", "://127.0.0.1:3000\r\n")), 200);
  EXPECT_EQ(status_of(cat(kGood, "Accept: text/event-stream\r\n"), "GET /mcp"), 200);
  EXPECT_EQ(status_of(kGood, "DELETE /mcp"), 200);
}

TEST(Admit, PagesOfOtherMachinesMayNot) {
  constexpr std::string_view kRest =
      "Authorization: Bearer secret\r\nContent-Type: application/json\r\n";
  for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                           "localhost:80x", "", "127.0.0.2", "[::1"}) {
    EXPECT_EQ(status_of(cat("Host: ", host, "\r\n", kRest)), 403) << host;
  }
  for (const char* origin : {"evil.example", "localhost@evil.example", "localhost.evil.example"}) {
    EXPECT_EQ(status_of(cat(kGood, "Origin: http", "://", origin, "\r\n")), 403) << origin;
  }
  EXPECT_EQ(status_of(cat(kGood, "Origin: null\r\n")), 403);
  EXPECT_EQ(status_of(cat(kGood, "Origin: file:///x\r\n")), 403);
}

TEST(Admit, NobodyComesWithoutTheToken) {
  constexpr std::string_view kRest = "Host: localhost\r\nContent-Type: application/json\r\n";
  EXPECT_EQ(status_of(kRest), 401);
  for (const char* value : {"Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Basic secret",
                            "secret", "Bearer Secret"}) {
    EXPECT_EQ(status_of(cat(kRest, "Authorization: ", value, "\r\n")), 401) << value;
  }
  EXPECT_EQ(status_of(cat(kRest, "authorization: bearer  secret\r\n")), 200);
  EXPECT_FALSE(admit({}, head_of(kRest)));
}

TEST(Admit, MethodsAndTypes) {
  EXPECT_EQ(status_of(kGood, "PUT /mcp"), 405);
  EXPECT_EQ(status_of(kGood, "OPTIONS /mcp"), 405);
  EXPECT_EQ(status_of(kGood, "POST /"), 404);
  EXPECT_EQ(status_of(kGood, "POST /mcp?x=1"), 200);
  EXPECT_EQ(status_of(kGood, "GET /mcp"), 406);
  EXPECT_EQ(status_of(cat(kGood, "Accept: text/html\r\n")), 406);
  EXPECT_EQ(status_of("Host: localhost\r\nAuthorization: Bearer secret\r\n"), 415);
  EXPECT_EQ(status_of("Host: localhost\r\nAuthorization: Bearer secret\r\nContent-Type: "
                      "application/json; charset=utf-8\r\n"),
            200);
}

TEST(Headers, TheyMustSayWhatTheMessageSays) {
  const Message message = decode_message(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a b","_meta":)"
      R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})");
  constexpr std::string_view kVersion = "Host: a\r\nMCP-Protocol-Version: 2026-07-28\r\n";
  const auto fits = [&](std::string_view lines) {
    return !header_mismatch(head_of(cat(kVersion, lines)), message);
  };
  EXPECT_TRUE(fits("mcp-method: tools/call\r\nMcp-Name: a b\r\n"));
  EXPECT_TRUE(fits("MCP-METHOD: tools/call\r\nMcp-Name: =?base64?YSBi?=\r\n"));
  for (const char* lines :
       {"", "Mcp-Method: tools/call\r\n", "Mcp-Name: a b\r\n",
        "Mcp-Method: TOOLS/CALL\r\nMcp-Name: a b\r\n", "Mcp-Method: tools/call\r\nMcp-Name: b\r\n",
        "Mcp-Method: tools/call\r\nMcp-Name: =?base64?YSB?=\r\n"}) {
    EXPECT_FALSE(fits(lines)) << lines;
  }
  EXPECT_TRUE(
      header_mismatch(head_of("Host: a\r\nMcp-Method: tools/call\r\nMcp-Name: a b\r\n"), message));
}

TEST(Headers, ValuesInBase64AreRead_OthersAreThemselves) {
  EXPECT_EQ(header_value("=?base64?SGVsbG8=?="), "Hello");
  EXPECT_EQ(header_value("SGVsbG8="), "SGVsbG8=");
  EXPECT_EQ(header_value("=?base64?"), "=?base64?");
  EXPECT_EQ(header_value("=?base64?_?="), std::nullopt);
  EXPECT_EQ(header_value("=?base64?/w==?="), std::nullopt);  // no UTF-8
}

}  // namespace
}  // namespace cortex::mcp
