#include "ledger/own_row.h"

#include <string>

namespace cortex::ledger {

core::Event own_row(Clock& clock, Random& random) {
  core::Event event;
  event.id = Ulid::make(clock, random);
  event.observed_at = event.recorded_at = clock.now();
  event.source.type = core::SourceType::kRuntime;
  event.type = core::EventType::kSystemNote;
  return event;
}

bool is_own_row(const core::Event& event) {
  return event.source.type == core::SourceType::kRuntime &&
         event.type == core::EventType::kSystemNote;
}

std::optional<json::Value> operation_args(const core::DecodedEvent& row, std::string_view name) {
  if (!is_own_row(row.event) || row.raw_payload.find(name) == std::string_view::npos) {
    return std::nullopt;
  }
  const auto payload = json::parse(row.raw_payload, row.payload_depth);
  const std::string* its = payload.ok() ? payload->find_text("cortex_operation") : nullptr;
  const json::Value* args = its != nullptr && *its == name ? payload->find("args") : nullptr;
  return args == nullptr ? std::nullopt : std::optional(*args);
}

}  // namespace cortex::ledger
