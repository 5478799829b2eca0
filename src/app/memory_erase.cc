#include "app/memory_erase.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "app/memory_work.h"
#include "app/open_store.h"
#include "app/operations.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/ulid.h"
#include "bundle/swap.h"
#include "core/ids.h"
#include "ledger/erase_rows.h"
#include "ledger/row_stream.h"
#include "ledger/tail.h"
#include "memory/apply.h"
#include "memory/lifecycle.h"
#include "retrieval/index_schema.h"
#include "retrieval/index_writer.h"
#include "sqlite/transaction.h"
#include "store/memory_history.h"
#include "store/mirror.h"
#include "store/open.h"
#include "store/scrub.h"

namespace cortex::app {
namespace {

using Operations = std::vector<store::Operation>;

// What was decided under the append lock and is carried out after it.
struct Erasing {
  std::string id;
  std::optional<ledger::Eraser> eraser;
  std::vector<ledger::NamedRow> rows;
};

Status check_request(const EraseRequest& request, const std::string& id) {
  if (request.confirm != id) {
    return refusal(Code::kUsage, "the erasure is not confirmed",
                   cat("it cannot be taken back; to confirm it give --confirm ", id));
  }
  if (!is_blank(request.reason)) return {};
  return refusal(Code::kUsage, "an erasure needs a reason", "say why, with --reason TEXT");
}

Result<std::vector<ledger::NamedRow>> find_rows(Services& services, const std::string& path,
                                                const ledger::Eraser& eraser,
                                                const std::string& erasure) {
  CORTEX_ASSIGN(const auto file, services.fs.open(path, fs::Open::kRead));
  CORTEX_ASSIGN(const ledger::Tail tail, ledger::read_tail(*file));
  return ledger::rows_to_erase(*file, tail.size_bytes, eraser, erasure);
}

// A memory that stands in no ledger is written down without its text.
Status adopt_without_text(sqlite::Connection& db, const store::Memory& memory,
                          const ledger::Eraser& eraser, Operations& operations) {
  const std::size_t before = operations.size();
  CORTEX_TRY(adopt(db, memory, operations));
  if (operations.size() == before) return {};
  json::Object& args = operations.back().args;
  args = *eraser.without("", json::Value(args)).as_object();
  return {};
}

store::Operation operation_of(const store::Memory& memory, const Erasing& erasing,
                              const std::string& at) {
  const auto from = memory::parse_state(memory.status);
  const auto to = from ? memory::next_state(memory::Verb::kReject, *from) : std::nullopt;
  json::Array rows;
  for (const ledger::NamedRow& row : erasing.rows) rows.push_back(to_json(row));
  return {std::string(ledger::kErasureOperation),
          {{"at", at},
           {"memory_id", memory.id},
           {"from", memory.status},
           {"to", to ? std::string(memory::state_token(*to)) : memory.status},
           {"erasure", erasing.id},
           {"rows", std::move(rows)}}};
}

Result<Operations> plan_erasure(Services& services, const EraseRequest& request,
                                sqlite::Connection& db, const std::string& id, Erasing& erasing) {
  CORTEX_ASSIGN(const store::Memory memory, required_memory(db, id));
  if (memory.claim == ledger::kErasedText) {
    return refusal(Code::kPrecondition, cat("the memory ", id, " was erased already"),
                   cat("see `cortex memory history ", id, "`"), "memory.erase.done");
  }
  erasing.eraser.emplace(memory.claim);
  if (request.reason.find(memory.claim) != std::string::npos) {
    return refusal(Code::kUsage, "the reason holds what is to be erased", "give another reason");
  }
  CORTEX_ASSIGN(erasing.rows,
                find_rows(services, request.layout.event_log_path, *erasing.eraser, erasing.id));
  Operations operations;
  CORTEX_TRY(adopt_without_text(db, memory, *erasing.eraser, operations));
  operations.push_back(operation_of(memory, erasing, column_time(services.clock.now())));
  return operations;
}

// The last erasure of the memory that the ledger records; its rows may not have been erased yet.
Result<std::optional<ledger::ErasureRecord>> recorded_erasure(Services& services,
                                                              const std::string& path,
                                                              const std::string& memory_id) {
  std::optional<ledger::ErasureRecord> found;
  CORTEX_ASSIGN(const auto file, services.fs.open(path, fs::Open::kRead));
  CORTEX_ASSIGN(const ledger::Tail tail, ledger::read_tail(*file));
  ledger::RowStream rows(*file, 0, tail.size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) return found;
    auto record = ledger::parse_erasure_record(*row);
    if (record && record->memory_id == memory_id) found = std::move(record);
  }
}

// --- carrying it out

// The mirror of the rows that were rewritten, and where it stands in the file: it may lag, when a
// crash came between the record and the store.
Status follow_ledger(Services& services, sqlite::Connection& db, const std::string& path,
                     const ledger::LedgerHead& head, const std::vector<ledger::NamedRow>& named) {
  std::set<Ulid> rewritten;
  for (const ledger::NamedRow& row : named) rewritten.insert(row.event_id);
  CORTEX_ASSIGN(auto update, db.prepare("UPDATE events SET payload_json = ?2 WHERE id = ?1 AND"
                                        " payload_hash = ?3"));
  CORTEX_ASSIGN(const store::MirrorState mirrored, store::read_mirror_state(db));
  std::optional<std::uint64_t> followed;
  CORTEX_ASSIGN(const auto file, services.fs.open(path, fs::Open::kRead));
  ledger::RowStream rows(*file, 0, head.size_bytes);
  for (std::uint64_t number = 1;; ++number) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) break;
    if (number == mirrored.rows && row->event.event_hash == mirrored.head) {
      followed = rows.place().end;
    }
    if (!rewritten.contains(row->event.id)) continue;
    update.reset();
    CORTEX_TRY(update.bind_all(core::id_text(core::IdKind::kEvent, row->event.id), row->raw_payload,
                               row->event.payload_hash));
    CORTEX_TRY(update.run());
  }
  if (followed) {
    CORTEX_ASSIGN(auto state, db.prepare("UPDATE cortex_mirror SET offset_bytes = ?1"));
    CORTEX_TRY(state.bind_all(static_cast<std::int64_t>(*followed)));
    CORTEX_TRY(state.run());
  }
  CORTEX_ASSIGN(auto mirror,
                store::catch_up(db, *file, head.size_bytes, services.clock, projector()));
  return mirror.finish();
}

