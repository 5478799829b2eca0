// Positions come from the parser, the text from the file; what comes out is parsed again.
#include "app/toml_edit.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "app/toml_library.h"
#include "base/text.h"

namespace cortex::app {
namespace {

Error uneditable(std::string why) { return make_error(Code::kIntegrity, std::move(why)); }

// A basic string: the escapes of JSON are a part of TOML's; DEL needs one in TOML alone.
std::string string_text(std::string_view text) {
  std::string json;
  json::write_string(json, text);
  std::string out;
  for (const char c : json) {
    if (c == '\x7f') {
      out += "\\u007F";
    } else {
      out += c;
    }
  }
  return out;
}

std::string value_text(const json::Value& value) {
  if (const std::string* text = value.as_string()) return string_text(*text);
  std::string out;
  if (const json::Array* array = value.as_array()) {
    for (const json::Value& one : *array) out += cat(out.empty() ? "" : ", ", value_text(one));
    return cat("[", out, "]");
  }
  if (const json::Object* object = value.as_object()) {
    for (const auto& [key, member] : *object) {
      out += cat(out.empty() ? " " : ", ", key, " = ", value_text(member));
    }
    return cat("{", out, " }");
  }
  return json::write_compact(value);
}

Result<toml::table> parse(std::string_view text) {
  auto parsed = toml::parse(text);
  if (parsed) return std::move(parsed).table();
  return uneditable(
      cat("line ", parsed.error().source().begin.line, ": ", parsed.error().description()));
}

// One value against what it is to be.
bool is_equal(const toml::node& node, const json::Value& value) {
  if (const std::string* text = value.as_string()) {
    return node.is_string() && node.as_string()->get() == *text;
  }
  if (const json::Array* array = value.as_array()) {
    const toml::array* there = node.as_array();
    return there != nullptr && there->size() == array->size() &&
           std::equal(there->begin(), there->end(), array->begin(), is_equal);
  }
  const json::Object* object = value.as_object();
  const toml::table* table = node.as_table();
  if (object == nullptr || table == nullptr) return false;
  return std::ranges::all_of(*object, [table](const auto& member) {
    const toml::node* there = table->get(member.first);
    return there != nullptr && is_equal(*there, member.second);
  });
}

class Edit {
 public:
  explicit Edit(std::string_view text)
      : text_(text), newline_(text.find("\r\n") == std::string_view::npos ? "\n" : "\r\n") {}

  void append(std::string_view parent, std::string_view name, const json::Object& entry) {
    std::string added;
    if (!text_.empty()) added += text_.ends_with('\n') ? newline_ : cat(newline_, newline_);
    added += cat("[", parent, ".", name, "]", newline_);
    for (const auto& [key, value] : entry) added += line(key, value);
    changes_.push_back({text_.size(), text_.size(), std::move(added)});
  }

  // False: there is no line behind which a missing key could stand.
  bool set(const toml::table& table, const json::Object& entry) {
    for (const auto& [key, value] : entry) {
      const toml::node* there = table.get(key);
      if (there == nullptr) {
        if (!insert(table, key, value)) return false;
      } else if (const json::Object* object = value.as_object(); object && there->is_table()) {
        if (!set(*there->as_table(), *object)) return false;
      } else if (!is_equal(*there, value)) {
        changes_.push_back(
            {offset_of(there->source().begin), offset_of(there->source().end), value_text(value)});
      }
    }
    return true;
  }

  std::string finish() {
    std::ranges::stable_sort(changes_, {}, &Change::begin);
    std::string out;
    std::size_t at = 0;
    for (const Change& change : changes_) {
      out += text_.substr(at, change.begin - at);
      out += change.text;
      at = change.end;
    }
    return out += text_.substr(at);
  }

 private:
  struct Change {
    std::size_t begin, end;
    std::string text;
  };

  std::string line(std::string_view key, const json::Value& value) const {
    return cat(key, " = ", value_text(value), newline_);
  }

  // Behind the line of the first value that the table has itself.
  bool insert(const toml::table& table, std::string_view key, const json::Value& value) {
    if (table.is_inline()) return false;
    for (const auto& [unused, node] : table) {
      const bool is_line = !node.is_table() || node.as_table()->is_inline();
      if (!is_line || node.is_array_of_tables()) continue;
      std::size_t at = text_.find('\n', offset_of(node.source().end));
      std::string added = line(key, value);
      if (at == std::string_view::npos) {
        at = text_.size();
        added.insert(0, newline_);
      } else {
        ++at;
      }
      changes_.push_back({at, at, std::move(added)});
      return true;
    }
    return false;
  }

  // Lines and columns count from 1, columns are code points.
  std::size_t offset_of(const toml::source_position& position) const {
    std::size_t at = 0;
    for (toml::source_index line = 1; line < position.line; ++line) {
      const std::size_t end = text_.find('\n', at);
      if (end == std::string_view::npos) return text_.size();
      at = end + 1;
    }
    constexpr unsigned kTwoBits = 0xC0, kContinuation = 0x80;
    for (toml::source_index column = 1; column < position.column && at < text_.size(); ++column) {
      ++at;
      while (at < text_.size() &&
             (static_cast<unsigned char>(text_[at]) & kTwoBits) == kContinuation) {
        ++at;
      }
    }
    return at;
  }

  std::string_view text_;
  std::string newline_;
  std::vector<Change> changes_;
};

// Everything but the one table.
toml::table without(const toml::table& root, std::string_view parent, std::string_view name) {
  toml::table rest = root;
  toml::node* outer = rest.get(parent);
  if (outer == nullptr || !outer->is_table()) return rest;
  outer->as_table()->erase(name);
  if (outer->as_table()->empty()) rest.erase(parent);
  return rest;
}

// The result holds the entry and what else was there: of the table itself, keys of others too.
bool holds(const toml::table& before, const toml::table& after, std::string_view parent,
           std::string_view name, const json::Object& entry) {
  const toml::node* table = after[parent][name].node();
  if (table == nullptr || !is_equal(*table, entry)) return false;
  if (const toml::table* old = before[parent][name].as_table()) {
    for (const auto& [key, node] : *old) {
      if (!table->as_table()->contains(key.str())) return false;
    }
  }
  return without(before, parent, name) == without(after, parent, name);
}

}  // namespace

Result<std::string> with_toml_table(std::string_view text, std::string_view parent,
                                    std::string_view name, const json::Object& entry) {
  CORTEX_ASSIGN(const toml::table before, parse(text));
  Edit edit(text);
  const toml::node* outer = before.get(parent);
  const toml::node* inner = before[parent][name].node();
  if (inner != nullptr) {
    if (is_equal(*inner, entry)) return std::string(text);
    if (!inner->is_table() || !edit.set(*inner->as_table(), entry)) {
      return uneditable(cat("the table ", parent, ".", name, " cannot be changed in its place"));
    }
  } else {
    if (outer != nullptr && (!outer->is_table() || outer->as_table()->is_inline())) {
      return uneditable(cat(parent, " is no table that can be added to"));
    }
    edit.append(parent, name, entry);
  }
  std::string changed = edit.finish();
  const auto after = parse(changed);
  if (!after.ok() || !holds(before, *after, parent, name, entry)) {
    return uneditable(cat("the table ", parent, ".", name, " cannot be changed in its place"));
  }
  return changed;
}

std::string toml_line(std::string_view parent, std::string_view name, const json::Object& entry) {
  return cat(parent, ".", name, " = ", value_text(entry));
}

}  // namespace cortex::app
