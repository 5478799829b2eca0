// Whether two events are the same, member by member. The product never needs to know.
#pragma once

#include "core/event.h"

namespace cortex::fuzz {

inline bool same_signature(const core::Event& a, const core::Event& b) {
  if (a.signature.has_value() != b.signature.has_value()) return false;
  if (!a.signature) return true;
  return a.signature->schema_version == b.signature->schema_version &&
         a.signature->key_id == b.signature->key_id &&
         a.signature->signed_at == b.signature->signed_at &&
         a.signature->bytes == b.signature->bytes;
}

// What the event says of itself, apart from its payload, hashes and signature.
inline bool same_description(const core::Event& a, const core::Event& b) {
  return a.id == b.id && a.schema_version == b.schema_version && a.observed_at == b.observed_at &&
         a.recorded_at == b.recorded_at && a.source == b.source && a.type == b.type &&
         a.trace_id == b.trace_id && a.session_id == b.session_id && a.domain_tags == b.domain_tags;
}

inline bool same_hashes(const core::Event& a, const core::Event& b) {
  return a.payload_hash == b.payload_hash && a.prev_event_hash == b.prev_event_hash &&
         a.event_hash == b.event_hash;
}

// Everything but the payload, which a row holds verbatim (DecodedEvent::raw_payload).
inline bool same_members(const core::Event& a, const core::Event& b) {
  return same_description(a, b) && same_hashes(a, b) && same_signature(a, b);
}

}  // namespace cortex::fuzz