Status clean_store(Services& services, const Layout& layout, const Erasing& erasing,
                   const ledger::LedgerHead& head, EraseReport& report) {
  CORTEX_ASSIGN(auto opened, store::open_for_writing(layout.db_path));
  sqlite::Connection& db = opened.connection;
  CORTEX_TRY(db.exec("PRAGMA secure_delete = ON"));
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  CORTEX_TRY(follow_ledger(services, db, layout.event_log_path, head, erasing.rows));
  CORTEX_ASSIGN(store::ScrubReport scrubbed, store::scrub_text(db, *erasing.eraser));
  report.values = scrubbed.values;
  report.memories = std::move(scrubbed.memories);
  CORTEX_TRY(retrieval::reset_index(db));
  CORTEX_TRY(transaction.commit());
  CORTEX_TRY(store::compact_after_scrub(db));
  // Behind the compaction, which may number rows anew.
  CORTEX_ASSIGN(auto indexing,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  CORTEX_TRY(retrieval::rebuild_index(db));
  return indexing.commit();
}

Result<bool> holds_text(fs::FileSystem& fs, const std::string& path, const ledger::Eraser& eraser) {
  CORTEX_ASSIGN(const auto file, fs.open(path, fs::Open::kRead));
  const std::size_t overlap = eraser.longest_form_bytes();
  std::string window, block(limits::kIoBlockBytes, '\0');
  for (std::uint64_t at = 0;;) {
    CORTEX_ASSIGN(const std::size_t got, file->read_at(at, block));
    if (got == 0) return false;
    at += got;
    window.append(block, 0, got);
    if (eraser.is_in_bytes(window)) return true;
    if (window.size() > overlap) window.erase(0, window.size() - overlap);
  }
}

// Files of the folder, and of those so many levels below it, that hold the text. Links are not
// followed; what goes away meanwhile holds nothing.
Status look_below(fs::FileSystem& fs, const std::string& folder, const ledger::Eraser& eraser,
                  int levels, std::vector<std::string>& found) {
  CORTEX_ASSIGN(const std::vector<std::string> names, fs.list(folder));
  for (const std::string& name : names) {
    const std::string path = fs::join(folder, name);
    CORTEX_ASSIGN(const fs::Info info, fs.lstat(path));
    if (info.kind == fs::Kind::kDirectory && levels > 0) {
      CORTEX_TRY(look_below(fs, path, eraser, levels - 1, found));
    }
    if (info.kind != fs::Kind::kFile) continue;
    CORTEX_ASSIGN(const bool holds, holds_text(fs, path, eraser));
    if (holds) found.push_back(path);
  }
  return {};
}

// Files beside ledger and store that hold the text all the same: copies made earlier, such as the
// pair that a restore replaced. Our own folders as a whole; beside a store or ledger elsewhere are
// the folders of other people.
Status look_for_copies(Services& services, const Layout& layout, const ledger::Eraser& eraser,
                       EraseReport& report) {
  constexpr int kWhole = 16, kFilesAlone = 0;
  std::map<std::string, int> folders = {
      {fs::parent_of(layout.db_path), kFilesAlone},
      {fs::parent_of(layout.event_log_path), kFilesAlone},
      {fs::join(fs::parent_of(layout.db_path), bundle::kEvidenceFolder), kWhole}};
  folders[layout.data_dir] = kWhole;
  for (const auto& [folder, levels] : folders) {
    CORTEX_ASSIGN(const fs::Info info, services.fs.lstat(folder));
    if (info.kind != fs::Kind::kDirectory) continue;
    CORTEX_TRY(look_below(services.fs, folder, eraser, levels, report.remaining));
  }
  std::ranges::sort(report.remaining);
  report.remaining.erase(std::ranges::unique(report.remaining).begin(), report.remaining.end());
  return {};
}

Result<EraseReport> carry_out(Services& services, const EraseRequest& request,
                              const Erasing& erasing, EraseReport report) {
  report.erasure = erasing.id;
  report.rows = erasing.rows.size();
  auto head = ledger::erase_rows(services.fs, request.layout.event_log_path, services.clock,
                                 services.random, *erasing.eraser, erasing.id, erasing.rows);
  Status done = head.ok() ? clean_store(services, request.layout, erasing, *head, report)
                          : Status(head.error());
  if (done.ok()) done = look_for_copies(services, request.layout, *erasing.eraser, report);
  if (done.ok()) return report;
  Error error = done.error();
  error.unchanged = "the erasure is recorded and not complete";
  error.next = "run the same command again";
  return error;
}

// The text of a memory whose erasure is recorded and was interrupted before the store was cleaned.
// Where the text was recorded once more since, another erasure has to name those rows.
Result<std::optional<Erasing>> interrupted(Services& services, const EraseRequest& request,
                                           const std::string& id) {
  std::optional<Erasing> out;
  CORTEX_ASSIGN(auto record, recorded_erasure(services, request.layout.event_log_path, id));
  if (!record) return out;
  std::optional<store::Memory> memory;
  CORTEX_TRY(
      store::inspect(services.fs, request.layout.db_path, [&](sqlite::Connection& db) -> Status {
        CORTEX_ASSIGN(memory, store::find_memory(db, id));
        return {};
      }));
  if (!memory || memory->claim == ledger::kErasedText) return out;
  Erasing begun{.id = std::move(record->id),
                .eraser = ledger::Eraser(memory->claim),
                .rows = std::move(record->rows)};
  CORTEX_ASSIGN(const auto left,
                find_rows(services, request.layout.event_log_path, *begun.eraser, begun.id));
  const bool all_named = std::ranges::all_of(left, [&](const auto& row) {
    return std::ranges::find(begun.rows, row) != begun.rows.end();
  });
  if (all_named) out = std::move(begun);
  return out;
}

// Whether the store has the memory's claim and one of the rows as it was: where the rows are those
// of the ledger, a claim is there because somebody put it there since.
Result<bool> still_holds(sqlite::Connection& db, const ledger::ErasureRecord& record) {
  CORTEX_ASSIGN(const auto memory, store::find_memory(db, record.memory_id));
  if (!memory || memory->claim == ledger::kErasedText) return false;
  CORTEX_ASSIGN(auto find, db.prepare("SELECT 1 FROM events WHERE id = ?1 AND"
                                      " instr(payload_json, ?2) = 0"));
  for (const ledger::NamedRow& row : record.rows) {
    find.reset();
    CORTEX_TRY(
        find.bind_all(core::id_text(core::IdKind::kEvent, row.event_id), ledger::kErasedMember));
    CORTEX_ASSIGN(const bool found, find.step());
    if (found) return true;
  }
  return record.rows.empty();
}

}  // namespace

