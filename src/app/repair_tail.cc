#include "app/repair_tail.h"

#include <utility>

#include "app/audit.h"
#include "base/text.h"
#include "ledger/recovery.h"
#include "ledger/restore_guard.h"
#include "ledger/row_cursor.h"

namespace cortex::app {
namespace {

std::string line_text(const ledger::RowFault& fault) {
  return cat("line ", fault.place.file_line, " (byte ", fault.place.offset, ") is no event row");
}

}  // namespace

Result<RepairTailReport> repair_tail(Services& services, const Layout& layout, bool apply) {
  CORTEX_ASSIGN(const auto file, open_audited(services, layout.event_log_path,
                                              apply ? fs::Open::kAppend : fs::Open::kRead));
  CORTEX_TRY(
      ledger::lock_in_place(services.fs, *file, apply ? fs::Lock::kExclusive : fs::Lock::kShared));
  CORTEX_ASSIGN(const ledger::SettledTail tail, ledger::settle_tail(services.fs, *file));
  if (tail.fault_is_acknowledged) {
    Error error = ledger::row_error(*tail.fault);
    error.message += "; the rows behind it may have been acknowledged";
    error.unchanged = "nothing was changed";
    error.next = "restore the ledger from a backup";
    return error;
  }
  RepairTailReport report;
  report.torn = tail.torn;
  if (!tail.torn) return report;
  report.what = tail.fault ? line_text(*tail.fault) : "the last row has no end";
  if (!apply) return report;
  CORTEX_ASSIGN(report.torn, ledger::move_aside(services.fs, *file, *tail.torn, services.clock,
                                                services.random));
  report.applied = true;
  return report;
}

json::Value to_json(const RepairTailReport& report) {
  json::Object out{{"torn", report.torn.has_value()}, {"applied", report.applied}};
  if (report.torn) {
    out.add("what", report.what);
    out.add("offset", report.torn->offset);
    out.add("size_bytes", report.torn->size_bytes);
  }
  if (report.applied) out.add("evidence_path", report.torn->evidence_path);
  return out;
}

}  // namespace cortex::app
