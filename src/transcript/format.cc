#include "transcript/format.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "json/cursor.h"
#include "json/value.h"

namespace cortex::transcript {
namespace {

struct FormatRow {
  std::string_view token;
  bool memories;
};
constexpr std::array<FormatRow, 9> kFormats{{
    {"claude-code", false},
    {"jsonl", false},
    {"chatgpt", false},
    {"markdown", false},
    {"git", false},
    {"mcp-memory", true},
    {"mem0", true},
    {"claude-mem", true},
    {"basic-memory", true},
}};

// The names of the members of the first object in the text, at its top; as far as the text goes.
struct FirstObject {
  std::string names = " ";  // each between blanks
  std::string type;         // the text of the member `type`

  bool has(std::string_view name) const {
    return names.find(cat(" ", name, " ")) != std::string::npos;
  }
};

std::optional<FirstObject> first_object(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n[");
  if (begin == std::string_view::npos || text[begin] != '{') return std::nullopt;
  json::Cursor cursor(text.substr(begin));
  FirstObject out;
  if (!cursor.enter_object()) return std::nullopt;
  std::string_view name;
  while (cursor.next_member(name)) {
    out.names += cat(name, " ");
    if (name == "type" && cursor.peek() == json::Type::kString) {
      cursor.read_string(out.type);
    } else {
      cursor.skip_value();
    }
  }
  return out;
}

std::optional<Format> detect_json(const FirstObject& one, bool in_array) {
  if (one.has("mapping") && in_array) return Format::kChatGpt;
  if (one.type == "entity" || one.type == "relation") return Format::kMcpMemory;
  if (one.has("totalObservations") || (one.has("observations") && one.has("summaries"))) {
    return Format::kClaudeMem;
  }
  if (one.has("sessionId") || one.has("leafUuid") || one.type == "file-history-snapshot") {
    return Format::kClaudeCode;
  }
  if (one.has("role") || one.has("messages") || one.has("conversations") || one.has("from")) {
    return Format::kChat;
  }
  if (one.has("results") || one.has("memories") || one.has("memory") || one.has("content")) {
    return Format::kMem0;
  }
  return std::nullopt;
}

bool is_git_log(std::string_view text) {
  constexpr std::string_view kCommit = "commit ";
  constexpr std::size_t kHashMin = 40;
  if (!text.starts_with(kCommit)) return false;
  const std::string_view rest = text.substr(kCommit.size());
  return rest.size() > kHashMin && is_lower_hex(rest.substr(0, kHashMin));
}

bool is_basic_memory(std::string_view text) {
  if (!text.starts_with("---")) return false;
  const std::size_t end = text.find("\n---", 3);
  if (end == std::string_view::npos) return false;
  const std::string_view front = text.substr(0, end);
  return front.find("\npermalink:") != std::string_view::npos ||
         text.find("\n- [", end) != std::string_view::npos;
}

}  // namespace

std::string_view format_token(Format format) {
  return kFormats[static_cast<std::size_t>(format)].token;
}

std::optional<Format> parse_format(std::string_view token) {
  const auto* row = std::ranges::find(kFormats, token, &FormatRow::token);
  if (row == kFormats.end()) return std::nullopt;
  return static_cast<Format>(row - kFormats.begin());
}

bool is_memory_store(Format format) { return kFormats[static_cast<std::size_t>(format)].memories; }

std::optional<Format> detect_format(std::string_view begin, std::string_view file_name) {
  if (begin.starts_with(kByteOrderMark)) begin.remove_prefix(kByteOrderMark.size());
  const std::size_t first = begin.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  const std::string name = to_lower_ascii(file_name);
  if (begin[first] == '{' || (begin[first] == '[' && !name.ends_with(".md"))) {
    const auto one = first_object(begin);
    return one ? detect_json(*one, begin[first] == '[') : std::nullopt;
  }
  if (is_git_log(begin.substr(first))) return Format::kGitLog;
  if (is_basic_memory(begin.substr(first))) return Format::kBasicMemory;
  const bool prose = name.ends_with(".md") || name.ends_with(".markdown") || name.ends_with(".txt");
  return prose ? std::optional(Format::kMarkdown) : std::nullopt;
}

}  // namespace cortex::transcript
