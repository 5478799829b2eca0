#include "ledger/checked_line.h"

#include <utility>

#include "base/text.h"
#include "crypto/digest.h"

namespace cortex::ledger {
namespace {

constexpr std::string_view kCheck = ",\"check\":\"";

}  // namespace

std::string checked_line(const json::Object& document) {
  std::string text = json::write_compact(document);
  text.pop_back();  // the closing brace
  return cat(text, kCheck, crypto::blake3_hex(text), "\"}\n");
}

std::optional<json::Value> parse_checked_line(std::string_view text) {
  const std::size_t at = text.rfind(kCheck);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view body = text.substr(0, at);
  if (text.substr(at) != cat(kCheck, crypto::blake3_hex(body), "\"}\n")) return std::nullopt;
  auto document = json::parse(text);
  if (!document.ok()) return std::nullopt;
  return std::move(document).value();
}

}  // namespace cortex::ledger
