#include "mcp/reply.h"

#include "base/text.h"
#include "mcp/protocol.h"

namespace cortex::mcp {
namespace {

constexpr std::string_view kSizeToken = "size_limit_exceeded";

// Errors of use cases that the operating system caused are nobody's bad argument.
bool is_internal(const Error& error) {
  switch (error.code) {
    case Code::kUsage:
    case Code::kPrecondition:
    case Code::kQuarantined:
      return error.system_errno != 0;
    case Code::kOk:
    case Code::kIntegrity:
    case Code::kSchema:
    case Code::kChain:
    case Code::kInternal:
      break;
  }
  return true;
}

std::string_view kind_of(const Error& error) {
  if (error.token == kSizeToken) return kSizeToken;
  if (is_internal(error)) return "internal_error";
  return error.code == Code::kUsage ? "invalid_params" : "policy_rejected";
}

std::string start(std::string_view id) {
  std::string out = "{\"jsonrpc\":\"2.0\"";
  if (!id.empty()) out += cat(",\"id\":", id);
  return out;
}

}  // namespace

std::string result_text(std::string_view id, const json::Value& result) {
  std::string out = start(id);
  out += ",\"result\":";
  json::write_compact(out, result, json::Keys::kAsIs);
  out += '}';
  return out;
}

std::string error_text(std::string_view id, const RpcError& error) {
  std::string out = start(id);
  out += cat(",\"error\":{\"code\":", error.code, ",\"message\":");
  json::write_string(out, error.message);
  if (error.data) {
    out += ",\"data\":";
    json::write_compact(out, *error.data, json::Keys::kAsIs);
  }
  out += "}}";
  return out;
}

std::string notification_text(std::string_view method, const json::Value& params) {
  std::string out = "{\"jsonrpc\":\"2.0\",\"method\":";
  json::write_string(out, method);
  out += ",\"params\":";
  json::write_compact(out, params, json::Keys::kAsIs);
  out += '}';
  return out;
}

json::Object resolution(const Error& error) {
  std::string detail = error.message;
  if (!error.unchanged.empty()) detail += cat("; ", error.unchanged);
  json::Array next;
  if (!error.next.empty()) next.emplace_back(error.next);
  json::Object out{{"schema", "cortex_refusal_resolution.v1"},
                   {"kind", kind_of(error)},
                   {"summary", error.message},
                   {"detail", std::move(detail)},
                   {"next_actions", std::move(next)}};
  if (!error.token.empty() && error.token != kSizeToken) out.add("invariant", error.token);
  return out;
}

RpcError rpc_error(const Error& error) {
  const bool internal = is_internal(error) && error.token != kSizeToken;
  std::string message = error.message;
  // Callers match on tokens in the message: reference 0.1.2 has no other place for them.
  const bool has_token = !error.token.empty() && error.token != kSizeToken &&
                         message.find(error.token) == std::string::npos;
  if (has_token) message = cat(error.token, ": ", message);
  return {internal ? code::kInternal : code::kInvalidParams, std::move(message),
          json::Value(resolution(error))};
}

}  // namespace cortex::mcp
