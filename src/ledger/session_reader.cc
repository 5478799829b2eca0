#include "ledger/session_reader.h"

#include <algorithm>
#include <optional>

#include "base/limits.h"
#include "base/text.h"

namespace cortex::ledger {
namespace {

using json::Cursor;
using json::FaultKind;

Error shape_error(std::string_view what) {
  Error error = make_error(Code::kUsage, cat("the session file holds ", what));
  error.next = "give an object with an \"events\" array, an array of events, or one event";
  return error;
}

Error too_large() {
  return shape_error(cat("a value of more than ", human_bytes(limits::kEventBytesMax)));
}

class SessionReader {
 public:
  SessionReader(const ReadAt& read, const SessionCallbacks& callbacks)
      : read_(read), callbacks_(callbacks) {}

  Result<SessionSummary> run() {
    CORTEX_TRY(document());
    summary_.digest = hasher_.finish();
    return summary_;
  }

 private:
  Status document();
  Status object();
  Status member(const std::string& key);
  Status elements(int depth);
  Status single_event();
  Status end_of_text();

  Status deliver();
  core::Dialect dialect() const {
    return callbacks_.payloads ? core::Dialect::kSession : core::Dialect::kSessionOutline;
  }
  Status fill();
  // The next character that is no white space, or nothing at the end of the file.
  Result<std::optional<char>> next_char();
  // Runs `step` on a cursor at the current position, with more text as long as it runs into the
  // end of what was read so far.
  template <class Step>
  Status attempt(int depth, Step step);
  Error parse_error(const json::Fault& fault) const;
  Error syntax_error(const char* what) const {
    return parse_error({FaultKind::kSyntax, position_, what});
  }

