// Heads of HTTP requests: any bytes are a head or a fault with a status; what is a head has a
// method, a target and headers without control characters, and reads the same when it is written
// again. Edits of JSON text: what comes out is read like what went in, plus the member.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/text.h"
#include "fuzz/require.h"
#include "json/edit.h"
#include "json/value.h"
#include "net/http_head.h"

namespace {

using cortex::fuzz::require;
using cortex::net::HeadFault;
using cortex::net::HttpHead;

bool has_control(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < ' ' && byte != '\t') || byte == 0x7F) return true;
  }
  return false;
}

void check_head(std::string_view text) {
  const auto parsed = cortex::net::parse_head(text);
  if (const auto* fault = std::get_if<HeadFault>(&parsed)) {
    require(fault->status >= 400 && fault->status < 600 && !fault->reason.empty());
    return;
  }
  const auto& head = std::get<HttpHead>(parsed);
  require(!head.method.empty() && head.target.starts_with('/') && !has_control(head.target));
  std::string again =
      cortex::cat(head.method, " ", head.target, head.is_old ? " HTTP/1.0" : " HTTP/1.1", "\r\n");
  for (const auto& [name, value] : head.headers) {
    require(!name.empty() && !has_control(value));
    again += cortex::cat(name, ":", value, "\r\n");
  }
  const auto second = cortex::net::parse_head(again + "\r\n");
  require(std::holds_alternative<HttpHead>(second));
  const auto& same = std::get<HttpHead>(second);
  require(same.headers == head.headers && same.body_bytes == head.body_bytes &&
          same.keep_alive == head.keep_alive);
}

void check_edit(std::string_view text) {
  constexpr std::array<std::string_view, 2> kPath{"servers", "cortex"};
  const auto edited = cortex::json::with_member(text, kPath, 5);
  if (!edited.ok()) return;
  const auto again = cortex::json::with_member(*edited, kPath, 5);
  require(again.ok() && *again == *edited);
  const auto before = cortex::json::parse(text);
  if (!before.ok() || before->as_object() == nullptr) return;  // with comments, or blank
  const auto after = cortex::json::parse(*edited);
  require(after.ok());
  for (const auto& [key, value] : *before->as_object()) {
    require(key == "servers" || after->find(key) != nullptr);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_head(bytes);
  check_head(cortex::cat("POST /mcp HTTP/1.1\r\nHost: a\r\n", bytes, "\r\n\r\n"));
  check_edit(bytes);
  return 0;
}
