// Session files: reading them as a stream gives the same verdict and the same events as parsing the
// whole text at once, wherever the borders of the I/O blocks fall.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "core/event_codec.h"
#include "crypto/digest.h"
#include "fuzz/event_equality.h"
#include "fuzz/require.h"
#include "json/cursor.h"
#include "json/value.h"
#include "ledger/session_reader.h"

namespace {

using cortex::core::DecodedEvent;
using cortex::core::Dialect;
using cortex::fuzz::require;
using cortex::json::Cursor;

// An event as a session holds it, without the views into the text.
struct Seen {
  cortex::core::Event event;
  std::string raw_payload;
  bool unstable_numbers = false;
};

using Events = std::vector<Seen>;

Seen seen_of(const DecodedEvent& decoded) {
  return {decoded.event, std::string(decoded.raw_payload), decoded.unstable_numbers};
}

bool same(const Seen& a, const Seen& b) {
  return cortex::fuzz::same_members(a.event, b.event) && a.event.payload == b.event.payload &&
         a.raw_payload == b.raw_payload && a.unstable_numbers == b.unstable_numbers;
}

// Decodes the elements of the array at the cursor; false when one is no event.
bool read_elements(Cursor& cursor, Events& out) {
  DecodedEvent decoded;
  require(cursor.enter_array());
  while (cursor.next_element()) {
    if (!cortex::core::decode_event(cursor, Dialect::kSession, decoded)) return false;
    out.push_back(seen_of(decoded));
  }
  return !cursor.failed();
}

// The events of a text that is one JSON document, or nothing when it is no session. An event that
// does not decode in an "events" member that a later one replaces still counts: a stream cannot
// know better.
std::optional<Events> events_of(std::string_view text) {
  Events events;
  Cursor cursor(text);
  if (cursor.peek() == cortex::json::Type::kArray) {
    return read_elements(cursor, events) ? std::optional(events) : std::nullopt;
  }
  if (cursor.peek() != cortex::json::Type::kObject) return std::nullopt;
  std::optional<bool> is_array;
  std::string_view key;
  require(cursor.enter_object());
  while (cursor.next_member(key)) {
    const bool is_events = key == "events";
    if (is_events) {
      events.clear();
      is_array = cursor.peek() == cortex::json::Type::kArray;
      if (*is_array && !read_elements(cursor, events)) return std::nullopt;
    }
    if (!is_events || !*is_array) require(cursor.skip_value());
  }
  if (is_array) return *is_array ? std::optional(events) : std::nullopt;
  Cursor single(text);
  DecodedEvent decoded;
  if (!cortex::core::decode_event(single, Dialect::kSession, decoded)) return std::nullopt;
  return Events{seen_of(decoded)};
}

std::optional<Events> whole_text(std::string_view text) {
  if (!cortex::json::parse(text).ok()) return std::nullopt;
  return events_of(text);
}

// Reads `blanks` white space followed by the text.
std::optional<Events> streamed(std::string_view text, std::size_t blanks) {
  Events events;
  const auto read = [&](std::uint64_t offset, std::span<char> out) -> cortex::Result<std::size_t> {
    const auto at = static_cast<std::size_t>(offset);
    const std::size_t leading = at < blanks ? std::min(blanks - at, out.size()) : 0;
    std::fill_n(out.begin(), leading, ' ');
    const std::size_t done = at + leading - blanks;
    if (at + leading < blanks || done >= text.size()) return leading;
    return leading + text.copy(out.data() + leading, out.size() - leading, done);
  };
  cortex::ledger::SessionCallbacks callbacks;
  callbacks.on_restart = [&events] { events.clear(); };
  callbacks.on_event = [&events](DecodedEvent& decoded) {
    events.push_back(seen_of(decoded));
    return cortex::Status{};
  };
  const auto summary = cortex::ledger::read_session(read, callbacks);
  if (!summary.ok()) {
    require(summary.error().code == cortex::Code::kUsage);
    require(cortex::fuzz::is_printable(summary.error().text()));
    return std::nullopt;
  }
  require(summary->events == events.size());
  require(summary->bytes == blanks + text.size());
  require(summary->digest == cortex::crypto::blake3(std::string(blanks, ' ').append(text)));
  return events;
}

void check_agreement(const std::optional<Events>& a, const std::optional<Events>& b) {
  require(a.has_value() == b.has_value());
  if (a) require(std::ranges::equal(*a, *b, same));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<Events> whole = whole_text(text);
  check_agreement(streamed(text, 0), whole);
  // The first block ends somewhere inside the text; one input in sixteen, because blocks are large.
  if (size % 16 != 1) return 0;
  const std::size_t cut = (data[0] * 256U + data[size - 1]) % size;
  check_agreement(streamed(text, cortex::limits::kIoBlockBytes - cut), whole);
  return 0;
}
