#include "ledger/operation_args.h"

#include <string>

namespace cortex::ledger {

std::optional<json::Value> operation_args(const core::DecodedEvent& row, std::string_view name) {
  if (row.event.source.type != core::SourceType::kRuntime ||
      row.event.type != core::EventType::kSystemNote ||
      row.raw_payload.find(name) == std::string_view::npos) {
    return std::nullopt;
  }
  const auto payload = json::parse(row.raw_payload, row.payload_depth);
  const std::string* its = payload.ok() ? payload->find_text("cortex_operation") : nullptr;
  const json::Value* args = its != nullptr && *its == name ? payload->find("args") : nullptr;
  return args == nullptr ? std::nullopt : std::optional(*args);
}

}  // namespace cortex::ledger
