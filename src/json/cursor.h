// Pull parser over one contiguous text. The only JSON reader of the program.
//
// Accepts exactly what the ledger format accepts (docs/formats.md, 4 and 6): RFC 8259 grammar,
// well-formed UTF-8, paired surrogate escapes only, no byte-order mark, at most
// limits::kJsonDepthMax open arrays and objects, numbers by number.h. Single pass, no recursion, no
// allocation except for strings with escapes. The text must outlive the cursor and the views it
// hands out.
//
//   Cursor c(text);
//   if (!c.enter_object()) return fault(c);
//   std::string_view key;
//   while (c.next_member(key)) { if (key == "id") c.read_string(id); else c.skip_value(); }
//   if (c.failed()) ...
//
// Every call returns false after a fault, so a loop may check failed() once at its end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "json/number.h"

namespace cortex::json {

struct Problem;  // what a token scanner found wrong; internal

enum class FaultKind : std::uint8_t {
  kNone,
  kEnd,     // the text ended inside a value; with more text it might be fine
  kSyntax,  // not JSON
  kDepth,   // more than limits::kJsonDepthMax levels open
  kUtf8,    // ill-formed UTF-8 or a lone surrogate escape
  kNumber,  // number out of range
  kType,    // a caller asked for another type than the one that is there
};

struct Fault {
  FaultKind kind = FaultKind::kNone;
  std::size_t offset = 0;  // byte offset in the text
  const char* what = "";   // static text, e.g. "expected a string"

  std::string text() const;  // "expected a string at byte 17"
};

enum class Type : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject, kEnd };

// The extent of a skipped value.
struct Extent {
  std::size_t begin = 0, end = 0;
  // The bytes are already the canonical form (docs/formats.md, 4.1 with numbers by
  // is_canonical_number): no white space, keys strictly ascending (so no duplicates), minimal
  // escapes, canonical numbers.
  bool canonical = false;
};

class Cursor {
 public:
  // `depth_used`: levels already open around this text (a ledger payload sits at depth 1).
  explicit Cursor(std::string_view text, std::size_t position = 0, int depth_used = 0)
      : text_(text), position_(position), depth_(depth_used) {}

  // Type of the next value, after white space. kEnd at the end of the text, and when no value can
  // start there, which is a fault.
  Type peek();
  bool enter_object();
  // True with the decoded key and the cursor at the value; false at the closing brace (consumed) or
  // on a fault. The key view is valid until the next call that reads a string.
  bool next_member(std::string_view& key);
  bool enter_array();
  bool
  next_element();  // true with the cursor at an element; false at the closing bracket or on a fault

  // The decoded string; refers to the text when it has no escapes, else to `scratch`.
  bool read_string(std::string_view& out, std::string& scratch);
  bool read_string(std::string& out);  // owned copy
  bool read_null();
  bool read_bool(bool& out);
  bool read_number(Number& out);
  bool read_number(Number& out, std::string_view& token);  // also as it is written
  bool read_number_token(std::string_view& out);
  bool skip_value(Extent* extent = nullptr);

  // Only white space is left.
  bool at_end();
  std::string_view text() const { return text_; }
  std::size_t position() const { return position_; }
  int depth() const { return depth_; }
  bool failed() const { return fault_.kind != FaultKind::kNone; }
  const Fault& fault() const { return fault_; }
  bool fail(FaultKind kind,
            const char* what);  // sets the fault at the current position, returns false

 private:
  bool fail(const Problem& problem);
  bool skip_blanks();  // false at the end of the text
  bool expect(Type type);
  bool enter(Type type);
  bool next_item(char close);
  bool read_literal(std::string_view literal);

  std::string_view text_;
  std::size_t position_;
  int depth_;
  bool first_ = false;  // the container just entered has no member yet
  std::string key_scratch_;
  Fault fault_;
};

}  // namespace cortex::json
