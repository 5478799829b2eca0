#include "cli/envelope.h"

#include <charconv>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace cortex::cli {
namespace {

struct OutcomeRow {
  Code code;
  std::string_view token;
};

constexpr OutcomeRow kOutcomes[] = {
    {Code::kOk, "ok"},
    {Code::kUsage, "usage"},
    {Code::kIntegrity, "integrity_failure"},
    {Code::kSchema, "schema_mismatch"},
    {Code::kQuarantined, "quarantined_input"},
    {Code::kChain, "chain_corruption"},
    {Code::kPrecondition, "precondition_unmet"},
    {Code::kInternal, "internal"},
};

std::string hex(std::uint64_t n) {
  char buffer[16];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, n, 16).ptr;
  return {buffer, end};
}

}  // namespace

std::string_view outcome_token(Code code) {
  for (const OutcomeRow& row : kOutcomes) {
    if (row.code == code) return row.token;
  }
  return "internal";
}

std::string correlation_id(Clock& clock, long process_id) {
  const Timestamp now = clock.now();
  // A clock before 1970 is a broken clock; the id only has to tell runs apart.
  const std::uint64_t seconds = now.seconds < 0 ? 0 : static_cast<std::uint64_t>(now.seconds);
  return cat("cmd_", hex(seconds * kNanosPerSecond + now.nanos), "_",
             hex(static_cast<std::uint64_t>(process_id)));
}

std::string envelope(std::string_view command, Code code, json::Value report,
                     std::optional<json::Value> policy_outcome, std::string_view correlation_id,
                     std::optional<std::string> outcome) {
  json::Object object;
  object.add("command", command);
  object.add("exit_code", static_cast<int>(code));
  object.add("outcome", outcome ? std::move(*outcome) : std::string(outcome_token(code)));
  object.add("report", std::move(report));
  if (policy_outcome) object.add("policy_outcome", std::move(*policy_outcome));
  object.add("correlation_id", correlation_id);
  return json::write_pretty(std::move(object)) + "\n";
}

}  // namespace cortex::cli
