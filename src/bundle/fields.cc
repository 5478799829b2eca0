#include "bundle/fields.h"

#include <utility>
#include <vector>

#include "base/text.h"

namespace cortex::bundle {

bool read_fields(json::Cursor& cursor, std::span<const Field> fields, std::string_view* missing) {
  using json::FaultKind;
  if (!cursor.enter_object()) return false;
  std::vector<bool> seen(fields.size(), false);
  std::string_view key;
  while (cursor.next_member(key)) {
    std::size_t i = 0;
    while (i < fields.size() && fields[i].name != key) ++i;
    if (i == fields.size()) {
      if (!cursor.skip_value()) return false;
      continue;
    }
    if (seen[i]) return cursor.fail(FaultKind::kType, "a member is repeated");
    seen[i] = true;
    if (!fields[i].read(cursor)) {
      return cursor.failed() ? false : cursor.fail(FaultKind::kType, "a value is not allowed");
    }
  }
  if (cursor.failed()) return false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i].required || seen[i]) continue;
    if (missing != nullptr) *missing = fields[i].name;
    return cursor.fail(FaultKind::kType, "a member is missing");
  }
  return true;
}

std::function<bool(json::Cursor&)> text_into(std::string& out) {
  return [&out](json::Cursor& cursor) { return cursor.read_string(out); };
}

std::function<bool(json::Cursor&)> nullable_text_into(std::optional<std::string>& out) {
  return [&out](json::Cursor& cursor) {
    if (cursor.peek() == json::Type::kNull) return cursor.read_null();
    return cursor.read_string(out.emplace());
  };
}

bool read_count(json::Cursor& cursor, std::uint64_t& out, std::uint64_t maximum) {
  json::Number number;
  if (!cursor.read_number(number)) return false;
  if (number.kind != json::Number::Kind::kUnsigned || number.u > maximum) {
    return cursor.fail(json::FaultKind::kNumber, "a number is no integer in its range");
  }
  out = number.u;
  return true;
}

std::function<bool(json::Cursor&)> count_into(std::uint64_t& out, std::uint64_t maximum) {
  return [&out, maximum](json::Cursor& cursor) { return read_count(cursor, out, maximum); };
}

std::function<bool(json::Cursor&)> texts_into(std::set<std::string>& out) {
  return [&out](json::Cursor& cursor) {
    if (!cursor.enter_array()) return false;
    while (cursor.next_element()) {
      std::string text;
      if (!cursor.read_string(text)) return false;
      out.insert(std::move(text));
    }
    return !cursor.failed();
  };
}

Status read_document(std::string_view text, std::span<const Field> fields) {
  json::Cursor cursor(text);
  std::string_view missing;
  if (!read_fields(cursor, fields, &missing)) {
    const std::string why = cursor.fault().text();
    return make_error(Code::kUsage, missing.empty() ? why : cat(why, ": `", missing, "`"));
  }
  if (!cursor.at_end()) {
    return make_error(Code::kUsage, cursor.failed() ? cursor.fault().text()
                                                    : std::string("something follows the value"));
  }
  return {};
}

}  // namespace cortex::bundle
