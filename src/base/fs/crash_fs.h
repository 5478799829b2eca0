// An in-memory file system for tests that loses power: CrashDisk (crash_disk.h) behind the file
// seam, with faults at any operation.
//
//   CrashFs fs;
//   fs.crash_at(fs.operation_count() + 3);  // the third mutating operation from here is the last
//   ... run the code under test: its calls fail with EIO from then on ...
//   fs.crash(Fate::kTorn, seed);            // power is back; look at what is left
//
// Operations that count: append, truncate, sync, create, mkdir, rename, remove, chmod; numbered
// from 1, and only those that would have succeeded. Calls that fail for their own reasons (ENOENT,
// EEXIST, ...) change nothing and do not count. Deterministic; for one thread. No symbolic links,
// no owners, no umask; the working folder is "/". Must outlive the Files that it opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/crash_disk.h"
#include "base/fs/fs.h"

namespace cortex::fs {

// Whether an append that failed half-way could be taken back.
enum class CutBack { kWorks, kFails };

class CrashFs final : public FileSystem {
 public:
  CrashFs() = default;
  CrashFs(const CrashFs&) = delete;
  CrashFs& operator=(const CrashFs&) = delete;

  std::size_t operation_count() const { return operations_.size(); }
  // What each operation was, e.g. `append "/a/b"`, oldest first.
  const std::vector<std::string>& operations() const { return operations_; }

  // Operation number `n` fails with `error_number`. It changes nothing, except that an append
  // writes half of its bytes before it is cut back, and that a failed sync of a file loses what was
  // to be synced (CrashDisk::fail_sync). 0 takes the fault back.
  void fail_at(std::size_t n, int error_number, CutBack cut_back = CutBack::kWorks);
  // Power is lost in the middle of operation number `n`: it and all later calls fail with EIO until
  // crash(), which treats the operation like every other one that was not synced.
  void crash_at(std::size_t n) { crash_at_ = n; }
  bool is_halted() const { return is_halted_; }

  // Power loss and restart: CrashDisk::crash, and nobody holds a lock, no fault is set, and every
  // call on a File opened before fails with EIO.
  void crash(Fate fate, std::uint64_t seed);
  // The process is killed and the machine goes on: locks, faults and Files as after crash(), while
  // everything written stays visible and as unsynced as it was.
  void kill();

  Result<std::unique_ptr<File>> open(const std::string& path, Open how,
                                     unsigned mode = 0600) override;
  Result<std::unique_ptr<File>> open_directory(const std::string& path) override;
  Result<Info> stat(const std::string& path) override;
  Result<Info> lstat(const std::string& path) override { return stat(path); }
  Status make_directory(const std::string& path, unsigned mode) override;
  Result<std::vector<std::string>> make_directories(const std::string& path,
                                                    unsigned mode) override;
  Status remove_file(const std::string& path) override;
  Status remove_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Status rename_no_replace(const std::string& from, const std::string& to) override;
  Status sync_directory(const std::string& path) override;
  Result<std::string> canonical(const std::string& path) override;
  Result<std::string> working_directory() override { return std::string("/"); }

 private:
  using NodeId = CrashDisk::NodeId;
  class OpenFile;
  // Where a path leads. `name` is empty for "/" and for paths that end in a dot step.
  struct Place {
    NodeId folder = CrashDisk::kNone;
    std::string name;
    NodeId node = CrashDisk::kRoot;  // kNone: nothing there
    std::string canonical;
  };
  struct Locks {
    std::set<const OpenFile*> holders;
    bool is_exclusive = false;
  };
  // How an operation ends: it happens or not, and what is reported.
  struct Turn {
    bool happens = true;
    int error_number = 0;
  };

  Turn take_turn(std::string_view verb, const std::string& path);
  // Fails as the system would: EIO after the crash point, then what the path says.
  Result<Place> find(std::string_view verb, const std::string& path) const;
  Result<Place> find_existing(std::string_view verb, const std::string& path) const;
  Result<std::unique_ptr<File>> open_existing(const std::string& path, bool is_writable);
  Result<std::unique_ptr<File>> create(const std::string& path, unsigned mode);
  Result<std::unique_ptr<File>> open_or_create(const std::string& path, unsigned mode);
  Status remove(std::string_view verb, const std::string& path, const Place& place);
  Info info_of(NodeId id) const;

  CrashDisk disk_;
  std::map<NodeId, Locks> locks_;
  std::vector<std::string> operations_;
  std::size_t fail_at_ = 0, crash_at_ = 0;
  int fail_errno_ = 0;
  CutBack cut_back_ = CutBack::kWorks;
  bool is_halted_ = false;
  unsigned restarts_ = 0;
};

}  // namespace cortex::fs
