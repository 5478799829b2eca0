// What the HTTP transport asks of a request before its message counts: who may come in, and whether
// the headers say what the body says. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mcp/message.h"
#include "mcp/reply.h"
#include "net/http_head.h"
#include "net/http_server.h"

namespace cortex::mcp {

inline constexpr std::string_view kEndpoint = "/mcp";

struct Entry {
  std::string token{};  // what clients must send; empty: nobody has to (test builds only)
};

// Path, Host and Origin (against DNS rebinding), the bearer token (in constant time), the method
// and the types. nullopt: let in.
std::optional<net::HttpAnswer> admit(const Entry& entry, const net::HttpHead& head);

// An answer whose body is a JSON-RPC error.
net::HttpAnswer error_answer(int status, std::string_view id, const RpcError& error);

// A client that reads server-sent events; one without Accept reads everything.
bool takes_events(const net::HttpHead& head);

// The stateless revision mirrors parts of the message into headers: they must be there and the
// same. The error is a header mismatch.
std::optional<RpcError> header_mismatch(const net::HttpHead& head, const Message& message);

// The value of a header that may be written as =?base64?...?=; nullopt when that cannot be read.
std::optional<std::string> header_value(const std::string& text);

}  // namespace cortex::mcp
