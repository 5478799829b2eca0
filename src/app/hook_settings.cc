#include "app/hook_settings.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "json/cursor.h"
#include "json/value.h"

namespace cortex::app {
namespace {

Error settings_unfit(std::string_view why) {
  return make_error(Code::kPrecondition, cat("the settings cannot take hooks: ", why),
                    "the file was not changed", "correct the file, or add the hooks by hand");
}

// A container in the text: behind its bracket, and whether anything stands in it.
struct Opening {
  std::size_t inside = 0;
  bool empty = true;
};

struct SettingsShape {
  Opening document;
  std::optional<Opening> hooks;
  std::map<std::string, Opening, std::less<>> events;  // of the entries that are there
};

bool is_empty_at(std::string_view text, std::size_t inside) {
  const std::size_t next = text.find_first_not_of(" \t\r\n", inside);
  return next == std::string_view::npos || text[next] == '}' || text[next] == ']';
}

Opening opening_at(std::string_view text, std::size_t bracket) {
  return {bracket + 1, is_empty_at(text, bracket + 1)};
}

// Positions of `hooks` and of the arrays in it.
Status read_events(json::Cursor& cursor, SettingsShape& shape) {
  if (cursor.peek() != json::Type::kObject) return settings_unfit("`hooks` is no object");
  shape.hooks = opening_at(cursor.text(), cursor.position());
  if (!cursor.enter_object()) return settings_unfit("`hooks` is no object");
  std::string_view key;
  while (cursor.next_member(key)) {
    const std::string event(key);
    if (cursor.peek() != json::Type::kArray)
      return settings_unfit(cat("`hooks.", event, "` is no array"));
    shape.events[event] = opening_at(cursor.text(), cursor.position());
    if (!cursor.skip_value()) break;
  }
  return {};
}

Result<SettingsShape> shape_of(std::string_view text) {
  json::Cursor cursor(text);
  SettingsShape shape;
  if (cursor.peek() != json::Type::kObject) return settings_unfit("it is no JSON object");
  shape.document = opening_at(text, cursor.position());
  if (!cursor.enter_object()) return settings_unfit("it is no JSON object");
  std::string_view key;
  while (cursor.next_member(key)) {
    if (key == "hooks") {
      if (shape.hooks) return settings_unfit("it has `hooks` twice");
      CORTEX_TRY(read_events(cursor, shape));
    } else {
      cursor.skip_value();
    }
    if (cursor.failed()) break;
  }
  if (cursor.failed() || !cursor.at_end()) {
    return settings_unfit(cursor.failed() ? cursor.fault().text()
                                          : std::string("text behind its end"));
  }
  return shape;
}

std::string entry_json(const HookEntry& entry) {
  return json::write_compact(json::Object{
      {"hooks",
       json::Array{json::Object{
           {"type", "command"}, {"command", entry.command}, {"timeout", entry.timeout_seconds}}}}});
}

std::string member_json(const HookEntry& entry) {
  return cat(json::string_text(entry.event), ": [", entry_json(entry), "]");
}

// By offset in the settings as they are.
using Insertions = std::map<std::size_t, std::string>;

void insert_members(const Opening& at, const std::vector<std::string>& members,
                    std::string_view indent, Insertions& insertions) {
  std::string text;
  for (const std::string& member : members) {
    text += cat(text.empty() ? "" : ",", "\n", indent, member);
  }
  if (!text.empty()) insertions[at.inside] += cat(text, at.empty ? "\n" : ",");
}

EditedSettings with_insertions(std::string_view settings, const Insertions& insertions) {
  EditedSettings out;
  std::size_t copied = 0;
  for (const auto& [offset, text] : insertions) {
    out.text += settings.substr(copied, offset - copied);
    copied = offset;
    out.spans.push_back({out.text.size(), text});
    out.text += text;
  }
  out.text += settings.substr(copied);
  return out;
}

}  // namespace

Result<EditedSettings> add_hooks(std::string_view settings, const std::vector<HookEntry>& entries) {
  if (is_blank(settings)) {
    std::vector<std::string> members;
    members.reserve(entries.size());
    for (const HookEntry& entry : entries) members.push_back(member_json(entry));
    Insertions whole;
    insert_members({0, true}, members, "    ", whole);
    std::string text = cat("{\n  \"hooks\": {", whole[0], "  }\n}\n");
    return EditedSettings{cat(settings, text), {{settings.size(), text}}};
  }
  CORTEX_ASSIGN(const SettingsShape shape, shape_of(settings));
  Insertions insertions;
  std::vector<std::string> fresh;
  for (const HookEntry& entry : entries) {
    const auto there = shape.events.find(entry.event);
    if (there == shape.events.end()) {
      fresh.push_back(member_json(entry));
    } else {
      insert_members(there->second, {entry_json(entry)}, "      ", insertions);
    }
  }
  if (shape.hooks) {
    insert_members(*shape.hooks, fresh, "    ", insertions);
  } else {
    Insertions inner;
    insert_members({0, true}, fresh, "    ", inner);
    insert_members(shape.document, {cat("\"hooks\": {", inner[0], "  }")}, "  ", insertions);
  }
  return with_insertions(settings, insertions);
}

Result<std::string> remove_hooks(std::string_view settings,
                                 const std::vector<InsertedSpan>& spans) {
  std::string text(settings);
  for (auto span = spans.rbegin(); span != spans.rend(); ++span) {
    std::size_t at = span->offset;
    if (span->text.empty()) continue;
    if (at > text.size() || text.compare(at, span->text.size(), span->text) != 0) {
      at = text.find(span->text);
      const bool once =
          at != std::string::npos && text.find(span->text, at + 1) == std::string::npos;
      if (!once) {
        return make_error(Code::kPrecondition, "the hooks do not stand in the file any more",
                          "the file was not changed",
                          "take out what calls `cortex hook run` by hand");
      }
    }
    text.erase(at, span->text.size());
  }
  return text;
}

}  // namespace cortex::app
