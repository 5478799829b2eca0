#include "json/edit.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"

namespace cortex::json {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr int kDepthMax = 127;

struct Range {
  std::size_t begin = 0, end = 0;
};

// What is known of an object in the text.
struct Place {
  std::size_t open = 0, close = 0;     // of the brackets
  std::optional<Range> value{};        // of the member that was looked for
  std::size_t last_end = 0;            // behind the last value; 0: there is none
  std::optional<std::size_t> comma{};  // behind the last value
  std::optional<std::size_t> first_key{};
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t at = 0;

  bool skip_blanks() {
    while (at < text_.size()) {
      const char c = text_[at];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++at;
      } else if (text_.substr(at, 2) == "//") {
        at = std::min(text_.find('\n', at), text_.size());
      } else if (text_.substr(at, 2) == "/*") {
        const std::size_t end = text_.find("*/", at + 2);
        if (end == std::string_view::npos) return false;
        at = end + 2;
      } else {
        break;
      }
    }
    return true;
  }
  bool is_at(char c) const { return at < text_.size() && text_[at] == c; }

  bool skip_string() {
    if (!is_at('"')) return false;
    for (++at; at < text_.size(); ++at) {
      if (text_[at] == '\\') {
        ++at;
      } else if (text_[at] == '"') {
        ++at;
        return true;
      }
    }
    return false;
  }

  bool skip_value(int depth) {
    if (depth > kDepthMax || !skip_blanks() || at >= text_.size()) return false;
    if (is_at('"')) return skip_string();
    if (is_at('{')) return read_object("", depth).has_value();
    if (is_at('[')) return skip_array(depth);
    const std::size_t begin = at;
    while (at < text_.size() &&
           std::string_view(",]}/ \t\r\n").find(text_[at]) == std::string_view::npos) {
      ++at;
    }
    return parse(text_.substr(begin, at - begin)).ok();
  }

  // From its opening bracket to behind its closing one, looking for the last member `name`.
  std::optional<Place> read_object(std::string_view name, int depth) {
    if (!skip_blanks() || !is_at('{')) return std::nullopt;
    Place place{.open = at++};
    for (;;) {
      if (!skip_blanks()) return std::nullopt;
      if (is_at('}')) break;
      if (place.last_end != 0 && !place.comma) return std::nullopt;
      const std::size_t key_begin = at;
      if (!skip_string()) return std::nullopt;
      const auto key = parse(text_.substr(key_begin, at - key_begin));
      if (!key.ok() || !skip_blanks() || !is_at(':')) return std::nullopt;
      ++at;
      if (!skip_blanks()) return std::nullopt;
      const std::size_t value_begin = at;
      if (!skip_value(depth + 1)) return std::nullopt;
      if (!place.first_key) place.first_key = key_begin;
      if (*key->as_string() == name) place.value = Range{value_begin, at};
      place.last_end = at;
      if (!skip_blanks()) return std::nullopt;
      place.comma.reset();
      if (is_at(',')) place.comma = at++;
    }
    place.close = at++;
    return place;
  }

 private:
  bool skip_array(int depth) {
    ++at;
    bool comma = true;
    for (;;) {
      if (!skip_blanks()) return false;
      if (is_at(']')) {
        ++at;
        return true;
      }
      if (!comma || !skip_value(depth + 1) || !skip_blanks()) return false;
      comma = is_at(',');
      if (comma) ++at;
    }
  }

  std::string_view text_;
};

Error unreadable(std::string_view why) {
  return make_error(Code::kIntegrity, std::string(why), "nothing was changed",
                    "mend the file, then try again");
}

std::string_view line_end_of(std::string_view text) {
  return text.find("\r\n") == std::string_view::npos ? "\n" : "\r\n";
}

// {path[0]: {path[1]: value}}
Value nested(std::span<const std::string_view> path, Value value) {
  for (std::size_t i = path.size(); i > 0; --i) {
    Object outer;
    outer.add(std::string(path[i - 1]), std::move(value));
    value = std::move(outer);
  }
  return value;
}

