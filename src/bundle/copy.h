// Copies of whole files, and of stores in use.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/digest.h"
#include "sqlite/connection.h"

namespace cortex::bundle {

// Reads at an offset, short at the end only; 0 behind it.
using ReadFunction = std::function<Result<std::size_t>(std::uint64_t offset, std::span<char> out)>;

// Appends everything that `read` gives to `to`, and returns the digest of what was appended. While
// one block is read and digested, the one before is written on a second thread. Two blocks of
// memory. Not synced.
Result<FileDigest> copy_blocks(const ReadFunction& read, fs::File& to, Progress* progress = nullptr,
                               const std::stop_token& stop = {});

enum class Durable : std::uint8_t {
  kSynced,
  kNot,  // for what is thrown away by the same process
};

// Copies `from` to the new file `to` in one pass, syncs it, and returns the digest of what was
// copied. `to` must not exist; it is removed again when the copy fails. The caller syncs the
// folder. Constant memory.
Result<FileDigest> copy_file(fs::FileSystem& fs, const std::string& from, const std::string& to,
                             unsigned mode, Progress* progress = nullptr,
                             Durable durable = Durable::kSynced);

// The content of the snapshot that `source` reads, into the empty file `path` by SQLite's online
// backup. The copy is private to the caller, who syncs it. Ends between two steps when `stop` says
// so.
Status copy_snapshot(sqlite::Connection& source, const std::string& path,
                     Progress* progress = nullptr, const std::stop_token& stop = {});

}  // namespace cortex::bundle
