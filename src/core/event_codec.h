// Events to and from JSON: session events (repeated members: the last one wins) and ledger rows (a
// repeated member is an error). Unknown members are ignored everywhere except inside `payload`.
// O(bytes), no allocation for rows of a steady shape when the same Event is reused.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "core/event.h"
#include "json/cursor.h"

namespace cortex::core {

enum class Dialect {
  kSession,
  kSessionOutline,  // as kSession, but the payload is only checked: `event.payload` stays empty
  kLedgerRow,
};

struct DecodedEvent {
  Event event;
  // The payload as it stands in the text that was decoded; valid as long as that text.
  std::string_view raw_payload;
  // raw_payload is the canonical form as it stands (numbers as written, docs/formats.md, 4.4).
  bool raw_payload_is_canonical = false;
  // Some number of the payload does not survive being read back (4.4). Set for session events only.
  bool unstable_numbers = false;
  int payload_depth = 0;  // containers open around the payload
};

// The row member that holds Event::row_hash.
inline constexpr std::string_view kRowHashMember = "x_row_hash";

// Decodes the event object at the cursor. On failure returns false and the cursor's fault tells
// why. For session events `event.payload` becomes the canonical payload; for rows it stays empty
// (see canonical_payload()).
bool decode_event(json::Cursor& cursor, Dialect dialect, DecodedEvent& out);

// The canonical form of a payload, re-read with the number rules of docs/formats.md, 4.2. `raw`
// must be valid JSON.
Result<std::string> canonical_payload(std::string_view raw, int depth_used);

// Appends the row as it is written to disk, without newline: members in the order of the format,
// `payload` verbatim.
void append_row(std::string& out, const Event& event);
// The same in two parts: up to `event_hash` without the closing brace, and what follows.
void append_row_body(std::string& out, const Event& event);
void append_row_end(std::string& out, const Event& event);

// Appends the JSON of one source, discriminator first.
void append_source(std::string& out, const Source& source);
void append_tags(std::string& out, const std::vector<std::string>& tags);

}  // namespace cortex::core
