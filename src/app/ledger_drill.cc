#include "app/ledger_drill.h"

#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "app/open_store.h"
#include "base/text.h"
#include "core/event_codec.h"
#include "ledger/append_log.h"
#include "ledger/chain.h"
#include "ledger/own_row.h"
#include "ledger/row_stream.h"
#include "ledger/tail.h"
#include "ledger/verify.h"
#include "store/mirror_compare.h"

namespace cortex::app {
namespace {

constexpr unsigned kDrillFolderMode = 0700;
constexpr std::uint64_t kDrillLedgerBytesMax = 256U << 20;

Status make_parents(Services& services, const DrillRequest& request) {
  for (const std::string& path :
       {request.layout.db_path, request.layout.event_log_path, request.report_path}) {
    const auto made = services.fs.make_directories(fs::parent_of(path), kDrillFolderMode);
    if (!made.ok()) return with_code(made.error(), Code::kPrecondition);
  }
  return {};
}

// A file that is not there is made, so that the standard open can migrate it.
Status make_file(Services& services, const std::string& path) {
  auto file = services.fs.open(path, fs::Open::kAppendOrCreate);
  if (!file.ok()) return with_code(std::move(file).error(), Code::kPrecondition);
  return (*file)->close();
}

core::Event drill_event(Services& services, std::uint64_t iteration) {
  core::Event event = ledger::own_row(services.clock, services.random);
  event.session_id = cat("run-ledger-drill-", iteration);
  event.domain_tags = {"run-ledger-drill", "development-ledger"};
  event.payload = json::canonical(json::Object{{"iteration", iteration},
                                               {"kill_window", kDrillWindow},
                                               {"kind", "run-ledger-drill"},
                                               {"ledger_authority", "development"},
                                               {"signed_ledger_authority", false}});
  return event;
}

Status append_row(Services& services, const DrillRequest& request, DrillReport& report) {
  CORTEX_ASSIGN(const auto log, ledger::AppendLog::open(services.fs, request.layout.event_log_path,
                                                        services.clock, services.random));
  core::Event event = drill_event(services, request.iteration);
  CORTEX_TRY(log->append(event));
  CORTEX_TRY(log->commit());
  report.acknowledged_count = log->rows();
  report.chain_head = log->head().value_or("");
  return {};
}

// The row is acknowledged and the store does not know it: whoever watches may kill this process.
Status hold_window_open(Services& services, const DrillRequest& request,
                        const DrillReport& report) {
  if (!request.kill_ready_path) return {};
  const json::Object ready{{"acknowledged_count", report.acknowledged_count},
                           {"chain_head", report.chain_head},
                           {"iteration", request.iteration},
                           {"killed_phase", kDrillWindow},
                           {"pid", request.process_id}};
  CORTEX_TRY(services.fs.overwrite(*request.kill_ready_path, json::write_pretty(ready)));
  std::this_thread::sleep_for(std::chrono::milliseconds(request.wait_millis));
  return make_error(
      Code::kPrecondition, "nobody killed the drill while its window was open",
      "the row stays in the ledger; the store does not have it yet",
      "run it again with --recover-only, or give it longer with --wait-for-sigkill-ms");
}

Status read_end(Services& services, const DrillRequest& request, DrillReport& report) {
  CORTEX_ASSIGN(const auto file, services.fs.open(request.layout.event_log_path, fs::Open::kRead));
  CORTEX_ASSIGN(const std::uint64_t size, ledger::settled_size(*file));
  CORTEX_ASSIGN(const ledger::ChainReport chain, ledger::verify_chain(*file, size));
  if (chain.rows == 0) {
    Error error =
        make_error(Code::kPrecondition, "the ledger is empty: there is nothing to recover");
    error.next = "run the drill without --recover-only first";
    return error;
  }
  report.acknowledged_count = chain.rows;
  report.chain_head = chain.head.value_or("");
  return {};
}

Status compare(Services& services, const DrillRequest& request, StoreAtWork& store,
               DrillReport& report) {
  CORTEX_ASSIGN(const auto file, services.fs.open(request.layout.event_log_path, fs::Open::kRead));
  CORTEX_ASSIGN(const std::uint64_t size, ledger::settled_size(*file));
  CORTEX_ASSIGN(auto comparer, store::MirrorComparer::begin(store.connection));
  ledger::RowStream rows(*file, 0, size);
  while (true) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) break;
    CORTEX_TRY(comparer.add(row->event, row->raw_payload));
  }
  CORTEX_ASSIGN(const store::MirrorComparison found, comparer.finish());
  report.recovered_count = found.equal;
  report.event_set_parity = found.lagging == 0 && found.differing == 0 && found.foreign == 0;
  return {};
}

