// Session files: {"events":[Event...]}, [Event...] or one Event (docs/formats.md, 8).
//
// Read as a stream: memory holds one I/O block plus the largest single event, whatever the size of
// the file. Outside the events only the syntax is checked. Cost: one pass over the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/result.h"
#include "core/event_codec.h"
#include "crypto/digest.h"

namespace cortex::ledger {

// Fills `out` from `offset`; less than asked for means the end (fs::File::read_at).
using ReadAt = std::function<Result<std::size_t>(std::uint64_t offset, std::span<char> out)>;

struct SessionCallbacks {
  // Of a repeated "events" member the last one counts: forget the events seen so far.
  std::function<void()> on_restart;
  // Events in file order; the reference is valid during the call.
  std::function<Status(core::DecodedEvent&)> on_event;
  // Whether events come with their canonical payload, or are only checked (cheaper).
  bool payloads = true;
};

struct SessionSummary {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t restarts = 0;
  crypto::Digest digest{};  // of all bytes: tells whether a second reading saw the same file
};

// Events are delivered before the rest of the file was seen: a caller that wants all or nothing
// reads twice. Errors: kUsage for text that is not JSON, of another shape or with an event that
// does not decode; what `read` or `on_event` returned otherwise.
Result<SessionSummary> read_session(const ReadAt& read, const SessionCallbacks& callbacks);

}  // namespace cortex::ledger
