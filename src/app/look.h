// Looking into the ledger and the store: `log` and `show`. Nothing here writes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "base/time.h"
#include "json/value.h"

namespace cortex::app {

struct LogFilter {
  std::size_t limit = 20;
  std::optional<std::string> session, trace, type, source;
  std::optional<Timestamp> since, until;  // of observed_at: since <= t < until
};

// kUsage for a trace, type or time that cannot match anything because it is none.
Result<LogFilter> make_log_filter(
    const std::function<std::optional<std::string>(std::string_view)>& flag);

struct LogRow {
  std::string id;
  Timestamp observed_at;
  std::string_view type;  // "tool_call"
  std::string source;     // "runtime", "tool:git"
  std::string payload;
  std::string line;  // the ledger row as it stands
};

struct LogReport {
  std::vector<LogRow> rows;     // the newest `limit` matching ones, oldest first
  std::uint64_t end_bytes = 0;  // where its last row ended
};

// Reads the ledger backwards in blocks until enough rows match: O(rows looked at), memory O(limit).
Result<LogReport> log(Services& services, const Layout& layout, const LogFilter& filter);
// Calls `on_row` for every matching row after `from_bytes` (a line border); returns where the
// ledger ended.
Result<std::uint64_t> log_since(Services& services, const Layout& layout, const LogFilter& filter,
                                std::uint64_t from_bytes,
                                const std::function<void(const LogRow&)>& on_row);

struct Shown {
  std::string_view kind;  // "event", "memory"
  std::string id;
  json::Value record;  // the ledger row, or the store's row
};

// The row or record that an id of any kind names; `record` is null when there is none. kUsage for
// text that is no id.
Result<Shown> look_up(Services& services, const Layout& layout, const std::string& id);
// The same; kPrecondition when there is none.
Result<Shown> show(Services& services, const Layout& layout, const std::string& id);

json::Value to_json(const LogReport& report);
json::Value to_json(const Shown& shown);

}  // namespace cortex::app
