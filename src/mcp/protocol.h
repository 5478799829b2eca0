// The revisions of the Model Context Protocol that are spoken here, what each of them has, and the
// error codes. Tables; nothing here does input or output.
#pragma once

#include <span>
#include <string_view>

namespace cortex::mcp {

struct Revision {
  std::string_view name;  // "2025-06-18"
  // False: stateless, every request says its revision and its client in `_meta`.
  bool handshake = true;
  bool batches = false;  // arrays of messages
  // A tool's refusal is a result with isError, which models see, instead of a JSON-RPC error.
  bool tool_errors_are_results = false;
};

std::span<const Revision> revisions();  // oldest first
const Revision* find_revision(std::string_view name);

// What `initialize` answers: the revision asked for, when it is one with a handshake, else
// 2025-06-18, the one that reference 0.1.2 answers.
const Revision& negotiate(std::string_view asked);
const Revision& stateless_revision();

namespace code {
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternal = -32603;
inline constexpr int kResourceNotFound = -32002;  // revisions with a handshake only
inline constexpr int kHeaderMismatch = -32020;
inline constexpr int kMissingCapability = -32021;
inline constexpr int kUnsupportedRevision = -32022;
}  // namespace code

// Keys of `_meta` in the stateless revision.
namespace meta {
inline constexpr std::string_view kProtocolVersion = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kClientInfo = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view kClientCapabilities =
    "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view kServerInfo = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view kSubscriptionId = "io.modelcontextprotocol/subscriptionId";
inline constexpr std::string_view kProgressToken = "progressToken";
}  // namespace meta

}  // namespace cortex::mcp
