// What differs between servers: how a request is written and an answer is read. Internal to this
// room; server.cc does what they have in common.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.h"
#include "llm/servers.h"

namespace cortex::llm {

// What one line of a streamed answer adds.
struct Piece {
  std::string delta{};
  bool end = false;
  std::optional<Usage> usage{};
  std::string model{};
};

class Wire {
 public:
  virtual ~Wire() = default;
  virtual std::string_view adapter_id() const = 0;
  virtual net::Request request(const Request& request, bool stream) const = 0;
  // `body` is JSON. The caller fills raw_hash, and `model` where it is empty.
  virtual Result<Response> read(const json::Value& body) const = 0;
  // One line without its line end; not blank.
  virtual Result<Piece> read_line(std::string_view line) const = 0;
  virtual Result<std::string> examine(net::Http&) const { return std::string(); }
};

Error invalid_request(std::string_view what);
Error unreadable_answer(std::string_view what);

// {content, role} of each message; tool answers under `tool_role`.
json::Array messages_json(const Request& request, std::string_view tool_role);
// A POST of a compact body with sorted members.
net::Request post_json(std::string url, const json::Value& body);
json::Value temperature_of(const Request& request);
// The document behind "data:" of a line of server-sent events; nullopt for other lines.
std::optional<std::string_view> event_data(std::string_view line);

// A model that speaks `wire`.
std::unique_ptr<Model> server_model(std::unique_ptr<Wire> wire, ServerSettings settings,
                                    Network network);

}  // namespace cortex::llm
