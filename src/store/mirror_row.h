// A ledger row as the store's `events` table holds it (docs/formats.md, 9.5 and 10).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"

namespace cortex::store {

// Column values that are not taken from the event as they are. Buffers are reused by fill().
struct MirrorRow {
  std::string id, observed_at, recorded_at, source, tags;
  std::optional<std::string> trace_id;

  void fill(const core::Event& event);
};

// The columns in the order of every statement about mirrored rows.
inline constexpr std::string_view kMirrorColumns =
    "id, schema_version, observed_at, recorded_at, source_json, event_type, trace_id, session_id,"
    " domain_tags_json, payload_json, payload_hash, prev_event_hash, event_hash";
inline constexpr int kMirrorColumnCount = 13;

}  // namespace cortex::store
