#include <algorithm>

#include "json/scan.h"
#include "json/value.h"

namespace cortex::json {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void write_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\b':
      out.append("\\b");
      return;
    case '\t':
      out.append("\\t");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\f':
      out.append("\\f");
      return;
    case '\r':
      out.append("\\r");
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out.append("\\u00");
  out.push_back(kHexDigits[byte >> 4]);
  out.push_back(kHexDigits[byte & 15]);
}

// Writes one document; the layout differs only in what stands between the tokens.
class Writer {
 public:
  Writer(std::string& out, Keys keys, bool pretty) : out_(out), keys_(keys), pretty_(pretty) {}

  void value(const Value& value) {
    switch (value.type()) {
      case Type::kBool:
        out_.append(*value.as_bool() ? "true" : "false");
        return;
      case Type::kNumber:
        write_number(out_, *value.as_number());
        return;
      case Type::kString:
        write_string(out_, *value.as_string());
        return;
      case Type::kArray:
        array(*value.as_array());
        return;
      case Type::kObject:
        object(*value.as_object());
        return;
      case Type::kNull:
      case Type::kEnd:
        break;
    }
    out_.append("null");
  }

 private:
  void array(const Array& elements) {
    if (elements.empty()) {
      out_.append("[]");
      return;
    }
    open('[');
    bool first = true;
    for (const Value& element : elements) {
      separate(first);
      value(element);
    }
    close(']');
  }

  void object(const Object& object) {
    if (object.empty()) {
      out_.append("{}");
      return;
    }
    open('{');
    if (keys_ == Keys::kSorted) {
      sorted_members(object);
    } else {
      bool first = true;
      for (const Member& each : object) member(first, each);
    }
    close('}');
  }

  void sorted_members(const Object& object) {
    const auto below = [](const Member* a, const Member* b) { return a->first < b->first; };
    std::vector<const Member*> order;
    order.reserve(object.size());
    for (const Member& each : object) order.push_back(&each);
    if (!std::is_sorted(order.begin(), order.end(), below)) {
      std::stable_sort(order.begin(), order.end(), below);
    }
    bool first = true;
    for (const Member* each : order) member(first, *each);
  }

  void member(bool& first, const Member& member) {
    separate(first);
    write_string(out_, member.first);
    out_.append(pretty_ ? ": " : ":");
    value(member.second);
  }

  void separate(bool& first) {
    if (!first) out_.push_back(',');
    first = false;
    new_line();
  }

  void open(char bracket) {
    out_.push_back(bracket);
    ++level_;
  }

  void close(char bracket) {
    --level_;
    new_line();
    out_.push_back(bracket);
  }

  void new_line() {
    if (!pretty_) return;
    out_.push_back('\n');
    out_.append(2 * level_, ' ');
  }

  std::string& out_;
  Keys keys_;
  bool pretty_;
  std::size_t level_ = 0;
};

}  // namespace

void write_string(std::string& out, std::string_view text) {
  out.push_back('"');
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const char* const stop = find_stop<Stop::kAtEscapes>(p, end);
    out.append(p, stop);
    p = stop;
    if (p != end) write_escape(out, *p++);
  }
  out.push_back('"');
}

std::string string_text(std::string_view text) {
  std::string out;
  write_string(out, text);
  return out;
}

void write_compact(std::string& out, const Value& value, Keys keys) {
  Writer(out, keys, false).value(value);
}

std::string write_compact(const Value& value, Keys keys) {
  std::string out;
  write_compact(out, value, keys);
  return out;
}

std::string write_pretty(const Value& value, Keys keys) {
  std::string out;
  Writer(out, keys, true).value(value);
  return out;
}

}  // namespace cortex::json
