// What all formats have in common: ids, times, counts, and how things are kept that no format
// knows.
#pragma once

#include <string>
#include <string_view>

#include "transcript/turn.h"

namespace cortex::transcript {

// Where something stood: part of its id and of its payload.
struct Place {
  std::string session;  // empty: that of the file
  std::string key;      // unique in the session: an id of the format, or a number
  std::optional<Timestamp> at{};
  // What stands there is part of the id, too: the key only says where that was (another file may
  // have the same name), or names something that is changed in its place.
  bool with_content = false;
};

class Emitter {
 public:
  // `format`: its token. `session`: for what names none. The references outlive the emitter.
  Emitter(std::string_view format, std::string session, const OnTurn& on_turn, Counts& counts);

  // One turn of this kind; `payload` gets the member `transcript` {format, key}.
  Status emit(const Place& place, core::SourceType source, std::string_view name,
              core::EventType type, json::Object payload, std::vector<Proposal> proposals = {});
  Status user(const Place& place, std::string_view text);
  Status agent(const Place& place, std::string_view model, std::string_view member,
               std::string_view text);
  Status note(const Place& place, json::Object payload);
  // A value of a kind that is not known, kept whole.
  Status unknown(const Place& place, json::Value value);
  // Text that is not even what the format is made of, kept as it is (bytes that are no UTF-8 as
  // base64).
  Status malformed(const Place& place, std::string_view text, std::string_view why);

  Counts& counts() { return counts_; }
  const std::string& session() const { return session_; }

 private:
  std::string format_, session_;
  const OnTurn& on_turn_;
  Counts& counts_;
  Timestamp last_;
};

// The number of a line or element as a key that sorts as it counts.
std::string numbered_key(std::string_view what, std::uint64_t number);

// Times as formats have them: RFC 3339, or seconds or milliseconds since 1970 as a number or text.
std::optional<Timestamp> time_of(const json::Value* value);
std::optional<Timestamp> time_of_text(std::string_view text);

// The text of a content: itself, or the texts of its parts ({"text": ...} or texts), by line ends.
std::string content_text(const json::Value& content);
// The first member of these names that is a text and not blank.
std::string first_text(const json::Value& value, std::initializer_list<std::string_view> names);

}  // namespace cortex::transcript
