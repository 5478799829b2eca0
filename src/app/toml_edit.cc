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

  // The key is there.
  void erase(const toml::table& table, std::string_view key) {
    if (!table.is_inline()) return erase_lines(*table.get(key));
    if (table.size() == 1) return erase_lines(table);
    for (const auto& [name, node] : table) {
      if (name.str() == key) {
        erase_pair(offset_of(name.source().begin), offset_of(node.source().end));
      }
    }
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

  // A key and its value inside braces, with the comma before or behind them.
  void erase_pair(std::size_t begin, std::size_t end) {
    constexpr std::string_view kSpace = " \t";
    const std::size_t before = text_.find_last_not_of(kSpace, begin - 1);
    const std::size_t behind = text_.find_first_not_of(kSpace, end);
    if (text_[before] == ',') {
      begin = before;
    } else if (behind != std::string_view::npos && text_[behind] == ',') {
      end = std::min(text_.find_first_not_of(kSpace, behind + 1), text_.size());
    }
    changes_.push_back({begin, end, ""});
  }

  // The lines of a value and its key.
  void erase_lines(const toml::node& node) {
    const std::size_t begin = offset_of(node.source().begin);
    const std::size_t before = begin == 0 ? std::string_view::npos : text_.rfind('\n', begin - 1);
    const std::size_t end = text_.find('\n', offset_of(node.source().end));
    changes_.push_back({before == std::string_view::npos ? 0 : before + 1,
                        end == std::string_view::npos ? text_.size() : end + 1, ""});
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

toml::array array_of(const json::Array& values) {
  toml::array out;
  for (const json::Value& one : values) {
    if (const std::string* text = one.as_string()) out.push_back(*text);
  }
  return out;
}

// The members of the entry, in the place of what the table says of them.
void merge(toml::table& table, const json::Object& entry) {
  for (const auto& [key, value] : entry) {
    if (const std::string* text = value.as_string()) {
      table.insert_or_assign(key, *text);
    } else if (const json::Array* array = value.as_array()) {
      table.insert_or_assign(key, array_of(*array));
    } else if (const json::Object* object = value.as_object()) {
      if (table[key].as_table() == nullptr) table.insert_or_assign(key, toml::table());
      merge(*table[key].as_table(), *object);
    }
  }
}

bool has(const toml::table& table, const std::optional<TomlMember>& member) {
  if (!member) return false;
  const toml::table* inner = table[member->table].as_table();
  return inner != nullptr && inner->contains(member->key);
}

// Without the member, and without the table that held nothing else.
void take_out(toml::table& table, const TomlMember& member) {
  toml::table* inner = table[member.table].as_table();
  if (inner == nullptr) return;
  inner->erase(member.key);
  if (inner->empty()) table.erase(member.table);
}

// The result is what was there with the entry put in and nothing else changed.
bool holds(const toml::table& before, const toml::table& after, std::string_view parent,
           std::string_view name, const TomlEntry& entry) {
  const toml::table* made = after[parent][name].as_table();
  if (made == nullptr) return false;
  toml::table wanted, found = *made;
  if (const toml::table* old = before[parent][name].as_table()) wanted = *old;
  merge(wanted, entry.members);
  if (entry.absent) {
    if (has(found, entry.absent)) return false;
    take_out(wanted, *entry.absent);
    take_out(found, *entry.absent);
  }
  return wanted == found && without(before, parent, name) == without(after, parent, name);
}

bool change(Edit& edit, const toml::table& table, const TomlEntry& entry) {
  if (!edit.set(table, entry.members)) return false;
  if (has(table, entry.absent)) {
    edit.erase(*table[entry.absent->table].as_table(), entry.absent->key);
  }
  return true;
}

}  // namespace

Result<std::string> with_toml_table(std::string_view text, std::string_view parent,
                                    std::string_view name, const TomlEntry& entry) {
  CORTEX_ASSIGN(const toml::table before, parse(text));
  Edit edit(text);
  const toml::node* outer = before.get(parent);
  const toml::node* inner = before[parent][name].node();
  if (inner != nullptr) {
    const toml::table* table = inner->as_table();
    if (table != nullptr && is_equal(*table, entry.members) && !has(*table, entry.absent)) {
      return std::string(text);
    }
    if (table == nullptr || !change(edit, *table, entry)) {
      return uneditable(cat("the table ", parent, ".", name, " cannot be changed in its place"));
    }
  } else {
    if (outer != nullptr && (!outer->is_table() || outer->as_table()->is_inline())) {
      return uneditable(cat(parent, " is no table that can be added to"));
    }
    edit.append(parent, name, entry.members);
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
