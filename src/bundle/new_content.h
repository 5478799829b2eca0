// What a restore brings in, while nobody but its maker knows it: copies that are what they were
// copied from, and a store that gets its audit row. The full look at the result is verify.h's.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/digest.h"
#include "sqlite/connection.h"

namespace cortex::bundle {

inline constexpr std::string_view kBackupDigestToken =
    "restore.recover.rollback.backup_digest_mismatch";

using EditFunction = std::function<Status(sqlite::Connection&)>;

Status remove_if_there(fs::FileSystem& fs, const std::string& path);
// The permission bits of a file that is replaced; 0600 where there is none.
unsigned mode_of(fs::FileSystem& fs, const std::string& path);

struct NewFile {
  std::string field;  // for messages: "sqlite_store" or "jsonl_mirror"
  std::string from, to;
  FileDigest digest;
  unsigned mode = 0600;
};

// Copies to a new file, synced, in one pass. kIntegrity with kBackupDigestToken when what was read
// has another digest; kInternal.
Status copy_new_file(fs::FileSystem& fs, const NewFile& file, Progress* progress = nullptr);
// The same for a file that is nobody else's: renamed, or copied to another file system and removed.
Status move_new_file(fs::FileSystem& fs, const NewFile& file);
// Reads a copied store back, which must be what was copied (as above), then lets `edit` change it.
// One synced file is left, without anything of SQLite's beside it. kPrecondition when it cannot be
// opened, kInternal.
Status edit_new_store(fs::FileSystem& fs, const NewFile& file, const EditFunction& edit);

}  // namespace cortex::bundle
