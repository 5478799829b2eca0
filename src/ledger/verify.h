// Streaming verification of a ledger's hash chain (docs/formats.md, 7). Every byte is read once
// (twice when an id seems to be repeated); memory is constant at any ledger size: two blocks a
// thread, the filter of duplicates.h, and the failures shown. The file is only read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "ledger/chain_check.h"

namespace cortex::ledger {

struct VerifyOptions {
  unsigned threads = 1;         // including the calling one
  BlockFunction on_block = {};  // never called by two threads at once
  // None, or one for each thread, called by that one alone: it sees the rows of some chunks, each
  // chunk's in order, the chunks in any order. The only one of one thread sees all rows in order.
  std::vector<RowFunction> on_row = {};
  // Ordinals of rows whose event_hash the report shall hold (ChainReport::positions), in any
  // order. Costs the hashes of one chunk a thread.
  std::vector<std::uint64_t> positions = {};
  // Check the signature of every row, too: ChainReport::signatures, failures among the others.
  std::optional<SignedChain> signed_chain = {};
  LeafFunction on_leaf = {};  // never called by two threads at once
  // Rows that `pick` chooses go to `on_picked`: the former is called by several threads at once,
  // the latter never. Keeps the chosen rows of a chunk in memory.
  PickFunction pick = {};
  PickedFunction on_picked = {};
  // Where to begin instead of at the first row: nothing before it is read.
  std::optional<ChainPlace> start = {};
};

// Verifies the first `size_bytes` of an open ledger. Broken rows are in the report; an Error means
// that the ledger cannot be read as rows at all (kChain, kPrecondition) or not read (kInternal).
Result<ChainReport> verify_chain(fs::File& file, std::uint64_t size_bytes,
                                 VerifyOptions options = {});

// Threads that verification may use on this machine: two where there are two processors.
unsigned verify_threads();

// The boundary check of a verified ledger: failure lines, empty when it holds. At
// most one (with `required`: exactly one), and it must name the row before it.
std::vector<std::string> boundary_failures(const ChainReport& report, bool required);

}  // namespace cortex::ledger
