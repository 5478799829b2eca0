#include "json/value.h"

#include <algorithm>
#include <numeric>

namespace cortex::json {
namespace {

bool keys_ascend(const std::vector<Member>& members) {
  const auto not_below = [](const Member& a, const Member& b) { return a.first >= b.first; };
  return std::adjacent_find(members.begin(), members.end(), not_below) == members.end();
}

// Marks every member that a later one with the same key replaces.
std::vector<bool> replaced_members(const std::vector<Member>& members) {
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const int compared = members[a].first.compare(members[b].first);
    return compared != 0 ? compared < 0 : a < b;
  });
  std::vector<bool> replaced(members.size(), false);
  for (std::size_t i = 1; i < order.size(); ++i) {
    replaced[order[i - 1]] = members[order[i - 1]].first == members[order[i]].first;
  }
  return replaced;
}

bool read_array(Cursor& cursor, Value& out) {
  if (!cursor.enter_array()) return false;
  Array elements;
  while (cursor.next_element()) {
    if (!read_value(cursor, elements.emplace_back())) return false;
  }
  if (cursor.failed()) return false;
  out = Value(std::move(elements));
  return true;
}

bool read_object(Cursor& cursor, Value& out) {
  if (!cursor.enter_object()) return false;
  std::vector<Member> members;
  std::string_view key;
  while (cursor.next_member(key)) {
    Member& member = members.emplace_back(std::string(key), Value());
    if (!read_value(cursor, member.second)) return false;
  }
  if (cursor.failed()) return false;
  out = Value(Object::from_members(std::move(members)));
  return true;
}

// A scalar: read with `read`, then made a value.
template <class T>
bool read_scalar(Cursor& cursor, bool (Cursor::*read)(T&), Value& out) {
  T scalar{};
  if (!(cursor.*read)(scalar)) return false;
  out = Value(std::move(scalar));
  return true;
}

}  // namespace

Object::Object(std::initializer_list<Member> members) {
  for (const Member& member : members) set(member.first, member.second);
}

Object Object::from_members(std::vector<Member> members) {
  Object object;
  object.members_ = std::move(members);
  if (keys_ascend(object.members_)) return object;
  const std::vector<bool> replaced = replaced_members(object.members_);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < replaced.size(); ++i) {
    if (replaced[i]) continue;
    if (kept != i) object.members_[kept] = std::move(object.members_[i]);
    ++kept;
  }
  object.members_.resize(kept);
  return object;
}

Value& Object::set(std::string key, Value value) {
  if (Value* const existing = find(key); existing != nullptr) {
    *existing = std::move(value);
    return *existing;
  }
  return members_.emplace_back(std::move(key), std::move(value)).second;
}

void Object::add(std::string key, Value value) {
  members_.emplace_back(std::move(key), std::move(value));
}

const Value* Object::find(std::string_view key) const {
  const auto it = std::find_if(members_.begin(), members_.end(),
                               [&](const Member& member) { return member.first == key; });
  return it == members_.end() ? nullptr : &it->second;
}

Value* Object::find(std::string_view key) {
  const auto it = std::find_if(members_.begin(), members_.end(),
                               [&](const Member& member) { return member.first == key; });
  return it == members_.end() ? nullptr : &it->second;
}

bool Object::erase(std::string_view key) {
  return std::erase_if(members_, [&](const Member& member) { return member.first == key; }) != 0;
}

void Object::sort() {
  std::stable_sort(members_.begin(), members_.end(),
                   [](const Member& a, const Member& b) { return a.first < b.first; });
}

Value::Value(bool b) : state_(b) {}
Value::Value(double d) {
  Number number;
  number.kind = Number::Kind::kDouble;
  number.d = d;
  state_ = number;
}
Value::Value(Number n) : state_(n) {}
Value::Value(const char* s) : state_(std::string(s)) {}
Value::Value(std::string_view s) : state_(std::string(s)) {}
Value::Value(std::string s) : state_(std::move(s)) {}
Value::Value(Array a) : state_(std::move(a)) {}
Value::Value(Object o) : state_(std::move(o)) {}

Value Value::from_integer(bool negative, std::uint64_t bits) {
  Number number;
  if (negative) {
    number.kind = Number::Kind::kSigned;
    number.i = static_cast<std::int64_t>(bits);
  } else {
    number.u = bits;
  }
  return Value(number);
}

// The alternatives of the state stand in the order of Type.
Type Value::type() const { return static_cast<Type>(state_.index()); }

const bool* Value::as_bool() const { return std::get_if<bool>(&state_); }
const Number* Value::as_number() const { return std::get_if<Number>(&state_); }
const std::string* Value::as_string() const { return std::get_if<std::string>(&state_); }
const Array* Value::as_array() const { return std::get_if<Array>(&state_); }
const Object* Value::as_object() const { return std::get_if<Object>(&state_); }
Array* Value::as_array() { return std::get_if<Array>(&state_); }
Object* Value::as_object() { return std::get_if<Object>(&state_); }

const Value* Value::find(std::string_view key) const {
  const Object* const object = as_object();
  return object == nullptr ? nullptr : object->find(key);
}

std::optional<std::uint64_t> Value::as_unsigned() const {
  const Number* number = as_number();
  if (number == nullptr || number->kind != Number::Kind::kUnsigned) return std::nullopt;
  return number->u;
}

const std::string* Value::find_text(std::string_view key) const {
  const Value* value = find(key);
  return value == nullptr ? nullptr : value->as_string();
}

std::optional<std::uint64_t> Value::find_unsigned(std::string_view key) const {
  const Value* value = find(key);
  return value == nullptr ? std::nullopt : value->as_unsigned();
}

bool read_value(Cursor& cursor, Value& out) {
  switch (cursor.peek()) {
    case Type::kNull:
      out = Value();
      return cursor.read_null();
    case Type::kBool:
      return read_scalar<bool>(cursor, &Cursor::read_bool, out);
    case Type::kNumber:
      return read_scalar<Number>(cursor, &Cursor::read_number, out);
    case Type::kString:
      return read_scalar<std::string>(cursor, &Cursor::read_string, out);
    case Type::kArray:
      return read_array(cursor, out);
    case Type::kObject:
      return read_object(cursor, out);
    case Type::kEnd:
      break;
  }
  return cursor.fail(FaultKind::kEnd, "the text ends before a value");
}

Result<Value> parse(std::string_view text, int depth_used) {
  Cursor cursor(text, 0, depth_used);
  Value value;
  if (read_value(cursor, value) && cursor.at_end()) return value;
  cursor.fail(FaultKind::kSyntax, "expected nothing after the value");
  return make_error(Code::kUsage, cursor.fault().text(), "nothing was taken from the text",
                    "correct the JSON at that place");
}

Value sorted(Value value) {
  if (Array* array = value.as_array()) {
    for (Value& element : *array) element = sorted(std::move(element));
  } else if (Object* object = value.as_object()) {
    object->sort();
    for (Member& member : *object) member.second = sorted(std::move(member.second));
  }
  return value;
}

}  // namespace cortex::json
