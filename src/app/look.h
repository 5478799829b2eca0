// Looking into a deployment: `status`, `log` and `show`. Nothing here writes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "core/event.h"
#include "json/value.h"
#include "ledger/append_log.h"
#include "store/counts.h"
#include "store/mirror.h"

namespace cortex::app {

struct StatusReport {
  Layout layout;
  bool has_store = false, has_ledger = false;
  std::uint64_t ledger_rows = 0, ledger_bytes = 0;
  std::optional<std::string> head;
  std::optional<ledger::TornTail> torn;
  store::MirrorState mirror;
  std::uint64_t mirror_lag_rows = 0;
  store::TableCounts counts;
  std::uint64_t pending_migrations = 0;
  std::vector<std::string> next_steps;
};

Result<StatusReport> status(Services& services, const Layout& layout);

struct LogFilter {
  std::size_t limit = 20;
  std::optional<std::string> session, trace, type, source;
  std::optional<Timestamp> since, until;
};

struct LogRow {
  core::Event event;
  std::string line;  // the ledger row as it stands
};

// The newest matching rows, oldest first. One streaming pass over the ledger, memory O(limit rows).
Result<std::vector<LogRow>> log(Services& services, const Layout& layout, const LogFilter& filter);
// Calls `on_row` for every matching row appended after `from` (a ledger size); returns the size
// reached.
Result<std::uint64_t> log_since(Services& services, const Layout& layout, const LogFilter& filter,
                                std::uint64_t from,
                                const std::function<void(const LogRow&)>& on_row);

// The row or record that an id of any kind names, as a document with `kind`, `id` and `record`.
Result<json::Object> show(Services& services, const Layout& layout, const std::string& id);

}  // namespace cortex::app
