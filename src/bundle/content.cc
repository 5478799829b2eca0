#include "bundle/content.h"

#include <optional>
#include <thread>
#include <utility>

#include "base/text.h"
#include "ledger/verify.h"
#include "store/event_keys.h"
#include "store/integrity.h"
#include "store/mirror.h"

namespace cortex::bundle {
namespace {

// What the look at the store by itself has found.
struct StoreLook {
  std::vector<std::string> problems;
  store::TableCounts counts;
  std::optional<store::EventKeys> index_keys;
};

// For a thread of its own. The indexes of `events` are left to settle_indexes().
Status look_at_store(sqlite::Connection& db, StoreLook& look) {
  CORTEX_ASSIGN(look.problems, store::integrity_problems_but_event_indexes(db));
  // A file that is no sound database is a finding, not a reason to stop.
  auto counts = store::count_tables(db);
  if (counts.ok()) {
    look.counts = *counts;
  } else if (look.problems.empty()) {
    return std::move(counts).error();
  }
  if (!look.problems.empty()) return {};
  CORTEX_ASSIGN(look.index_keys, store::read_event_indexes(db));
  return {};
}

// A damaged store is reported by the look at the store: then there is no comparer.
std::vector<store::MirrorComparer> begin_comparers(const ContentInputs& inputs) {
  std::vector<store::MirrorComparer> comparers;
  for (sqlite::Connection* mirror : inputs.mirrors) {
    auto begun = store::MirrorComparer::begin(*mirror);
    if (!begun.ok()) return {};
    comparers.push_back(std::move(begun).value());
  }
  return comparers;
}

// The keys of all rows of `events`, when the comparison has accounted for each.
Result<std::optional<store::EventKeys>> compare(const ContentInputs& inputs,
                                                ContentReport& report) {
  std::optional<store::EventKeys> keys;
  auto comparers = begin_comparers(inputs);
  ledger::VerifyOptions options{.threads = ledger::verify_threads(),
                                .on_block = inputs.on_ledger_block};
  if (!comparers.empty()) options.threads = static_cast<unsigned>(comparers.size());
  for (store::MirrorComparer& comparer : comparers) {
    options.on_row.emplace_back([&comparer](const core::DecodedEvent& row, std::uint64_t) {
      return comparer.add(row.event, row.raw_payload);
    });
  }
  CORTEX_ASSIGN(report.chain,
                ledger::verify_chain(inputs.ledger, inputs.ledger_bytes, std::move(options)));
  const ledger::ChainReport& chain = report.chain;
  report.ledger_rows = chain.rows;
  report.ledger_failures = chain.failures_total;
  report.mirror.lagging = chain.rows;
  if (!chain.closed()) {
    report.problems.push_back(cat("ledger: ", chain.failures_total,
                                  " failures, the first one in row ", chain.failures.front().line));
  }
  if (comparers.empty()) return keys;
  store::MirrorComparer& all = comparers.front();
  for (std::size_t i = 1; i < comparers.size(); ++i) all.join(std::move(comparers[i]));
  CORTEX_ASSIGN(report.mirror, all.finish());
  CORTEX_ASSIGN(const store::MirrorState state, store::read_mirror_state(*inputs.mirrors.front()));
  const store::MirrorFit fit = store::mirror_fit(state, inputs.ledger_bytes, chain.head);
  if (fit == store::MirrorFit::kLacksNewline) {
    report.lacks_newline = true;
    report.problems.push_back(cat("ledger: ", store::kNewlineMissing));
  } else if (fit == store::MirrorFit::kBeyond || state.rows > chain.rows) {
    report.problems.push_back("mirror: the store mirrors more than the ledger holds");
  }
  return all.keys_of_all_rows();
}

// Row by row, unless the sums have shown it already. In a damaged store everything is looked at, so
// that one finding hides no other.
Status settle_indexes(sqlite::Connection& db, const std::optional<store::EventKeys>& rows,
                      StoreLook& look) {
  if (look.problems.empty() && rows && look.index_keys == rows) return {};
  return store::add_event_index_problems(db, look.problems);
}

}  // namespace

Result<ContentReport> verify_content(const ContentInputs& inputs) {
  ContentReport report;
  StoreLook look;
  Status store_status;
  std::optional<std::jthread> store_thread;
  if (inputs.store != nullptr) {
    store_thread.emplace([&] {
      if (inputs.before_store) store_status = inputs.before_store();
      if (store_status.ok()) store_status = look_at_store(*inputs.store, look);
    });
  }
  const auto compared = compare(inputs, report);
  if (store_thread) store_thread->join();
  if (!compared.ok()) return compared.error();
  CORTEX_TRY(store_status);
  if (inputs.store != nullptr) CORTEX_TRY(settle_indexes(*inputs.store, *compared, look));
  report.counts = look.counts;
  for (const auto& problem : look.problems) report.problems.push_back(cat("store: ", problem));
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