// The blanks that the line of `position` begins with.
std::string_view indentation_at(std::string_view text, std::size_t position) {
  const std::size_t before = text.substr(0, position).rfind('\n');
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  std::size_t end = begin;
  while (end < position && (text[end] == ' ' || text[end] == '\t')) ++end;
  return text.substr(begin, end - begin);
}

// As write_pretty(), its later lines pushed in by `indentation`.
std::string pretty(const Value& value, std::string_view indentation, std::string_view line_end) {
  std::string out;
  for (const char c : write_pretty(value)) {
    if (c == '\n') {
      out += line_end;
      out += indentation;
    } else {
      out += c;
    }
  }
  return out;
}

// Behind the comment that ends the line of `position`, or `position` where there is none.
std::size_t end_of_line_of(std::string_view text, std::size_t position, std::size_t limit) {
  std::size_t at = position;
  while (at < limit && (text[at] == ' ' || text[at] == '\t')) ++at;
  if (text.substr(at, 2) == "//") return std::min(text.find('\n', at), limit);
  return position;
}

std::string insert(std::string_view text, const Place& place, std::string_view name,
                   const Value& value) {
  const std::string_view line_end = line_end_of(text);
  const std::string_view outer = indentation_at(text, place.open);
  std::string inner = cat(outer, "  ");
  bool on_own_line = true;
  if (place.first_key) {
    inner = indentation_at(text, *place.first_key);
    on_own_line =
        text.substr(place.open, *place.first_key - place.open).find('\n') != std::string_view::npos;
    if (!on_own_line) inner = outer;
  }
  std::string member;
  write_string(member, name);
  member += ": ";
  // Behind the last value, or behind the comma that follows it, wherever that stands.
  const std::size_t end = place.comma ? *place.comma + 1 : place.last_end;
  const std::string_view comma = place.comma ? "" : ",";
  if (!on_own_line) {  // {"a": 1}
    return cat(text.substr(0, end), comma, " ", member, write_compact(value), text.substr(end));
  }
  member = cat(line_end, inner, member, pretty(value, inner, line_end));
  if (place.last_end == 0) {
    std::string_view kept = text.substr(0, place.close);
    while (!kept.empty() && std::string_view(" \t\r\n").find(kept.back()) != kept.npos) {
      kept.remove_suffix(1);
    }
    return cat(kept, member, line_end, outer, text.substr(place.close));
  }
  const std::size_t behind = end_of_line_of(text, end, place.close);
  return cat(text.substr(0, end), comma, text.substr(end, behind - end), member,
             text.substr(behind));
}

}  // namespace

Result<std::string> with_member(std::string_view text, std::span<const std::string_view> path,
                                const Value& value) {
  std::string_view start;
  if (text.starts_with(kByteOrderMark)) start = kByteOrderMark;
  if (is_blank(text.substr(start.size()))) {
    CORTEX_ASSIGN(const std::string made, with_member("{}\n", path, value));
    return cat(start, made);
  }
  std::optional<Place> here;
  std::size_t depth = 0, at = start.size();
  for (;;) {
    Scanner scanner(text);
    scanner.at = at;
    here = scanner.read_object(path[depth], static_cast<int>(depth));
    if (!here) {
      return unreadable(depth == 0 ? std::string("the text is no JSON object")
                                   : cat("its member ", quoted(path[depth - 1]), " is no object"));
    }
    if (depth == 0 && (!scanner.skip_blanks() || scanner.at != text.size())) {
      return unreadable("something stands behind the JSON object");
    }
    if (!here->value || depth + 1 == path.size()) break;
    at = here->value->begin;
    ++depth;
  }
  if (!here->value) return insert(text, *here, path[depth], nested(path.subspan(depth + 1), value));
  const Range range = *here->value;
  const std::string_view old = text.substr(range.begin, range.end - range.begin);
  if (const auto present = parse(old); present.ok() && canonical(*present) == canonical(value)) {
    return std::string(text);
  }
  return cat(text.substr(0, range.begin),
             pretty(value, indentation_at(text, range.begin), line_end_of(text)),
             text.substr(range.end));
}

}  // namespace cortex::json
