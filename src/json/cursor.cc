#include "json/cursor.h"

#include "base/text.h"
#include "json/scan.h"

namespace cortex::json {
namespace {

// What each type is called when it was expected and something else is there.
constexpr const char* kExpected[] = {
    "expected null",     "expected true or false", "expected a number", "expected a string",
    "expected an array", "expected an object",     "expected a value"};

Type type_of(char c) {
  switch (c) {
    case 'n':
      return Type::kNull;
    case 't':
    case 'f':
      return Type::kBool;
    case '"':
      return Type::kString;
    case '[':
      return Type::kArray;
    case '{':
      return Type::kObject;
    default:
      return c == '-' || (c >= '0' && c <= '9') ? Type::kNumber : Type::kEnd;
  }
}

}  // namespace

std::string Fault::text() const { return cat(what, " at byte ", offset); }

bool Cursor::fail(FaultKind kind, const char* what) {
  if (failed()) return false;
  fault_ = Fault{kind, position_, what};
  return false;
}

bool Cursor::fail(const Problem& problem) {
  position_ = static_cast<std::size_t>(problem.at - text_.data());
  return fail(problem.kind, problem.what);
}

bool Cursor::skip_blanks() {
  const char* const begin = text_.data();
  if (position_ < text_.size() && begin[position_] > ' ') [[likely]]
    return true;
  const char* const end = begin + text_.size();
  position_ = static_cast<std::size_t>(json::skip_blanks(begin + position_, end) - begin);
  return position_ < text_.size();
}

Type Cursor::peek() {
  if (failed() || !skip_blanks()) return Type::kEnd;
  const Type type = type_of(text_[position_]);
  if (type == Type::kEnd) {
    const bool mark = text_.substr(position_).starts_with("\xEF\xBB\xBF");
    fail(FaultKind::kSyntax, mark ? "byte-order mark instead of a value" : "expected a value");
  }
  return type;
}

bool Cursor::expect(Type type) {
  const Type found = peek();
  if (failed()) return false;
  if (found == type) return true;
  if (found == Type::kEnd) return fail(FaultKind::kEnd, "the text ends before a value");
  return fail(FaultKind::kType, kExpected[static_cast<std::size_t>(type)]);
}

bool Cursor::enter(Type type) {
  if (!expect(type)) return false;
  if (depth_ >= limits::kJsonDepthMax) {
    return fail(FaultKind::kDepth, "more than 127 arrays and objects open");
  }
  ++depth_;
  ++position_;
  first_ = true;
  return true;
}

bool Cursor::enter_object() { return enter(Type::kObject); }
bool Cursor::enter_array() { return enter(Type::kArray); }

// Consumes the separator before the next item. False at the closing bracket, which is consumed, and
// on a fault.
bool Cursor::next_item(char close) {
  if (failed()) return false;
  if (!skip_blanks()) return fail(FaultKind::kEnd, "the text ends in an array or object");
  const char c = text_[position_];
  if (c == close) {
    ++position_;
    --depth_;
    first_ = false;
    return false;
  }
  if (first_) {
    first_ = false;
    return true;
  }
  if (c != ',') {
    return fail(FaultKind::kSyntax, close == '}' ? "expected , or }" : "expected , or ]");
  }
  ++position_;
  return true;
}

bool Cursor::next_element() { return next_item(']'); }

bool Cursor::next_member(std::string_view& key) {
  if (!next_item('}')) return false;
  if (!skip_blanks()) return fail(FaultKind::kEnd, "the text ends in an object");
  if (text_[position_] != '"') return fail(FaultKind::kSyntax, "expected a key");
  if (!read_string(key, key_scratch_)) return false;
  if (!skip_blanks()) return fail(FaultKind::kEnd, "the text ends in an object");
  if (text_[position_] != ':') return fail(FaultKind::kSyntax, "expected a colon");
  ++position_;
  return true;
}

bool Cursor::read_string(std::string_view& out, std::string& scratch) {
  const bool at_quote = !failed() && position_ < text_.size() && text_.data()[position_] == '"';
  if (!at_quote && !expect(Type::kString)) return false;
  const char* const begin = text_.data() + position_ + 1;
  StringToken token;
  Problem problem;
  if (!scan_string(begin, text_.data() + text_.size(), token, problem)) return fail(problem);
  position_ = static_cast<std::size_t>(token.close + 1 - text_.data());
  out = std::string_view(begin, token.close);
  if (token.escaped) {
    scratch.clear();
    append_unescaped(scratch, out);
    out = scratch;
  }
  return true;
}

bool Cursor::read_string(std::string& out) {
  std::string scratch;
  std::string_view view;
  if (!read_string(view, scratch)) return false;
  if (view.data() == scratch.data()) {
    out = std::move(scratch);
  } else {
    out.assign(view);
  }
  return true;
}

bool Cursor::read_literal(std::string_view literal) {
  const char* const begin = text_.data() + position_;
  Problem problem;
  if (!scan_literal(begin, text_.data() + text_.size(), literal, problem)) return fail(problem);
  position_ += literal.size();
  return true;
}

bool Cursor::read_null() { return expect(Type::kNull) && read_literal("null"); }

bool Cursor::read_bool(bool& out) {
  if (!expect(Type::kBool)) return false;
  const bool value = text_[position_] == 't';
  if (!read_literal(value ? "true" : "false")) return false;
  out = value;
  return true;
}

bool Cursor::read_number_token(std::string_view& out) {
  if (!expect(Type::kNumber)) return false;
  const char* const begin = text_.data() + position_;
  NumberToken token;
  Problem problem;
  if (!scan_number(begin, text_.data() + text_.size(), token, problem)) return fail(problem);
  out = std::string_view(begin, token.end);
  position_ += out.size();
  return true;
}

bool Cursor::read_number(Number& out, std::string_view& token) {
  if (!read_number_token(token)) return false;
  if (json::read_number(token, out)) return true;
  position_ -= token.size();
  return fail(FaultKind::kNumber, "number out of range");
}

bool Cursor::read_number(Number& out) {
  std::string_view token;
  return read_number(out, token);
}

bool Cursor::at_end() { return !failed() && !skip_blanks(); }

}  // namespace cortex::json
