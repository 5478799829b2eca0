// What clients may read by address: cortex://ledger/head, and by template memories, events,
// sessions and context packs. Everything is JSON; nothing is written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/complete_ids.h"
#include "base/result.h"
#include "json/value.h"
#include "mcp/protocol.h"
#include "mcp/reply.h"
#include "mcp/tool.h"

namespace cortex::mcp {

struct ResourceTemplate {
  std::string_view path;  // "memory": cortex://memory/{id}
  std::string_view title, about;
  app::Completed completed;  // what {id} is completed from
};

// Of the address cortex://PATH/{id}; nullptr for another text.
const ResourceTemplate* find_template(std::string_view uri_template);

// The result of resources/templates/list.
json::Object templates_result();

// The result of resources/list: the head of the ledger, once it has a row, and the active memories,
// newest first, a page at a time. kUsage for a cursor that is none.
Result<json::Object> list_resources(const Host& host, const std::optional<std::string>& cursor);

// kUsage when nothing is there, or the address is none of ours.
Result<std::string> read_resource(const Host& host, std::string_view uri);
// What a client is told of such an error. kUsage is "not found", with the code of `revision`.
RpcError reading_error(const Error& error, std::string_view uri, const Revision& revision);

// The result of resources/read.
json::Object contents_result(std::string_view uri, std::string text);

}  // namespace cortex::mcp
