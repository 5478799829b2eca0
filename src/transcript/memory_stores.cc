// Stores of memories of other programs, as JSON: the knowledge graph of the MCP memory server, mem0
// and OpenMemory, claude-mem.
#include <utility>

#include "base/text.h"
#include "transcript/lines.h"
#include "transcript/readers.h"

namespace cortex::transcript {
namespace {

Status propose(Emitter& out, std::string_view program, const Place& place, json::Value record,
               std::vector<Proposal> proposals) {
  return out.emit(place, core::SourceType::kTool, program, core::EventType::kToolResult,
                  {{"record", std::move(record)}}, std::move(proposals));
}

// Texts of an array, or of a text that is such an array itself.
std::vector<std::string> texts_of(const json::Value* value) {
  std::vector<std::string> out;
  if (value == nullptr) return out;
  json::Value inner;
  if (const std::string* text = value->as_string()) {
    auto parsed = json::parse(*text);
    if (!parsed.ok()) return is_blank(*text) ? out : std::vector<std::string>{*text};
    inner = std::move(parsed).value();
    value = &inner;
  }
  if (value->as_array() == nullptr) return out;
  for (const json::Value& one : *value->as_array()) {
    const std::string text =
        one.as_string() ? *one.as_string() : first_text(one, {"name", "value"});
    if (!is_blank(text)) out.push_back(text);
  }
  return out;
}

Status graph_line(Emitter& out, Place place, json::Value&& value) {
  const std::string type = first_text(value, {"type"});
  std::vector<Proposal> proposals;
  if (type == "entity") {
    const std::string name = first_text(value, {"name"}), kind = first_text(value, {"entityType"});
    std::vector<std::string> tags;
    for (const std::string& tag : {kind, name}) {
      if (!tag.empty()) tags.push_back(tag);
    }
    for (const std::string& text : texts_of(value.find("observations"))) {
      proposals.push_back({cat(name, ": ", text), tags});
    }
    place.key = cat("entity ", name);
  } else if (type == "relation") {
    const std::string from = first_text(value, {"from"}), to = first_text(value, {"to"});
    const std::string kind = first_text(value, {"relationType"});
    if (!from.empty() && !to.empty()) {
      proposals.push_back(
          {cat(from, " ", kind.empty() ? "relates to" : kind, " ", to), {from, to}});
    }
    place.key = cat("relation ", from, " ", kind, " ", to);
  } else {
    return out.unknown(place, std::move(value));
  }
  return propose(out, "mcp-memory", place, std::move(value), std::move(proposals));
}

constexpr std::string_view kMem0Arrays[] = {"", "results", "memories", "items"};

bool is_deleted(const json::Value& record) {
  const std::string state = first_text(record, {"state"});
  const json::Value* deleted = record.find("deleted_at");
  return state == "deleted" || (deleted != nullptr && !deleted->is_null());
}

Status mem0_record(Emitter& out, Place place, json::Value&& value) {
  const std::string claim = first_text(value, {"memory", "content", "text", "data"});
  if (claim.empty()) return out.unknown(place, std::move(value));
  place.at = time_of(value.find("created_at"));
  place.session = first_text(value, {"user_id", "run_id", "app_id", "app"});
  if (const std::string id = first_text(value, {"id"}); !id.empty()) place.key = id;
  std::vector<std::string> tags = texts_of(value.find("categories"));
  if (const json::Value* metadata = value.find("metadata")) {
    for (std::string& tag : texts_of(metadata->find("categories"))) tags.push_back(std::move(tag));
  }
  std::vector<Proposal> proposals;
  if (!is_deleted(value)) proposals.push_back({claim, std::move(tags)});
  return propose(out, "mem0", place, std::move(value), std::move(proposals));
}

std::vector<std::string> observation_tags(const json::Value& value) {
  std::vector<std::string> tags = texts_of(value.find("concepts"));
  for (const char* name : {"type", "project"}) {
    if (std::string tag = first_text(value, {name}); !tag.empty()) tags.push_back(std::move(tag));
  }
  return tags;
}

Status claude_mem_record(std::string_view member, Emitter& out, Place place, json::Value&& value) {
  if (member != "observations" && member != "summaries" && member != "prompts" &&
      member != "sessions") {
    return out.unknown(place, std::move(value));
  }
  place.session = first_text(
      value, {"memory_session_id", "sdk_session_id", "content_session_id", "claude_session_id"});
  place.at = time_of(value.find("created_at_epoch"));
  if (!place.at) place.at = time_of(value.find("created_at"));
  if (const auto id = value.find_unsigned("id")) place.key = cat(member, " ", *id);
  if (member == "prompts") return out.user(place, first_text(value, {"prompt_text", "prompt"}));
  const std::vector<std::string> tags = observation_tags(value);
  std::vector<Proposal> proposals;
  if (member == "observations") {
    const std::string title = first_text(value, {"title"});
    for (const std::string& fact : texts_of(value.find("facts"))) proposals.push_back({fact, tags});
    const std::string text = first_text(value, {"narrative", "text", "subtitle"});
    if (proposals.empty() && !text.empty()) {
      proposals.push_back({title.empty() ? text : cat(title, ": ", text), tags});
    }
  } else if (member == "summaries") {
    if (std::string text = first_text(value, {"learned"}); !text.empty()) {
      proposals.push_back({std::move(text), tags});
    }
  }
  return propose(out, "claude-mem", place, std::move(value), std::move(proposals));
}

}  // namespace

Status read_mcp_memory(const ReadAt& read, Emitter& out) {
  return each_json_line(read, out, [&out](const Place& place, json::Value&& value) {
    return graph_line(out, place, std::move(value));
  });
}

Status read_mem0(const ReadAt& read, Emitter& out) {
  CORTEX_ASSIGN(const char first, first_byte(read));
  // OpenMemory writes one record a line, too: such a file is no single document.
  LineReader lines(read);
  LineReader::Line line;
  CORTEX_ASSIGN(const bool any, lines.next(line));
  if (any && first == '{' && line.too_long == 0) {
    const auto one = json::parse(line.text);
    if (one.ok() && !first_text(*one, {"memory", "content", "text", "data"}).empty()) {
      return each_json_line(read, out, [&out](const Place& place, json::Value&& value) {
        return mem0_record(out, place, std::move(value));
      });
    }
  }
  return each_json_element(
      read, out, [&out](std::string_view member, const Place& place, json::Value&& value) {
        for (const std::string_view known : kMem0Arrays) {
          if (member == known) return mem0_record(out, place, std::move(value));
        }
        return out.unknown(place, std::move(value));
      });
}

Status read_claude_mem(const ReadAt& read, Emitter& out) {
  return each_json_element(
      read, out, [&out](std::string_view member, const Place& place, json::Value&& value) {
        return claude_mem_record(member, out, place, std::move(value));
      });
}

}  // namespace cortex::transcript
