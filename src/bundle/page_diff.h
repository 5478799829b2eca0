// Which pages of a store differ from those of a chain (increment.h), in one reading of both.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/copy.h"
#include "bundle/digest.h"
#include "bundle/increment.h"

namespace cortex::bundle {

struct PageDiff {
  FileDigest store;  // as it was read
  FileDigest base;   // the file of the chain's full bundle, as it was read
};

// A page that the chain does not hold like this; numbers from 1 on, ascending. Never called by two
// threads at once.
using ChangedPage = std::function<Status(std::uint64_t number, std::string_view page)>;

// `live` has `live_bytes`, a multiple of the chain's page size. Both files are read once, on two
// threads when they are long; a block that is the same in both is digested once. Whether the digest
// of the base is the right one is for the caller to say. Memory: 16 MiB at most.
Result<PageDiff> diff_pages(fs::FileSystem& fs, const Chain& chain, const ReadFunction& live,
                            std::uint64_t live_bytes, const ChangedPage& on_changed,
                            Progress* progress = nullptr);

}  // namespace cortex::bundle
