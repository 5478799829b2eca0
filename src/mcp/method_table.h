// The methods that are one question and one answer, as rows: what they are called, in which
// revisions they exist, and who answers. tools/call, initialize and subscriptions have ways of
// their own in the dispatcher.
#pragma once

#include <string_view>
#include <variant>

#include "json/value.h"
#include "mcp/methods.h"
#include "mcp/protocol.h"
#include "mcp/reply.h"
#include "mcp/tool.h"

namespace cortex::mcp {

using Answer = std::variant<json::Object, RpcError>;

struct Question {
  const Host& host;
  const json::Object& params;
  const Revision& revision;
  const Client& client;
};

struct Method {
  std::string_view name;
  bool with_handshake = true;
  bool stateless = true;
  bool takes_any_params = false;
  bool reads_store = false;  // then a worker answers
  Cache cache = Cache::kNone;
  Answer (*answer)(const Question& question) = nullptr;
};

const Method* find_method(std::string_view name);  // nullptr when there is none

// `value` as an object; an empty one for anything else.
const json::Object& object_of(const json::Value* value);
// The text of a member, or "".
std::string text_member(const json::Object& object, std::string_view key);

}  // namespace cortex::mcp
