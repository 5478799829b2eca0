// Whole files and whole trees, built on the seam.
#include "base/fs/trees.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/fs/errors.h"
#include "base/limits.h"
#include "base/text.h"

namespace cortex::fs {
namespace {

Error too_large(const std::string& path, std::uint64_t bytes_max) {
  Error e = make_error(Code::kPrecondition,
                       cat(quoted(path), " is larger than ", with_thousands(bytes_max), " bytes"));
  e.unchanged = "it was not read";
  e.system_errno = EFBIG;
  return e;
}

// Levels of `path` that do not exist, topmost first. The walk ends at "." or "/" at the latest.
Result<std::vector<std::string>> missing_levels(FileSystem& fs, const std::string& path) {
  std::vector<std::string> missing;
  for (std::string level = path;;) {
    CORTEX_ASSIGN(const Info info, fs.stat(level));
    if (info.kind == Kind::kDirectory) break;
    if (info.kind != Kind::kMissing) return system_error("create folder", level, ENOTDIR);
    missing.push_back(level);
    std::string above = parent_of(level);
    if (above == level) break;
    level = std::move(above);
  }
  std::reverse(missing.begin(), missing.end());
  return missing;
}

// Makes one level durable; false when it was there already, made by another process meanwhile.
Result<bool> make_level(FileSystem& fs, const std::string& level, unsigned mode) {
  const Status made = fs.make_directory(level, mode);
  if (made.ok()) return true;
  if (made.error().system_errno != EEXIST) return made.error();
  CORTEX_ASSIGN(const Info info, fs.stat(level));
  if (info.kind != Kind::kDirectory) return made.error();
  return false;
}

Status write_and_close(File& file, std::string_view bytes) {
  CORTEX_TRY(file.append(bytes));
  CORTEX_TRY(file.sync_all());
  return file.close();
}

}  // namespace

Status FileSystem::replace(const std::string& from, const std::string& to) {
  CORTEX_ASSIGN(const Info target, lstat(to));
  if (target.kind != Kind::kMissing) CORTEX_TRY(remove_file(to));
  return rename_no_replace(from, to);
}

Status FileSystem::overwrite(const std::string& path, std::string_view bytes) {
  CORTEX_ASSIGN(const std::unique_ptr<File> file, open(path, Open::kAppendOrCreate, 0600));
  CORTEX_TRY(file->truncate(0));
  CORTEX_TRY(file->append(bytes));
  return file->close();
}

Result<std::vector<std::string>> make_missing_directories(FileSystem& fs, const std::string& path,
                                                          unsigned mode) {
  CORTEX_ASSIGN(const std::vector<std::string> missing, missing_levels(fs, path));
  std::vector<std::string> created;
  const auto undo = [&](Error error) {
    bool clean = true;
    for (auto it = created.rbegin(); it != created.rend(); ++it) {
      clean = fs.remove_directory(*it).ok() && clean;
    }
    error.unchanged = clean ? "no folder was left behind" : "an empty folder may be left behind";
    return error;
  };
  for (const std::string& level : missing) {
    auto made = make_level(fs, level, mode);
    if (!made.ok()) return undo(std::move(made).error());
    if (!*made) continue;
    created.push_back(level);
    auto synced = fs.sync_directory(parent_of(level));
    if (!synced.ok()) return undo(std::move(synced).error());
  }
  return created;
}

Result<std::string> read_all(FileSystem& fs, const std::string& path, std::uint64_t bytes_max) {
  CORTEX_ASSIGN(const std::unique_ptr<File> file, fs.open(path, Open::kRead));
  CORTEX_ASSIGN(const Info info, file->info());
  if (info.size_bytes > bytes_max && info.kind == Kind::kFile) return too_large(path, bytes_max);
  // The size is only a hint: the file may grow, and pipes and /proc files have none. One byte more
  // than allowed is asked for, to see whether it is there.
  const std::uint64_t ask_max = bytes_max == UINT64_MAX ? bytes_max : bytes_max + 1;
  std::string out;
  for (std::uint64_t want = std::min(info.size_bytes, bytes_max) + 1;;) {
    const std::size_t used = out.size();
    out.resize(used + std::min(want, ask_max - used));
    const std::span<char> room(out.data() + used, out.size() - used);
    CORTEX_ASSIGN(const std::size_t got, file->read_at(used, room));
    const bool at_end = got < room.size();
    out.resize(used + got);
    if (out.size() > bytes_max) return too_large(path, bytes_max);
    if (at_end) return out;
    want = limits::kIoBlockBytes;
  }
}

namespace {

Error without_file(FileSystem& fs, const std::string& path, Error error) {
  const bool removed = fs.remove_file(path).ok();
  error.unchanged = removed ? "the unfinished file was removed" : "an unfinished file is left";
  return error;
}

}  // namespace

Status write_new(FileSystem& fs, const std::string& path, std::string_view bytes, unsigned mode) {
  CORTEX_ASSIGN(const std::unique_ptr<File> file, fs.open(path, Open::kCreateExclusive, mode));
  Status written = write_and_close(*file, bytes);
  if (written.ok()) return written;
  return without_file(fs, path, std::move(written).error());
}

Status publish_new(FileSystem& fs, const std::string& path, std::string_view bytes, unsigned mode) {
  CORTEX_TRY(write_new(fs, path, bytes, mode));
  Status synced = fs.sync_directory(parent_of(path));
  if (synced.ok()) return synced;
  return without_file(fs, path, std::move(synced).error());
}

Status write_over(FileSystem& fs, const std::string& draft, const std::string& path,
                  std::string_view bytes, unsigned mode) {
  CORTEX_ASSIGN(const Info stale, fs.lstat(draft));
  if (stale.kind != Kind::kMissing) CORTEX_TRY(fs.remove_file(draft));
  CORTEX_TRY(write_new(fs, draft, bytes, mode));
  if (Status replaced = fs.replace(draft, path); !replaced.ok()) {
    static_cast<void>(fs.remove_file(draft).ok());  // the failure that is told is the rename's
    return replaced;
  }
  return fs.sync_directory(parent_of(path));
}

Status remove_tree(FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const Info info, fs.lstat(path));
  if (info.kind == Kind::kMissing) return {};
  if (info.kind != Kind::kDirectory) return fs.remove_file(path);
  CORTEX_ASSIGN(const std::vector<std::string> names, fs.list(path));
  for (const std::string& name : names) CORTEX_TRY(remove_tree(fs, join(path, name)));
  return fs.remove_directory(path);
}

}  // namespace cortex::fs
