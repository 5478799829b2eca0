#include "bundle/content.h"

#include <optional>
#include <thread>
#include <utility>

#include "base/text.h"
#include "ledger/verify.h"
#include "store/integrity.h"
#include "store/mirror.h"

namespace cortex::bundle {
namespace {

// The store by itself, for the second thread.
Status look_at_store(sqlite::Connection& db, ContentReport& report) {
  CORTEX_ASSIGN(auto problems, store::integrity_problems(db, true));
  for (auto& problem : problems) report.problems.push_back(cat("store: ", problem));
  // A file that is no sound database is a finding, not a reason to stop.
  auto counts = store::count_tables(db);
  if (counts.ok()) {
    report.counts = *counts;
  } else if (report.problems.empty()) {
    return std::move(counts).error();
  }
  return {};
}

Status compare(const ContentInputs& inputs, ContentReport& report) {
  std::optional<store::MirrorComparer> comparer;
  ledger::VerifyOptions options{.on_block = inputs.on_ledger_block};
  if (inputs.store_again != nullptr) {
    auto begun = store::MirrorComparer::begin(*inputs.store_again);
    // A damaged store is reported by the look at the store.
    if (begun.ok()) comparer.emplace(std::move(begun).value());
  }
  if (comparer) {
    options.on_row = [&comparer](const core::DecodedEvent& row, std::uint64_t) {
      return comparer->add(row.event, row.raw_payload);
    };
  }
  CORTEX_ASSIGN(const ledger::ChainReport chain,
                ledger::verify_chain(inputs.ledger, inputs.ledger_bytes, std::move(options)));
  report.ledger_rows = chain.rows;
  report.ledger_failures = chain.failures_total;
  report.mirror.lagging = chain.rows;
  if (!chain.closed()) {
    report.problems.push_back(cat("ledger: ", chain.failures_total,
                                  " failures, the first one in row ", chain.failures.front().line));
  }
  if (!comparer) return {};
  CORTEX_ASSIGN(report.mirror, comparer->finish());
  CORTEX_ASSIGN(const store::MirrorState state, store::read_mirror_state(*inputs.store_again));
  if (state.offset_bytes > inputs.ledger_bytes || state.rows > chain.rows) {
    report.problems.push_back("mirror: the store mirrors more than the ledger holds");
  }
  return {};
}

}  // namespace

Result<ContentReport> verify_content(const ContentInputs& inputs) {
  ContentReport report;
  ContentReport of_store;
  Status store_status;
  std::optional<std::jthread> store_thread;
  if (inputs.store != nullptr) {
    store_thread.emplace([&] {
      if (inputs.before_store) store_status = inputs.before_store();
      if (store_status.ok()) store_status = look_at_store(*inputs.store, of_store);
    });
  }
  const Status compared = compare(inputs, report);
  if (store_thread) store_thread->join();
  CORTEX_TRY(compared);
  CORTEX_TRY(store_status);
  report.counts = of_store.counts;
  for (auto& problem : of_store.problems) report.problems.push_back(std::move(problem));
  return report;
}

json::Value to_json(const ContentReport& report) {
  return json::Object{{"ledger_rows", report.ledger_rows},
                      {"ledger_failures", report.ledger_failures},
                      {"mirrored_rows", report.mirror.equal},
                      {"lagging_rows", report.mirror.lagging},
                      {"differing_rows", report.mirror.differing},
                      {"foreign_rows", report.mirror.foreign},
                      {"problems", json::array_of(report.problems)},
                      {"status", report.problems.empty() ? "verified" : "failed"}};
}

}  // namespace cortex::bundle
