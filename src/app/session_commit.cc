#include "app/session_commit.h"

#include <algorithm>
#include <utility>

#include "app/open_store.h"
#include "app/operations.h"
#include "base/text.h"
#include "base/ulid.h"
#include "core/ids.h"
#include "store/audit_records.h"
#include "store/memories.h"
#include "store/memory_history.h"

namespace cortex::app {
namespace {

constexpr std::string_view kPending = "pending_mcp_commit";
constexpr std::string_view kActive = "active";
constexpr std::string_view kCommitOperation = "session.commit";

store::MemoryFilter pending_filter() { return {.statuses = {std::string(kPending)}}; }

Status check_ids(const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    if (core::parse_id(core::IdKind::kMemory, id)) continue;
    return make_error(Code::kUsage, cat("memory_ids: ", quoted(id), " is no id mem_..."),
                      "nothing was changed", "list what is pending for the ids");
  }
  return {};
}

Error not_pending(const std::vector<std::string>& wanted,
                  const std::vector<store::Memory>& memories) {
  const auto missing = std::ranges::find_if(wanted, [&](const std::string& id) {
    return std::ranges::find(memories, id, &store::Memory::id) == memories.end();
  });
  return make_error(Code::kPrecondition,
                    cat("memory ", missing == wanted.end() ? "" : *missing, " is not pending"),
                    "nothing was committed", "list what is pending for the ids");
}

// The rows go into the operation whole: memories that another program made pending stand in no
// ledger, and applying it to an empty store must give the same ones.
Result<std::vector<store::Memory>> read_pending(sqlite::Connection& db,
                                                const CommitRequest& request) {
  store::MemoryFilter filter = pending_filter();
  filter.ids = request.memory_ids;
  CORTEX_ASSIGN(store::MemoryPage page, store::page_of_memories(db, filter));
  if (!request.memory_ids) return std::move(page.rows);
  std::vector<std::string> wanted = *request.memory_ids;
  std::ranges::sort(wanted);
  wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
  if (page.rows.size() != wanted.size()) return not_pending(wanted, page.rows);
  return std::move(page.rows);
}

json::Object arguments(const std::vector<store::Memory>& memories, const CommitReport& report,
                       Services& services) {
  json::Array rows;
  for (const store::Memory& memory : memories) rows.emplace_back(store::memory_to_json(memory));
  const Ulid audit = Ulid::make(services.clock, services.random);
  return {{"receipt_id", report.receipt_id},
          {"audit_id", core::id_text(core::IdKind::kAuditRecord, audit)},
          {"at", format_rfc3339(services.clock.now(), Offset::kPlus00)},
          {"memories", std::move(rows)}};
}

Status write_audit_row(sqlite::Connection& db, const store::OperationRow& row,
                       const json::Array& ids) {
  CORTEX_ASSIGN(const std::string audit, row.text_arg("audit_id"));
  CORTEX_ASSIGN(const std::string receipt, row.text_arg("receipt_id"));
  CORTEX_ASSIGN(const std::string at, row.text_arg("at"));
  const json::Value actor = json::Object{
      {"client", row.caller.client}, {"kind", "mcp"}, {"tool", "cortex_session_commit"}};
  return store::add_audit_record(db, {.id = audit,
                                      .operation = std::string(kCommitOperation),
                                      .target_ref = receipt,
                                      .before_hash = cat("status:", kPending),
                                      .after_hash = cat("status:", kActive),
                                      .reason = "committed with the confirmation token",
                                      .actor = actor,
                                      .source_refs = ids,
                                      .created_at = at});
}

}  // namespace

Result<CommitReport> commit_pending(Services& services, const Layout& layout,
                                    const CommitRequest& request) {
  if (request.memory_ids) CORTEX_TRY(check_ids(*request.memory_ids));
  CommitReport report;
  report.receipt_id = Ulid::make(services.clock, services.random).text();
  const Plan plan = [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
    CORTEX_ASSIGN(const auto memories, read_pending(db, request));
    report.committed.clear();
    for (const store::Memory& memory : memories) report.committed.push_back(memory.id);
    if (memories.empty()) return std::vector<store::Operation>();
    return std::vector<store::Operation>{
        {std::string(kCommitOperation), arguments(memories, report, services)}};
  };
  CORTEX_TRY(perform(services, layout, request.caller, plan));
  return report;
}

Status apply_session_commit(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const std::string at, row.text_arg("at"));
  const json::Array* rows = row.arg("memories").as_array();
  if (rows == nullptr) return make_error(Code::kIntegrity, "memories is no array");
  json::Array ids;
  for (const json::Value& value : *rows) {
    CORTEX_ASSIGN(const store::Memory memory, store::memory_from_json(value));
    CORTEX_TRY(store::insert_memory(db, memory));  // false: it is there, which is the usual case
    CORTEX_TRY(store::change_memory(
        db, {.id = memory.id, .status = std::string(kActive), .updated_at = at}));
    CORTEX_TRY(store::record_version(db, row, memory.id, at, std::nullopt, ""));
    ids.emplace_back(memory.id);
  }
  return write_audit_row(db, row, ids);
}

Result<std::vector<PendingMemory>> list_pending(Services& services, const Layout& layout,
                                                std::size_t limit, std::size_t offset) {
  CORTEX_ASSIGN(StoreAtWork store, open_store(services, layout));
  std::vector<PendingMemory> out;
  if (limit == 0) return out;
  store::MemoryFilter filter = pending_filter();
  filter.limit = limit;
  filter.offset = offset;
  CORTEX_ASSIGN(const store::MemoryPage page, store::page_of_memories(store.connection, filter));
  for (const store::Memory& memory : page.rows) {
    out.push_back({memory.id, memory.claim, memory.type, memory.authority, memory.created_at});
  }
  return out;
}

}  // namespace cortex::app
