#include "bundle/new_content.h"

#include <cerrno>
#include <utility>

#include "base/text.h"
#include "bundle/copy.h"

namespace cortex::bundle {
namespace {

Error not_brought_in(Error error, Code code) {
  error.code = code;
  error.unchanged = "the active store was not changed";
  return error;
}

Error other_digest(const NewFile& file, const std::string& path, std::string_view what) {
  Error error = not_brought_in(make_error(Code::kIntegrity, cat("digest mismatch of `", file.field,
                                                                "`: ", quoted(path), " ", what)),
                               Code::kIntegrity);
  error.token = kBackupDigestToken;
  return error;
}

}  // namespace

Status remove_if_there(fs::FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info info, fs.lstat(path));
  return info.kind == fs::Kind::kMissing ? Status{} : fs.remove_file(path);
}

unsigned mode_of(fs::FileSystem& fs, const std::string& path) {
  const auto info = fs.stat(path);
  return info.ok() && info->kind == fs::Kind::kFile ? info->mode & 0777 : 0600;
}

Status copy_new_file(fs::FileSystem& fs, const NewFile& file, Progress* progress) {
  const auto copied = copy_file(fs, file.from, file.to, file.mode, progress);
  if (!copied.ok()) return not_brought_in(copied.error(), Code::kInternal);
  if (*copied == file.digest) return {};
  return other_digest(file, file.from, "changed while it was copied");
}

Status move_new_file(fs::FileSystem& fs, const NewFile& file) {
  const Status moved = fs.rename_no_replace(file.from, file.to);
  if (moved.ok()) return {};
  if (moved.error().system_errno != EXDEV) return not_brought_in(moved.error(), Code::kInternal);
  CORTEX_TRY(copy_new_file(fs, file));
  const Status removed = fs.remove_file(file.from);
  return removed.ok() ? Status{} : Status(not_brought_in(removed.error(), Code::kInternal));
}

Status edit_new_store(fs::FileSystem& fs, const NewFile& file, const EditFunction& edit) {
  const auto read_back = digest_file(fs, file.to, Source::kAnywhere);
  if (!read_back.ok()) return not_brought_in(read_back.error(), Code::kInternal);
  if (*read_back != file.digest) return other_digest(file, file.to, "reads back differently");
  {
    auto opened = sqlite::Connection::open(file.to, sqlite::OpenMode::kReadWrite);
    if (!opened.ok()) return not_brought_in(std::move(opened).error(), Code::kPrecondition);
    if (auto edited = edit(*opened); !edited.ok()) {
      return not_brought_in(std::move(edited).error(), Code::kInternal);
    }
    // Closing would do this, too, and would not say when it fails.
    const auto busy = opened->query_int("PRAGMA wal_checkpoint(TRUNCATE)");
    if (!busy.ok()) return not_brought_in(busy.error(), Code::kInternal);
    if (*busy != 0) {
      return not_brought_in(
          make_error(Code::kInternal, "the copy of the store is used by somebody"),
          Code::kInternal);
    }
  }
  const std::string wal = file.to + "-wal";
  CORTEX_ASSIGN(const fs::Info left, fs.stat(wal));
  if (left.size_bytes > 0) {
    return not_brought_in(
        make_error(Code::kInternal, "the copy of the store was not written in full"),
        Code::kInternal);
  }
  // What SQLite kept beside the file is in it now.
  CORTEX_TRY(remove_if_there(fs, wal));
  CORTEX_TRY(remove_if_there(fs, file.to + "-shm"));
  CORTEX_ASSIGN(auto synced, fs.open(file.to, fs::Open::kAppend));
  return synced->sync_all();
}

}  // namespace cortex::bundle
