// Session events and ledger rows: what is decoded can be written as a row and reads back the same,
// a row is also a session event (without its signature), and a sealed event always passes
// verification.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/event_codec.h"
#include "fuzz/event_equality.h"
#include "fuzz/memory_fs.h"
#include "fuzz/require.h"
#include "json/cursor.h"
#include "ledger/chain.h"
#include "ledger/verify.h"

namespace {

using cortex::core::DecodedEvent;
using cortex::core::Dialect;
using cortex::core::Event;
using cortex::fuzz::require;

std::optional<DecodedEvent> decode(std::string_view text, Dialect dialect) {
  cortex::json::Cursor cursor(text);
  DecodedEvent out;
  const bool good = cortex::core::decode_event(cursor, dialect, out);
  require(good != cursor.failed());
  if (!good || !cursor.at_end()) return std::nullopt;
  return out;
}

std::string row_of(const Event& event) {
  std::string row;
  cortex::core::append_row(row, event);
  return row;
}

// Writes the event as a row; the row must hold the same members and `event.payload` verbatim.
DecodedEvent check_row(const Event& event, std::string& row) {
  row = row_of(event);
  auto again = decode(row, Dialect::kLedgerRow);
  require(again.has_value());
  require(cortex::fuzz::same_members(again->event, event));
  require(again->raw_payload == event.payload && again->event.payload.empty());
  Event rewritten = again->event;
  rewritten.payload = event.payload;
  require(row_of(rewritten) == row);
  return *std::move(again);
}

bool verifies(std::string ledger) {
  cortex::fuzz::MemoryFile file(ledger, "events.jsonl");
  const auto report = cortex::ledger::verify_chain(file, ledger.size());
  require(report.ok() && report->rows == 1);
  return report->closed();
}

// A genesis row sealed over the canonical payload verifies, with the payload as the sealer wrote
// it and with `raw`, another text of the same value.
void check_sealed(Event event, std::string_view raw) {
  event.schema_version = cortex::core::kSchemaVersion;
  cortex::ledger::seal(event, std::nullopt);
  std::string row;
  const DecodedEvent sealed = check_row(event, row);
  require(sealed.raw_payload_is_canonical);
  require(verifies(row));
  event.payload = raw;
  check_row(event, row);
  if (event.payload.find('\n') == std::string::npos) require(verifies(row));  // one line
}

void check_ledger_row(std::string_view text) {
  const auto decoded = decode(text, Dialect::kLedgerRow);
  if (!decoded) return;
  Event event = decoded->event;
  event.payload = decoded->raw_payload;
  std::string row;
  const DecodedEvent again = check_row(event, row);
  require(again.raw_payload_is_canonical == decoded->raw_payload_is_canonical);
  require(again.payload_depth == decoded->payload_depth);

  const auto canonical =
      cortex::core::canonical_payload(decoded->raw_payload, decoded->payload_depth);
  require(canonical.ok());
  const auto session = decode(text, Dialect::kSession);
  require(session.has_value() && !session->event.signature);
  require(cortex::fuzz::same_description(session->event, decoded->event));
  require(cortex::fuzz::same_hashes(session->event, decoded->event));
  require(session->raw_payload == decoded->raw_payload);
  require(session->event.payload == *canonical);

  event.payload = *canonical;
  check_sealed(event, decoded->raw_payload);
  if (!decoded->raw_payload_is_canonical) return;
  event.payload = decoded->raw_payload;  // hashed as written, even where numbers are unstable
  check_sealed(event, decoded->raw_payload);
}

void check_session_event(std::string_view text) {
  const auto decoded = decode(text, Dialect::kSession);
  if (!decoded) return;
  require(!decoded->event.signature);  // made when a row is, never brought along
  const auto reread = cortex::core::canonical_payload(decoded->event.payload, 1);
  require(reread.ok());
  if (!decoded->unstable_numbers) require(*reread == decoded->event.payload);
  std::string row;
  const DecodedEvent again = check_row(decoded->event, row);
  require(again.raw_payload_is_canonical);
  const auto session = decode(row, Dialect::kSession);
  require(session.has_value());
  require(cortex::fuzz::same_members(session->event, decoded->event));
  check_sealed(decoded->event, decoded->event.payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_ledger_row(text);
  check_session_event(text);
  return 0;
}
