// `cortex_<ledger name>.head`: how far the ledger was known to be sound when its last batch was
// acknowledged.
//
// A hint, never the truth: it is written without a sync after each batch, and trusted only while
// the ledger row that ends at its size has its head. It makes an append O(1) in the ledger's
// length, and it tells rows that were acknowledged from what an interrupted batch left behind them
// (docs/formats.md, 14). Losing it costs one pass over the ledger.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"

namespace cortex::ledger {

struct LedgerHead {
  std::uint64_t size_bytes = 0;     // a line border
  std::uint64_t rows = 0;           // non-blank lines before it
  std::optional<std::string> hash;  // event_hash of the last of them
  // Row hash of the last covered row among them; later rows are covered too once there is one.
  std::optional<std::string> row_hash{};

  friend bool operator==(const LedgerHead&, const LedgerHead&) = default;
};

std::string head_file_path(const std::string& ledger_path);

// True when the first `size_bytes` of the ledger end with the row that `head` names, newline or
// not. O(that row).
bool ends_with(fs::File& ledger, const LedgerHead& head);

// What the file says when it holds for this ledger, else nothing.
std::optional<LedgerHead> read_head_file(fs::FileSystem& fs, fs::File& ledger);

// What the file says whether it holds or not: how far the ledger was acknowledged, and the furthest
// acknowledged end that was found gone earlier (promise.h).
struct HeadFile {
  LedgerHead head;
  std::optional<LedgerHead> broken;
};
std::optional<HeadFile> load_head_file(fs::FileSystem& fs, const std::string& ledger_path);

// Under the append lock only.
Status write_head_file(fs::FileSystem& fs, const std::string& ledger_path, const LedgerHead& head,
                       const std::optional<LedgerHead>& broken = std::nullopt);

}  // namespace cortex::ledger
