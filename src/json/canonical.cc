#include "json/canonical.h"

#include <map>
#include <utility>

#include "json/number.h"
#include "json/value.h"

namespace cortex::json {
namespace {

bool write_number_token(Cursor& cursor, std::string& out) {
  std::string_view token;
  Number number;
  if (!cursor.read_number(number, token)) return false;
  if (is_canonical_number(token)) {
    out.append(token);
  } else {
    write_number(out, number);
  }
  return true;
}

bool write_array(Cursor& cursor, std::string& out) {
  if (!cursor.enter_array()) return false;
  out.push_back('[');
  for (bool first = true; cursor.next_element(); first = false) {
    if (!first) out.push_back(',');
    if (!write_lexical_canonical(cursor, out)) return false;
  }
  out.push_back(']');
  return !cursor.failed();
}

bool write_object(Cursor& cursor, std::string& out) {
  if (!cursor.enter_object()) return false;
  std::map<std::string, std::string, std::less<>> members;
  std::string_view key;
  while (cursor.next_member(key)) {
    std::string& text = members[std::string(key)];
    text.clear();
    if (!write_lexical_canonical(cursor, text)) return false;
  }
  out.push_back('{');
  bool first = true;
  for (const auto& [name, text] : members) {
    if (!std::exchange(first, false)) out.push_back(',');
    write_string(out, name);
    out.push_back(':');
    out.append(text);
  }
  out.push_back('}');
  return !cursor.failed();
}

}  // namespace

bool write_lexical_canonical(Cursor& cursor, std::string& out) {
  bool flag = false;
  std::string scratch;
  std::string_view text;
  switch (cursor.peek()) {
    case Type::kNull:
      out.append("null");
      return cursor.read_null();
    case Type::kBool:
      if (!cursor.read_bool(flag)) return false;
      out.append(flag ? "true" : "false");
      return true;
    case Type::kNumber:
      return write_number_token(cursor, out);
    case Type::kString:
      if (!cursor.read_string(text, scratch)) return false;
      write_string(out, text);
      return true;
    case Type::kArray:
      return write_array(cursor, out);
    case Type::kObject:
      return write_object(cursor, out);
    case Type::kEnd:
      break;
  }
  return cursor.fail(FaultKind::kEnd, "the text ends before a value");
}

}  // namespace cortex::json