  const ReadAt& read_;
  const SessionCallbacks& callbacks_;
  std::string window_;  // bytes [window_offset_, ...) of the file
  std::uint64_t window_offset_ = 0;
  std::size_t position_ = 0;  // in the window
  bool keep_ = false;         // do not drop what was read: it may be one single event
  bool at_eof_ = false;
  std::optional<bool> events_is_array_;
  core::DecodedEvent decoded_;
  crypto::Blake3 hasher_;
  SessionSummary summary_;
};

Error SessionReader::parse_error(const json::Fault& fault) const {
  Error error = make_error(Code::kUsage, "the session file does not parse: ");
  if (summary_.events > 0) error.message += cat("after event ", summary_.events, ": ");
  error.message += cat(fault.what, " at byte ", window_offset_ + fault.offset);
  error.next =
      summary_.events > 0
          ? "correct the file and run the command again"
          : "correct the file; transcripts of other programs come in with `cortex session import`";
  return error;
}

Status SessionReader::fill() {
  if (!keep_) {
    window_.erase(0, position_);
    window_offset_ += position_;
    position_ = 0;
  }
  const std::size_t old_size = window_.size();
  if (old_size > limits::kEventBytesMax) return too_large();
  // Twice as much each time, so that a value of any size is looked at O(log) times.
  const std::size_t wanted = std::max(limits::kIoBlockBytes, old_size);
  window_.resize(old_size + wanted);
  CORTEX_ASSIGN(const std::size_t got,
                read_(summary_.bytes, std::span<char>(window_.data() + old_size, wanted)));
  window_.resize(old_size + got);
  at_eof_ = got < wanted;
  summary_.bytes += got;
  hasher_.update(std::string_view(window_).substr(old_size));
  return {};
}

Result<std::optional<char>> SessionReader::next_char() {
  for (;;) {
    position_ = std::min(window_.find_first_not_of(" \t\r\n", position_), window_.size());
    if (position_ < window_.size()) return std::optional<char>(window_[position_]);
    if (at_eof_) return std::optional<char>();
    CORTEX_TRY(fill());
  }
}

template <class Step>
Status SessionReader::attempt(int depth, Step step) {
  for (;;) {
    Cursor cursor(window_, position_, depth);
    const bool done = step(cursor);
    // A number that ends where the window does may go on behind it, and a value that is missing
    // there may follow.
    const bool at_border = cursor.fault().offset == window_.size();
    const bool cut = done ? cursor.position() == window_.size()
                          : cursor.fault().kind == FaultKind::kEnd || at_border;
    if (cut && !at_eof_) {
      CORTEX_TRY(fill());
      continue;
    }
    if (!done) return parse_error(cursor.fault());
    if (cursor.position() - position_ > limits::kEventBytesMax) return too_large();
    position_ = cursor.position();
    return {};
  }
}

Status SessionReader::deliver() {
  ++summary_.events;
  return callbacks_.on_event(decoded_);
}

// The events of an array whose bracket was consumed; `depth` counts it.
Status SessionReader::elements(int depth) {
  CORTEX_ASSIGN(std::optional<char> next, next_char());
  if (next == ']') {
    ++position_;
    return {};
  }
  for (;;) {
    CORTEX_TRY(attempt(
        depth, [this](Cursor& cursor) { return core::decode_event(cursor, dialect(), decoded_); }));
    CORTEX_TRY(deliver());
    CORTEX_ASSIGN(next, next_char());
    if (next != ',' && next != ']') return syntax_error("expected a comma or a closing bracket");
    ++position_;
    if (next == ']') return {};
  }
}

Status SessionReader::member(const std::string& key) {
  const auto skip = [](Cursor& cursor) { return cursor.skip_value(); };
  if (key != "events") return attempt(1, skip);
  CORTEX_ASSIGN(const std::optional<char> next, next_char());
  keep_ = false;  // no single event, then
  if (events_is_array_) {
    summary_.events = 0;
    ++summary_.restarts;
    callbacks_.on_restart();
  }
  events_is_array_ = next == '[';
  if (!*events_is_array_) return attempt(1, skip);
  ++position_;
  return elements(2);
}

// The members of an object whose brace was consumed.
Status SessionReader::object() {
  CORTEX_ASSIGN(std::optional<char> next, next_char());
  if (next == '}') {
    ++position_;
    return {};
  }
  for (;;) {
    std::string key;
    CORTEX_TRY(attempt(1, [&key](Cursor& cursor) {
      key.clear();
      return cursor.read_string(key);
    }));
    CORTEX_ASSIGN(next, next_char());
    if (next != ':') return syntax_error("expected a colon");
    ++position_;
    CORTEX_TRY(member(key));
    CORTEX_ASSIGN(next, next_char());
    if (next != ',' && next != '}') return syntax_error("expected a comma or a closing brace");
    ++position_;
    if (next == '}') return {};
  }
}

// The whole file is in the window.
Status SessionReader::single_event() {
  Cursor cursor(window_);
  if (!core::decode_event(cursor, dialect(), decoded_)) {
    return parse_error(cursor.fault());
  }
  return deliver();
}

Status SessionReader::end_of_text() {
  CORTEX_ASSIGN(const std::optional<char> next, next_char());
  if (next) return syntax_error("text after the document");
  return {};
}

Status SessionReader::document() {
  CORTEX_ASSIGN(const std::optional<char> first, next_char());
  if (first == '[') {
    ++position_;
    CORTEX_TRY(elements(1));
    return end_of_text();
  }
  if (first != '{') {
    CORTEX_TRY(attempt(0, [](Cursor& cursor) { return cursor.skip_value(); }));
    CORTEX_TRY(end_of_text());
    return shape_error("neither an object nor an array");
  }
  keep_ = true;
  ++position_;
  CORTEX_TRY(object());
  CORTEX_TRY(end_of_text());
  if (!events_is_array_) return single_event();
  if (!*events_is_array_) return shape_error("an \"events\" member that is no array");
  return {};
}

}  // namespace

Result<SessionSummary> read_session(const ReadAt& read, const SessionCallbacks& callbacks) {
  return SessionReader(read, callbacks).run();
}

}  // namespace cortex::ledger
