// The event: what an agent did, as it stands in a session file and in a ledger row
// (docs/formats.md, "Event").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/ulid.h"

namespace cortex::core {

inline constexpr std::uint16_t kSchemaVersion = 2;  // written; 1 and 2 are accepted by verification
constexpr bool is_supported_schema_version(std::uint16_t version) {
  return version == 1 || version == 2;
}

enum class SourceType : std::uint8_t {
  kUser,
  kChildAgent,
  kTool,
  kRuntime,
  kExternalOutcome,
  kManualCorrection,
};

std::string_view source_type_text(SourceType type);  // "child_agent"
std::optional<SourceType> parse_source_type(std::string_view text);

struct Source {
  SourceType type = SourceType::kRuntime;
  std::string name;  // kTool: its name, kChildAgent: its model; otherwise empty

  friend bool operator==(const Source&, const Source&) = default;
};

enum class EventType : std::uint8_t {
  kUserMessage,
  kAgentResponse,
  kToolCall,
  kToolResult,
  kCodeDiff,
  kTestResult,
  kDecision,
  kCorrection,
  kOutcome,
  kSystemNote,
};

std::string_view event_type_text(EventType type);   // "cortex.event.tool_call.v1"
std::string_view event_type_short(EventType type);  // "tool_call"
std::optional<EventType> parse_event_type(std::string_view text);

// Signature of a signed row; kept as it was read, judged by the signed-chain verifier only.
struct RowSignature {
  std::uint16_t schema_version = 1;
  std::string key_id;
  Timestamp signed_at;
  std::string bytes;  // base64url as printed
};

struct Event {
  Ulid id;
  std::uint16_t schema_version = kSchemaVersion;
  Timestamp observed_at;
  Timestamp recorded_at;
  Source source;
  EventType type = EventType::kSystemNote;
  std::optional<Ulid> trace_id;
  std::optional<std::string> session_id;
  std::vector<std::string> domain_tags;
  std::string payload;  // canonical JSON bytes (see event_codec.h)
  std::string payload_hash;
  std::optional<std::string> prev_event_hash;
  std::string event_hash;
  // Chained hash over the whole row (ledger/chain.h); absent in rows that are not covered.
  std::optional<std::string> row_hash;
  std::optional<RowSignature> signature;
};

}  // namespace cortex::core