Result<EraseReport> erase_memory(Services& services, const EraseRequest& request) {
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kMemory, request.memory_id));
  CORTEX_TRY(check_request(request, id));
  CORTEX_TRY(require_store(services, request.layout));
  CORTEX_ASSIGN(const std::string reason, kept_reason(request.policy, request.reason));
  EraseReport report{.memory_id = id, .event_id = {}, .erasure = {}};
  CORTEX_ASSIGN(const auto begun, interrupted(services, request, id));
  if (begun) {
    report.resumed = true;
    return carry_out(services, request, *begun, std::move(report));
  }
  Erasing erasing{
      .id = Ulid::make(services.clock, services.random).text(), .eraser = {}, .rows = {}};
  CORTEX_ASSIGN(
      const Recorded recorded,
      change_memories(services, request.layout, cli_caller(reason), [&](sqlite::Connection& db) {
        return plan_erasure(services, request, db, id, erasing);
      }));
  report.event_id = recorded.event_ids.back();
  return carry_out(services, request, erasing, std::move(report));
}

Result<std::string> interrupted_erasure(sqlite::Connection& db, fs::File& ledger,
                                        std::uint64_t size_bytes) {
  std::vector<ledger::ErasureRecord> records;
  ledger::RowStream rows(ledger, 0, size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) break;
    if (auto record = ledger::parse_erasure_record(*row); record && !record->memory_id.empty()) {
      records.push_back(*std::move(record));
    }
  }
  for (const ledger::ErasureRecord& record : records) {
    CORTEX_ASSIGN(const bool holds, still_holds(db, record));
    if (holds) return record.memory_id;
  }
  return std::string();
}

std::string next_of_erasure(const std::string& memory_id) {
  return cat("end it with `cortex memory forget ", memory_id, " --erase --confirm ", memory_id,
             " --reason TEXT`");
}

Status apply_erase(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const std::string from, row.text_arg("from"));
  CORTEX_ASSIGN(const std::string to, row.text_arg("to"));
  if (from != to) return memory::apply_transition(db, row);
  CORTEX_ASSIGN(const std::string id, row.text_arg("memory_id"));
  CORTEX_ASSIGN(const std::string at, row.text_arg("at"));
  return store::record_version(db, row, id, at, std::nullopt, "");
}

json::Value to_json(const EraseReport& report) {
  return json::Object{
      {"erasure", report.erasure},
      {"event_id", report.event_id.empty() ? json::Value(nullptr) : json::Value(report.event_id)},
      {"ledger_rows", report.rows},
      {"memories", json::array_of(report.memories)},
      {"memory_id", report.memory_id},
      {"remaining", json::array_of(report.remaining)},
      {"resumed", report.resumed},
      {"store_values", report.values}};
}

}  // namespace cortex::app
