// Frames of MCP clients: any bytes give messages, however they are cut into pieces; what is a
// message keeps its id and reads the same when it is written again; a batch has the messages that
// its elements are by themselves.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "fuzz/require.h"
#include "json/value.h"
#include "mcp/frame_reader.h"
#include "mcp/message.h"

namespace {

using cortex::fuzz::require;
using cortex::mcp::Form;
using cortex::mcp::FrameReader;
using cortex::mcp::Message;

constexpr std::size_t kLineMax = 256;

using Frames = std::vector<std::optional<std::string>>;

// `step`: bytes a piece.
Frames frames_of(std::string_view bytes, std::size_t step) {
  Frames frames;
  FrameReader reader(kLineMax, [&](FrameReader::Kind kind, std::string_view line) {
    require(line.find('\n') == std::string_view::npos && line.size() <= kLineMax);
    if (kind == FrameReader::Kind::kLine) {
      frames.emplace_back(line);
    } else {
      frames.emplace_back(std::nullopt);
    }
    return true;
  });
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    require(reader.feed(bytes.substr(at, step)));
  }
  require(reader.finish());
  return frames;
}

std::string text_of(const Message& message) {
  std::string out = "{\"jsonrpc\":\"2.0\"";
  if (message.form == Form::kRequest) out += cortex::cat(",\"id\":", message.id);
  out += ",\"method\":";
  cortex::json::write_string(out, message.method);
  if (!message.params.is_null()) {
    out += cortex::cat(",\"params\":", cortex::json::write_compact(message.params));
  }
  return out + "}";
}

void check_message(const Message& message) {
  if (message.form != Form::kRequest && message.form != Form::kNotification) return;
  const Message again = cortex::mcp::decode_message(text_of(message));
  require(again.form == message.form && again.method == message.method && again.id == message.id);
  require(cortex::json::write_compact(again.params) == cortex::json::write_compact(message.params));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Frames whole = frames_of(bytes, size == 0 ? 1 : size);
  require(frames_of(bytes, 1) == whole && frames_of(bytes, 7) == whole);
  check_message(cortex::mcp::decode_message(bytes));
  for (const Message& message : cortex::mcp::decode_batch(bytes)) check_message(message);
  for (const std::optional<std::string>& frame : whole) {
    if (frame) check_message(cortex::mcp::decode_message(*frame));
  }
  return 0;
}
