// Reading JSON objects whose members are known: each known member at most once, required ones
// present, unknown ones skipped. For documents that other programs write and that decide something:
// snapshots, intents, attestations, recovery manifests.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/cursor.h"

namespace cortex::bundle {

struct Field {
  std::string_view name;
  std::function<bool(json::Cursor&)> read;
  bool required = true;
};

// False with a fault of the cursor: no object, a repeated or missing member, a member that its
// reader refused.
bool read_fields(json::Cursor& cursor, std::span<const Field> fields,
                 std::string_view* missing = nullptr);  // the name of the missing member

// Readers of members; each keeps a reference to where the value goes.
std::function<bool(json::Cursor&)> text_into(std::string& out);
std::function<bool(json::Cursor&)> nullable_text_into(std::optional<std::string>& out);
std::function<bool(json::Cursor&)> count_into(std::uint64_t& out, std::uint64_t maximum);
std::function<bool(json::Cursor&)> texts_into(std::set<std::string>& out);
bool read_count(json::Cursor& cursor, std::uint64_t& out, std::uint64_t maximum);

// An object used as a map: of a repeated key the last value stays.
template <class T, class ReadValue>
bool read_map(json::Cursor& cursor, std::map<std::string, T>& out, ReadValue read_value) {
  if (!cursor.enter_object()) return false;
  std::string_view view;
  while (cursor.next_member(view)) {
    std::string key(view);
    T value;
    if (!read_value(cursor, value)) return false;
    out.insert_or_assign(std::move(key), std::move(value));
  }
  return !cursor.failed();
}

// The whole text is one object of these members. The error is the fault's text, code kUsage: the
// caller knows what the document is.
Status read_document(std::string_view text, std::span<const Field> fields);

}  // namespace cortex::bundle
