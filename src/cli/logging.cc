#include "cli/logging.h"

#include "base/text.h"

namespace cortex::cli {
namespace {

struct Level {
  std::string_view name;
  bool includes_info;
};

constexpr Level kLevels[] = {
    {"off", false},  {"error", false}, {"warn", false}, {"info", true},
    {"debug", true}, {"trace", true},  {"0", false},    {"1", false},
    {"2", false},    {"3", true},      {"4", true},     {"5", true},
};

std::string line(Timestamp now, std::string_view message, std::string_view correlation_id,
                 std::string_view command, std::string_view extra) {
  return cat(format_rfc3339_micros(now), "  INFO cortex: ", message,
             " audit_schema_version=1 operation=\"cli.command\" correlation_id=", correlation_id,
             " command=\"", command, "\"", extra,
             " proof_state=\"UNKNOWN\" authority_class=\"diagnostic_only\" diagnostic_only=true\n");
}

}  // namespace

bool logs_info(std::string_view filter) {
  bool enabled = false;
  for (const std::string_view directive : split(filter, ',')) {
    const std::string word = to_lower_ascii(trim(directive));
    for (const Level& level : kLevels) {
      if (level.name == word) enabled = level.includes_info;
    }
  }
  return enabled;
}

std::string started_line(Timestamp now, std::string_view correlation_id, std::string_view command) {
  return line(now, "command_started", correlation_id, command, "");
}

std::string completed_line(Timestamp now, std::string_view correlation_id, std::string_view command,
                           Code code) {
  const std::string extra = cat(" exit_code=", static_cast<int>(code), " status=\"",
                                code == Code::kOk ? "ok" : "error", "\"");
  return line(now, "command_completed", correlation_id, command, extra);
}

}  // namespace cortex::cli
