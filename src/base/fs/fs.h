// The file seam: everything that Cortex writes goes through here (SQLite's own files excepted).
//
// Rules it carries out, so that no caller has to remember them (docs/architecture.md,
// "Durability"):
//  - A failed fsync is never retried. It poisons the File: every later write, sync or lock on it
//  fails.
//  - append() either writes everything or restores the old size; a short write never stays behind.
//  - Publishing is rename-without-replacement plus fsync of the parent folder.
//  - Nothing follows a symbolic link by accident: `stat` and `lstat` are different calls.
//
// Two implementations: posix() and CrashFs (crash_fs.h), an in-memory file system for tests that
// forgets what was not synced. Paths are plain strings; "" is never valid. All functions are
// thread-safe on different objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace cortex::fs {

enum class Kind { kMissing, kFile, kDirectory, kSymlink, kOther };

struct Info {
  Kind kind = Kind::kMissing;
  std::uint64_t size_bytes = 0;
  unsigned mode = 0;  // permission bits, & 07777
  Timestamp modified{};
  std::uint64_t device = 0, inode = 0;
};

enum class Lock { kShared, kExclusive };

// An open file. Closed by the destructor; close() reports what closing reported. Movable only
// through unique_ptr.
class File {
 public:
  virtual ~File() = default;
  // Reads up to out.size() bytes at `offset`; 0 means end of file. Short reads happen only at the
  // end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) = 0;
  // Appends all bytes at the end. On failure the file is cut back to its old size (and the error
  // says so when even that failed). The file must have been opened with kAppend.
  virtual Status append(std::string_view bytes) = 0;
  virtual Status truncate(std::uint64_t size_bytes) = 0;
  virtual Status sync_data() = 0;  // fdatasync: contents and size
  virtual Status sync_all() = 0;   // fsync: metadata too (after create)
  virtual Result<Info> info() = 0;
  virtual Status set_mode(unsigned mode) = 0;
  // Advisory whole-file lock (flock). Waits up to wait_millis_max (0 = try once); code
  // kPrecondition when it is still held then. Released by unlock(), by the destructor, and by the
  // death of the process.
  virtual Status lock(Lock kind, int wait_millis_max) = 0;
  virtual Status unlock() = 0;
  // Asks the kernel to drop cached pages, so that the next read comes from the device. Best effort.
  virtual void drop_cache() = 0;
  virtual Status close() = 0;
  virtual const std::string& path() const = 0;
};

enum class Open {
  kRead,             // existing file, read only
  kAppend,           // existing file, read and append
  kAppendOrCreate,   // as kAppend, created with `mode` when missing (the parent folder is synced
                     // then)
  kCreateExclusive,  // must not exist in any form; read and append
};

// Errors carry errno in Error::system_errno and code kInternal; callers give them their own code.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, Open how,
                                             unsigned mode = 0600) = 0;
  // An open folder, for lock() and sync_all() only.
  virtual Result<std::unique_ptr<File>> open_directory(const std::string& path) = 0;
  virtual Result<Info> stat(
      const std::string& path) = 0;  // follows symlinks; a missing path is Kind::kMissing
  virtual Result<Info> lstat(const std::string& path) = 0;  // does not follow
  virtual Status make_directory(const std::string& path,
                                unsigned mode) = 0;  // exactly one level; EEXIST fails
  // Creates the missing levels of `path` with `mode`, syncing each parent; returns those it
  // created, topmost first.
  virtual Result<std::vector<std::string>> make_directories(const std::string& path,
                                                            unsigned mode) = 0;
  virtual Status remove_file(const std::string& path) = 0;
  virtual Status remove_directory(const std::string& path) = 0;  // must be empty
  virtual Result<std::vector<std::string>> list(
      const std::string& path) = 0;  // names, sorted, without . and ..
  // Renames without ever replacing anything: EEXIST when `to` exists in any form.
  virtual Status rename_no_replace(const std::string& from, const std::string& to) = 0;
  // Renames a file over another one in one step: who opens `to` finds the old or the new one. For
  // what is the program's own, as write_over() has it; what people name is never overwritten. The
  // default, for file systems of tests, takes two steps.
  virtual Status replace(const std::string& from, const std::string& to);
  // Puts `bytes` in the place of what `path` holds, creating it with mode 0600. Neither atomic nor
  // synced: for hints that may be lost, or found torn or mixed with what was there before.
  virtual Status overwrite(const std::string& path, std::string_view bytes);
  virtual Status sync_directory(
      const std::string& path) = 0;  // EINVAL from the file system is not an error
  virtual Result<std::string> canonical(const std::string& path) = 0;
  virtual Result<std::string> working_directory() = 0;
};

FileSystem& posix();

// ---- Built on the seam (same for every implementation)
// -------------------------------------------------------------

std::string parent_of(
    std::string_view path);  // "a/b" -> "a", "b" -> ".", "/" -> "/", trailing slashes ignored
std::string name_of(
    std::string_view path);  // last component, "" when there is none ("/", "..", ".")
std::string join(std::string_view folder, std::string_view name);
bool has_parent_step(std::string_view path);  // true when a component is ".."

Result<std::string> read_all(FileSystem& fs, const std::string& path, std::uint64_t bytes_max);
// Creates `path` (must not exist), writes, fsyncs. The caller syncs the folder.
Status write_new(FileSystem& fs, const std::string& path, std::string_view bytes, unsigned mode);
// Puts `bytes` in the place of what `path` holds, in one step and synced with its folder, by way of
// the file `draft` beside it; what an earlier try left there goes.
Status write_over(FileSystem& fs, const std::string& draft, const std::string& path,
                  std::string_view bytes, unsigned mode);
// Removes a folder and everything in it, never following symlinks. Missing is fine.
Status remove_tree(FileSystem& fs, const std::string& path);
// A missing path is not an error here: Kind::kMissing. Other failures are.
std::string describe(
    const Error& error);  // "No space left on device" for errno 28, else the message

}  // namespace cortex::fs