std::string copy_path(const DrillRequest& request, std::string_view kind) {
  const std::string& path = request.layout.event_log_path;
  const std::string name = fs::name_of(path);
  const std::size_t dot = name.rfind('.');
  return fs::join(fs::parent_of(path),
                  cat(name.substr(0, dot), ".", kind, "-", request.iteration, ".jsonl"));
}

// True when a ledger of these bytes is refused: undecodable, broken, or with an id that it holds
// twice. The copy is gone afterwards.
Result<bool> is_refused(Services& services, const std::string& path, std::string_view bytes) {
  CORTEX_ASSIGN(const fs::Info left_over, services.fs.lstat(path));
  if (left_over.kind == fs::Kind::kFile) CORTEX_TRY(services.fs.remove_file(path));
  CORTEX_TRY(fs::write_new(services.fs, path, bytes, 0600));
  CORTEX_ASSIGN(auto file, services.fs.open(path, fs::Open::kRead));
  const auto chain = ledger::verify_chain(*file, bytes.size());
  file.reset();
  CORTEX_TRY(services.fs.remove_file(path));
  return !chain.ok() || !chain->closed() || chain->duplicates.total > 0;
}

Status try_damaged_copies(Services& services, const DrillRequest& request, DrillReport& report) {
  CORTEX_ASSIGN(std::string bytes,
                fs::read_all(services.fs, request.layout.event_log_path, kDrillLedgerBytesMax));
  if (!bytes.ends_with('\n')) bytes.push_back('\n');
  CORTEX_ASSIGN(report.partial_tail_rejected,
                is_refused(services, copy_path(request, "partial"), bytes + "{\"id\":\"evt_"));
  CORTEX_ASSIGN(const auto file, services.fs.open(request.layout.event_log_path, fs::Open::kRead));
  ledger::RowStream rows(*file, 0, bytes.size());
  CORTEX_ASSIGN(const core::DecodedEvent* first, rows.next());
  core::Event divergent = first->event;
  divergent.signature.reset();
  divergent.payload = "{\"divergent\":true}";
  ledger::seal(divergent, report.chain_head);
  std::string row;
  core::append_row(row, divergent);
  CORTEX_ASSIGN(report.divergent_duplicate_rejected,
                is_refused(services, copy_path(request, "duplicate"), cat(bytes, row, "\n")));
  return {};
}

Status write_report(Services& services, const DrillRequest& request, const DrillReport& report) {
  return services.fs.overwrite(request.report_path, json::write_pretty(to_json(report)) + "\n");
}

}  // namespace

Result<DrillReport> run_drill(Services& services, const DrillRequest& request) {
  CORTEX_TRY(make_parents(services, request));
  CORTEX_TRY(make_file(services, request.layout.db_path));
  CORTEX_TRY(make_file(services, request.layout.event_log_path));
  DrillReport report;
  report.iteration = request.iteration;
  report.external_sigkill_proof = request.external_sigkill_proof;
  if (request.recover_only) {
    CORTEX_TRY(read_end(services, request, report));
  } else {
    CORTEX_TRY(open_store(services, request.layout));
    CORTEX_TRY(append_row(services, request, report));
    CORTEX_TRY(hold_window_open(services, request, report));
  }
  CORTEX_ASSIGN(StoreAtWork store, open_store(services, request.layout));
  CORTEX_TRY(compare(services, request, store, report));
  CORTEX_TRY(try_damaged_copies(services, request, report));
  CORTEX_TRY(write_report(services, request, report));
  return report;
}

json::Value to_json(const DrillReport& report) {
  return json::Object{{"acknowledged_count", report.acknowledged_count},
                      {"chain_head", report.chain_head},
                      {"divergent_duplicate_rejected", report.divergent_duplicate_rejected},
                      {"event_set_parity", report.event_set_parity},
                      {"external_sigkill_proof", report.external_sigkill_proof},
                      {"iteration", report.iteration},
                      {"killed_phase", kDrillWindow},
                      {"ledger_authority", "development"},
                      {"partial_tail_rejected", report.partial_tail_rejected},
                      {"recovered_count", report.recovered_count},
                      {"signed_ledger_authority", false}};
}

}  // namespace cortex::app
