#include "core/event.h"

#include <array>

namespace cortex::core {
namespace {

constexpr std::array<std::string_view, 6> kSourceTypes{
    "user", "child_agent", "tool", "runtime", "external_outcome", "manual_correction"};

constexpr std::array<std::string_view, 10> kEventTypes{
    "cortex.event.user_message.v1", "cortex.event.agent_response.v1", "cortex.event.tool_call.v1",
    "cortex.event.tool_result.v1",  "cortex.event.code_diff.v1",      "cortex.event.test_result.v1",
    "cortex.event.decision.v1",     "cortex.event.correction.v1",     "cortex.event.outcome.v1",
    "cortex.event.system_note.v1"};

constexpr std::string_view kEventPrefix = "cortex.event.";
constexpr std::string_view kEventSuffix = ".v1";

template <class E, std::size_t N>
std::optional<E> find_text(const std::array<std::string_view, N>& table, std::string_view text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (table[i] == text) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view source_type_text(SourceType type) {
  return kSourceTypes[static_cast<std::size_t>(type)];
}

std::optional<SourceType> parse_source_type(std::string_view text) {
  return find_text<SourceType>(kSourceTypes, text);
}

std::string_view event_type_text(EventType type) {
  return kEventTypes[static_cast<std::size_t>(type)];
}

std::string_view event_type_short(EventType type) {
  std::string_view text = event_type_text(type);
  text.remove_prefix(kEventPrefix.size());
  text.remove_suffix(kEventSuffix.size());
  return text;
}

std::optional<EventType> parse_event_type(std::string_view text) {
  return find_text<EventType>(kEventTypes, text);
}

}  // namespace cortex::core
