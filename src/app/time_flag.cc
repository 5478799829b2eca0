#include "app/time_flag.h"

#include <optional>

#include "app/memory_work.h"
#include "app/operations.h"
#include "base/text.h"

namespace cortex::app {

Result<Timestamp> time_flag(std::string_view flag, const std::string& text, TimeFlag rule) {
  std::optional<Timestamp> time = parse_relaxed_rfc3339(text);
  if (!time && rule.may_be_date) time = parse_strict_rfc3339(text + "T00:00:00Z");
  if (!time) {
    return refusal(Code::kUsage, cat("--", flag, " ", quoted(text), " is no time"),
                   cat("give an RFC 3339 time such as 2026-01-31T12:00:00Z",
                       rule.may_be_date ? ", or a date" : ""));
  }
  if (!rule.is_kept || can_be_kept(*time)) return *time;
  return refusal(Code::kUsage,
                 cat("--", flag, " ", quoted(text), " is in a year that cannot be kept"),
                 "give a year from 0000 to 9999");
}

Result<std::string> column_time_flag(std::string_view flag, const std::string& text) {
  CORTEX_ASSIGN(const Timestamp time, time_flag(flag, text, {.is_kept = true}));
  return column_time(time);
}

}  // namespace cortex::app
