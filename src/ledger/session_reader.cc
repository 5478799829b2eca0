#include "ledger/session_reader.h"

#include <optional>

#include "base/text.h"

namespace cortex::ledger {
namespace {

using json::Cursor;
using EventFunction = std::function<Status(core::DecodedEvent&)>;

Error decode_error(const Cursor& cursor, std::uint64_t event) {
  Error error = make_error(Code::kUsage, "the session file does not parse: ");
  if (event > 0) error.message += cat("event ", event, ": ");
  error.message += cursor.fault().text();
  error.next = "correct the file and run the command again";
  return error;
}

Error shape_error(std::string_view what) {
  Error error = make_error(Code::kUsage, cat("the session file holds ", what));
  error.next = "give an object with an \"events\" array, an array of events, or one event";
  return error;
}

// The array of events at `position`.
Status read_array(std::string_view text, std::size_t position, int depth, const EventFunction& f) {
  Cursor cursor(text, position, depth);
  core::DecodedEvent decoded;
  std::uint64_t count = 0;
  if (!cursor.enter_array()) return decode_error(cursor, 0);
  while (cursor.next_element()) {
    ++count;
    if (!core::decode_event(cursor, core::Dialect::kSession, decoded)) {
      return decode_error(cursor, count);
    }
    CORTEX_TRY(f(decoded));
  }
  if (cursor.failed()) return decode_error(cursor, count);
  return {};
}

// Where the array of the last "events" member begins, when there is one. Checks the syntax of the
// whole text.
Result<std::optional<std::size_t>> find_events(std::string_view text, bool& is_array) {
  Cursor cursor(text);
  std::optional<std::size_t> found;
  std::string_view key;
  if (!cursor.enter_object()) return decode_error(cursor, 0);
  while (cursor.next_member(key)) {
    const bool is_events = key == "events";
    const json::Type type = cursor.peek();
    if (is_events) {
      found = cursor.position();
      is_array = type == json::Type::kArray;
    }
    if (!cursor.skip_value()) break;
  }
  if (cursor.failed() || !cursor.at_end()) {
    if (!cursor.failed()) cursor.fail(json::FaultKind::kSyntax, "text after the document");
    return decode_error(cursor, 0);
  }
  return found;
}

}  // namespace

Status for_each_event(std::string_view text, const EventFunction& on_event) {
  Cursor cursor(text);
  const json::Type type = cursor.peek();
  if (type == json::Type::kArray) {
    if (!cursor.skip_value()) return decode_error(cursor, 0);
    if (!cursor.at_end()) return shape_error("text after its array");
    return read_array(text, 0, 0, on_event);
  }
  if (type != json::Type::kObject) {
    if (!cursor.skip_value()) return decode_error(cursor, 0);
    return shape_error("neither an object nor an array");
  }
  bool is_array = false;
  CORTEX_ASSIGN(const std::optional<std::size_t> events, find_events(text, is_array));
  if (events && !is_array) return shape_error("an \"events\" member that is no array");
  if (events) return read_array(text, *events, 1, on_event);
  core::DecodedEvent decoded;
  Cursor single(text);
  if (!core::decode_event(single, core::Dialect::kSession, decoded)) return decode_error(single, 1);
  return on_event(decoded);
}

}  // namespace cortex::ledger
