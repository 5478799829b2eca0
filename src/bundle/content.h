// What the files of a deployment or of a bundle hold, looked at in full: the ledger's chain, the
// store's structure, and both against each other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "json/value.h"
#include "ledger/chain_check.h"
#include "sqlite/connection.h"
#include "store/counts.h"
#include "store/mirror_compare.h"

namespace cortex::bundle {

struct ContentReport {
  ledger::ChainReport chain;
  std::uint64_t ledger_rows = 0;
  std::uint64_t ledger_failures = 0;
  store::MirrorComparison mirror;
  store::TableCounts counts;
  std::vector<std::string> problems;  // empty: the content is what it should be
  bool lacks_newline = false;         // one of them: only that behind the last row
};

struct ContentInputs {
  fs::File& ledger;
  std::uint64_t ledger_bytes;
  // The store, looked at by itself on a thread of its own; null for a store of 0 bytes.
  sqlite::Connection* store;
  // More connections to the same content, one for each thread that compares it with the ledger.
  std::vector<sqlite::Connection*> mirrors{};
  ledger::BlockFunction on_ledger_block{};
  // Runs on the store's thread before the store is looked at.
  std::function<Status()> before_store{};
};

// Every ledger byte is read once. Indexes of `events` whose rows are all equal to the ledger's are
// compared by sums (store/event_keys.h), others row by row. Broken content is in the report; an
// Error means that something cannot be read as what it is (kChain: a line that is no row).
Result<ContentReport> verify_content(const ContentInputs& inputs);

json::Value to_json(const ContentReport& report);

}  // namespace cortex::bundle
