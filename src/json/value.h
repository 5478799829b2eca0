// A JSON document in memory, for documents of bounded size: payloads that are not canonical,
// manifests, reports. Objects keep insertion order ("struct order"); sorted output is the writer's
// choice. Value semantics throughout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "json/cursor.h"
#include "json/number.h"

namespace cortex::json {

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;

class Object {
 public:
  Object() = default;
  Object(std::initializer_list<Member> members);
  // Replaces the value of an existing key (which keeps its place), else appends.
  Value& set(std::string key, Value value);
  // Appends without looking for the key: for keys known to be new. O(1).
  void add(std::string key, Value value);
  const Value* find(std::string_view key) const;  // nullptr when absent
  Value* find(std::string_view key);
  bool erase(std::string_view key);
  // For readers: of members with the same key only the last one stays. O(n log n).
  static Object from_members(std::vector<Member> members);
  std::size_t size() const;
  bool empty() const;
  std::vector<Member>::const_iterator begin() const;
  std::vector<Member>::const_iterator end() const;
  std::vector<Member>::iterator begin();
  std::vector<Member>::iterator end();
  void sort();  // by key, UTF-8 bytes; this level only

 private:
  std::vector<Member> members_;
};

class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool b);
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char>)
  Value(T n) : Value(from_integer(n < T{0}, static_cast<std::uint64_t>(n))) {}
  Value(double d);
  Value(Number n);
  Value(const char* s);
  Value(std::string_view s);
  Value(std::string s);
  Value(Array a);
  Value(Object o);

  Type type() const;
  bool is_null() const { return type() == Type::kNull; }
  // Null (or nullopt) when the value has another type.
  const bool* as_bool() const;
  const Number* as_number() const;
  const std::string* as_string() const;
  const Array* as_array() const;
  const Object* as_object() const;
  Array* as_array();
  Object* as_object();
  // A whole number from 0 on that was written as one.
  std::optional<std::uint64_t> as_unsigned() const;
  // The member of an object, or nullptr. The others: also when it has another type.
  const Value* find(std::string_view key) const;
  const std::string* find_text(std::string_view key) const;
  std::optional<std::uint64_t> find_unsigned(std::string_view key) const;

 private:
  static Value from_integer(bool negative, std::uint64_t bits);
  std::variant<std::monostate, bool, Number, std::string, Array, Object> state_;
};

// Here, because they need the complete Value.
inline std::size_t Object::size() const { return members_.size(); }
inline bool Object::empty() const { return members_.empty(); }
inline std::vector<Member>::const_iterator Object::begin() const { return members_.begin(); }
inline std::vector<Member>::const_iterator Object::end() const { return members_.end(); }
inline std::vector<Member>::iterator Object::begin() { return members_.begin(); }
inline std::vector<Member>::iterator Object::end() { return members_.end(); }

// Parses exactly one value with only white space around it. Duplicate keys: the last value wins and
// keeps the last place. Errors: code kUsage, the fault's text as message.
Result<Value> parse(std::string_view text, int depth_used = 0);
// Reads the value at the cursor.
bool read_value(Cursor& cursor, Value& out);

enum class Keys { kAsIs, kSorted };  // kSorted: bytewise at every level

std::string write_compact(const Value& value, Keys keys = Keys::kAsIs);
void write_compact(std::string& out, const Value& value, Keys keys);
// Two spaces a level, "key": value, [] and {} for empty, no final newline.
std::string write_pretty(const Value& value, Keys keys = Keys::kAsIs);
// `text` as a JSON string with quotes, minimal escapes (docs/formats.md, 4.1).
void write_string(std::string& out, std::string_view text);
std::string string_text(std::string_view text);  // the same by itself

inline Array array_of(const std::vector<std::string>& texts) {
  return Array(texts.begin(), texts.end());
}
// Of any range; braces are taken as texts.
template <class Range = std::vector<std::string>>
std::string array_text(const Range& values) {
  return write_compact(Array(values.begin(), values.end()));
}
// null when there is none.
template <class T>
Value or_null(const std::optional<T>& value) {
  return value ? Value(*value) : Value(nullptr);
}

// The same value with its object members sorted bytewise at every level.
Value sorted(Value value);

// The canonical form (docs/formats.md, 4): compact, sorted, numbers by number.h.
inline std::string canonical(const Value& value) { return write_compact(value, Keys::kSorted); }

}  // namespace cortex::json
