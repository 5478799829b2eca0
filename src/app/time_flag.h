// Times on command lines and in arguments of tools, read in one place.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace cortex::app {

struct TimeFlag {
  bool may_be_date = true;  // which stands for its midnight in UTC
  bool is_kept = false;     // it will stand in a column: can_be_kept()
};

// The value of the flag `--flag`: RFC 3339, else a date. kUsage for anything else.
Result<Timestamp> time_flag(std::string_view flag, const std::string& text, TimeFlag rule = {});

// One to keep, or to compare with such as are kept, as columns hold it (column_time()).
Result<std::string> column_time_flag(std::string_view flag, const std::string& text);

}  // namespace cortex::app
