// The formats that can be read, and telling them apart by their first bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cortex::transcript {

// Some programs write it in front of UTF-8.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

enum class Format : std::uint8_t {
  kClaudeCode,   // JSONL of Claude Code sessions
  kChat,         // JSONL (or one array) of messages with roles
  kChatGpt,      // conversations.json of a ChatGPT export
  kMarkdown,     // prose, or a dialogue under headings
  kGitLog,       // the output of `git log`
  kMcpMemory,    // memory.jsonl of the MCP memory server
  kMem0,         // memories of mem0 and OpenMemory
  kClaudeMem,    // export of claude-mem
  kBasicMemory,  // notes of basic-memory
};

std::string_view format_token(Format format);  // "claude-code"
std::optional<Format> parse_format(std::string_view token);
// True when the format holds memories of another program rather than a transcript.
bool is_memory_store(Format format);

// By the first bytes (64 KiB are plenty) and the name of the file. Nothing when it is none of them.
std::optional<Format> detect_format(std::string_view begin, std::string_view file_name);

}  // namespace cortex::transcript
