#include "mcp/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mcp/protocol.h"

namespace cortex::mcp {
namespace {

using testing::HasSubstr;

TEST(Reply, MembersStandInTheOrderOfTheFormat) {
  EXPECT_EQ(result_text("7", json::Object{}), R"({"jsonrpc":"2.0","id":7,"result":{}})");
  EXPECT_EQ(error_text("\"a\"", {code::kInternal, "m\n"}),
            R"({"jsonrpc":"2.0","id":"a","error":{"code":-32603,"message":"m\n"}})");
  EXPECT_EQ(error_text("", {code::kParseError, "Parse error"}),
            R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}})");
  EXPECT_EQ(notification_text("n", json::Object{{"a", 1}}),
            R"({"jsonrpc":"2.0","method":"n","params":{"a":1}})");
}

TEST(Reply, CodesFollowWhoIsToBlame) {
  EXPECT_EQ(rpc_error(make_error(Code::kUsage, "m")).code, code::kInvalidParams);
  EXPECT_EQ(rpc_error(make_error(Code::kPrecondition, "m")).code, code::kInvalidParams);
  EXPECT_EQ(rpc_error(make_error(Code::kQuarantined, "m")).code, code::kInvalidParams);
  EXPECT_EQ(rpc_error(make_error(Code::kIntegrity, "m")).code, code::kInternal);
  Error full = make_error(Code::kPrecondition, "m");
  full.system_errno = 28;
  EXPECT_EQ(rpc_error(full).code, code::kInternal);
}

TEST(Reply, TokenIsInTheMessageOnce) {
  Error error = make_error(Code::kPrecondition, "no");
  error.token = "a.b.c";
  EXPECT_EQ(rpc_error(error).message, "a.b.c: no");
  error.message = "no, a.b.c";
  EXPECT_EQ(rpc_error(error).message, "no, a.b.c");
}

TEST(Reply, ResolutionTellsPolicyFromArguments) {
  Error error = make_error(Code::kPrecondition, "what");
  error.unchanged = "nothing was changed";
  error.next = "do this";
  error.token = "a.b.c";
  EXPECT_EQ(json::write_compact(resolution(error)),
            R"({"schema":"cortex_refusal_resolution.v1","kind":"policy_rejected","summary":"what",)"
            R"("detail":"what; nothing was changed","next_actions":["do this"],)"
            R"("invariant":"a.b.c"})");
  EXPECT_THAT(json::write_compact(resolution(make_error(Code::kUsage, "m"))),
              HasSubstr("\"kind\":\"invalid_params\""));
  EXPECT_THAT(json::write_compact(resolution(make_error(Code::kInternal, "m"))),
              HasSubstr("\"kind\":\"internal_error\""));
}

}  // namespace
}  // namespace cortex::mcp
