// Replies and notifications of the server as text: compact JSON, members in the order jsonrpc, id,
// then result or error; no line end.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace cortex::mcp {

struct RpcError {
  int code = 0;
  std::string message;
  std::optional<json::Value> data{};
};

// `id` as JSON text. Empty: the member is left out, for messages whose id could not be read.
std::string result_text(std::string_view id, const json::Value& result);
std::string error_text(std::string_view id, const RpcError& error);
std::string notification_text(std::string_view method, const json::Value& params);

// How a refusal of a use case looks on the wire (docs/formats.md, "MCP"): code, message, and as
// data the resolution object with what to do next. Bad arguments and policy are -32602, everything
// else is -32603.
RpcError rpc_error(const Error& error);

// The resolution object of an error: schema, kind, summary, detail, next_actions, and `invariant`
// when the error has a token.
json::Object resolution(const Error& error);

}  // namespace cortex::mcp
