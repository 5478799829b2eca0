#include "mcp/http_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "mcp/bearer.h"
#include "mcp/method_table.h"

namespace cortex::mcp {
namespace {

constexpr std::string_view kBearer = "bearer ";
constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kEvents = "text/event-stream";

// Of "localhost:80", "[::1]": without the port.
bool is_loopback_authority(std::string_view text) {
  constexpr std::array<std::string_view, 3> kNames{"localhost", "127.0.0.1", "[::1]"};
  const std::string lower = to_lower_ascii(text);
  const std::string_view all(lower);
  return std::ranges::any_of(kNames, [all](std::string_view name) {
    if (!all.starts_with(name)) return false;
    const std::string_view rest = all.substr(name.size());
    return rest.empty() || (rest.front() == ':' && std::ranges::all_of(rest.substr(1), is_digit));
  });
}

bool is_loopback_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http", "https"}) {
    const std::string start = cat(scheme, "://");
    if (origin.starts_with(start)) return is_loopback_authority(origin.substr(start.size()));
  }
  return false;
}

bool has_token(const Entry& entry, const net::HttpHead& head) {
  if (entry.token.empty()) return true;
  const std::string* value = head.find("authorization");
  if (value == nullptr || to_lower_ascii(value->substr(0, kBearer.size())) != kBearer) return false;
  return same_token(entry.token, trim(std::string_view(*value).substr(kBearer.size())));
}

// True when the Accept header names the type, or any.
bool accepts(const net::HttpHead& head, std::string_view type) {
  const std::string* value = head.find("accept");
  if (value == nullptr) return true;
  const std::string lower = to_lower_ascii(*value);
  for (const std::string_view part : split(lower, ',')) {
    const std::string_view name = trim(part.substr(0, part.find(';')));
    if (name == type || name == "*/*" ||
        (name.ends_with("/*") && type.starts_with(name.substr(0, name.size() - 1)))) {
      return true;
    }
  }
  return false;
}

bool sends_json(const net::HttpHead& head) {
  const std::string* value = head.find("content-type");
  return value != nullptr &&
         to_lower_ascii(trim(std::string_view(*value).substr(0, value->find(';')))) == kJsonType;
}

net::HttpAnswer plain(int status, std::string_view why, std::vector<net::HttpHeader> headers = {}) {
  net::HttpAnswer answer = error_answer(status, "", {code::kInvalidRequest, std::string(why)});
  answer.headers = std::move(headers);
  return answer;
}

RpcError mismatch(std::string_view why) {
  return {code::kHeaderMismatch, cat("Header mismatch: ", why)};
}

struct Mirrored {
  std::string_view method, key;
};
constexpr Mirrored kNames[] = {
    {"tools/call", "name"}, {"prompts/get", "name"}, {"resources/read", "uri"}};

}  // namespace

std::optional<net::HttpAnswer> admit(const Entry& entry, const net::HttpHead& head) {
  if (head.path() != kEndpoint) return plain(404, cat("there is only ", kEndpoint, " here"));
  const std::string* host = head.find("host");
  if (host == nullptr || !is_loopback_authority(*host)) {
    return plain(403, "the Host header names no address of this machine");
  }
  const std::string* origin = head.find("origin");
  if (origin != nullptr && !is_loopback_origin(*origin)) {
    return plain(403, "pages of other machines are not served");
  }
  if (!has_token(entry, head)) {
    return plain(401, "the bearer token is missing or wrong; the server tells its file at start",
                 {{"WWW-Authenticate", "Bearer"}});
  }
  if (head.method == "GET") {
    if (accepts(head, kEvents) && head.find("accept") != nullptr) return std::nullopt;
    return plain(406, "GET opens a stream of events: accept text/event-stream");
  }
  if (head.method == "DELETE") return std::nullopt;
  if (head.method != "POST") {
    return plain(405, "POST, GET and DELETE are known", {{"Allow", "POST, GET, DELETE"}});
  }
  if (!sends_json(head)) return plain(415, "the body must be application/json");
  if (!accepts(head, kJsonType) && !accepts(head, kEvents)) {
    return plain(406, "answers are application/json or text/event-stream");
  }
  return std::nullopt;
}

net::HttpAnswer error_answer(int status, std::string_view id, const RpcError& error) {
  return {.status = status, .body = error_text(id, error)};
}

bool takes_events(const net::HttpHead& head) { return accepts(head, kEvents); }

std::optional<std::string> header_value(const std::string& text) {
  constexpr std::string_view kStart = "=?base64?", kEnd = "?=";
  const std::string_view all(text);
  if (!all.starts_with(kStart) || !all.ends_with(kEnd) ||
      all.size() < kStart.size() + kEnd.size()) {
    return text;
  }
  const auto bytes =
      from_base64(all.substr(kStart.size(), all.size() - kStart.size() - kEnd.size()));
  if (!bytes) return std::nullopt;
  std::string value(bytes->begin(), bytes->end());
  return is_valid_utf8(value) ? std::optional(std::move(value)) : std::nullopt;
}

std::optional<RpcError> header_mismatch(const net::HttpHead& head, const Message& message) {
  const json::Object& params = object_of(&message.params);
  const std::string version = text_member(object_of(params.find("_meta")), meta::kProtocolVersion);
  const std::string* told = head.find("mcp-protocol-version");
  if (told == nullptr) return mismatch("MCP-Protocol-Version is missing");
  if (*told != version) return mismatch("MCP-Protocol-Version is not that of the message");
  const std::string* method = head.find("mcp-method");
  if (method == nullptr) return mismatch("Mcp-Method is missing");
  if (*method != message.method) return mismatch("Mcp-Method is not that of the message");
  const auto* row = std::ranges::find(kNames, message.method, &Mirrored::method);
  if (row == std::end(kNames)) return std::nullopt;
  const std::string* name = head.find("mcp-name");
  if (name == nullptr) return mismatch("Mcp-Name is missing");
  const auto value = header_value(*name);
  if (!value) return mismatch("Mcp-Name is no Base64");
  if (*value != text_member(params, row->key)) {
    return mismatch(cat("Mcp-Name is not the ", row->key, " of the message"));
  }
  return std::nullopt;
}

}  // namespace cortex::mcp
