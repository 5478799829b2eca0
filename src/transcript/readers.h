// One function a format; read.h chooses among them.
#pragma once

#include "transcript/emitter.h"
#include "transcript/turn.h"

namespace cortex::transcript {

Status read_claude_code(const ReadAt& read, Emitter& out);
Status read_chat(const ReadAt& read, Emitter& out);
Status read_chatgpt(const ReadAt& read, Emitter& out);
Status read_markdown(const ReadAt& read, Emitter& out);
Status read_git_log(const ReadAt& read, Emitter& out);
Status read_mcp_memory(const ReadAt& read, Emitter& out);
Status read_mem0(const ReadAt& read, Emitter& out);
Status read_claude_mem(const ReadAt& read, Emitter& out);
Status read_basic_memory(const ReadAt& read, Emitter& out);

// A message of any chat format: {role, content, ...}.
Status emit_message(Emitter& out, const Place& place, const json::Value& message);

// Calls `on_value` with every line that is a JSON object; others are kept as malformed.
using OnLine = std::function<Status(const Place& place, json::Value&& value)>;
Status each_json_line(const ReadAt& read, Emitter& out, const OnLine& on_value);
// The same for the elements of the arrays of one document.
using OnValue =
    std::function<Status(std::string_view member, const Place& place, json::Value&& value)>;
Status each_json_element(const ReadAt& read, Emitter& out, const OnValue& on_value);

// The first byte that is no white space, or 0.
Result<char> first_byte(const ReadAt& read);

}  // namespace cortex::transcript
