// The automatic local anchor: what beside a ledger says how far it was acknowledged. A ledger that
// no longer has those rows was cut, rewritten, or replaced by another one (docs/formats.md, "Local
// anchor").
//
// Rows beyond a promise are fine, whoever wrote them. A crash breaks no promise: each is written
// after the sync of the rows it is about. Losing the files loses the promise, no more.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "ledger/head_file.h"

namespace cortex::ledger {

// The ledger ends before the last acknowledged row does.
inline constexpr std::string_view kTailCutToken = "ledger.tail_cut";
// It is long enough, and another row stands there.
inline constexpr std::string_view kRowsReplacedToken = "ledger.rows_replaced";

struct Promise {
  std::string path;  // the file that says so
  LedgerHead head;
};

// From the furthest to the nearest, each end once. Empty when nothing is known. Take them under the
// ledger's lock: afterwards they may be ahead of a size that was asked for.
std::vector<Promise> read_promises(fs::FileSystem& fs, const std::string& ledger_path);

struct BrokenPromise {
  std::string_view token;
  Promise promise;
};
// The first of them that the first `size_bytes` of the ledger do not keep. O(a row for each),
// except for the one that is `known` to be kept.
std::optional<BrokenPromise> find_broken(fs::File& ledger, std::uint64_t size_bytes,
                                         const std::vector<Promise>& promises,
                                         const std::optional<LedgerHead>& known = std::nullopt);
// For people: "the ledger ends at byte 10, but 3 rows up to byte 99 of it were acknowledged".
std::string describe(const BrokenPromise& broken, std::uint64_t size_bytes);

// Accepts a ledger as it is now, in place of the one that the promises are about: after a restore
// or when it was replaced on purpose. The head file is removed; the tree's folder, if its tree is
// not that of this ledger, is kept under another name, which is returned. Needs the exclusive lock.
Result<std::optional<std::string>> accept_ledger(fs::FileSystem& fs, fs::File& ledger, Clock& clock,
                                                 Random& random);

}  // namespace cortex::ledger
