// The private folder in which a bundle is made, and its publication by one rename.
//
// Named `.<output name>.staging.<ULID>` beside the output and locked for as long as its maker
// lives, so that a later run can tell a dead one (its lock is free) from one in use, and removes
// the dead. A lock on the parent folder, held for an instant, closes the gap between making and
// locking. Destroying an unpublished Staging removes it and the parent folders that it had to make.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"

namespace cortex::bundle {

// The first check of a backup, before anything is read or made: `output` must not exist in any
// form. Error: kPrecondition.
Status check_output(fs::FileSystem& fs, const std::string& output);

class Staging {
  struct Key {};  // only create() can make one, std::make_unique can call the constructor

 public:
  Staging(Key, fs::FileSystem& fs, std::string output) : fs_(fs), output_(std::move(output)) {}
  // `output` must not exist in any form, its parent must be a real folder or be missing. Errors:
  // kPrecondition.
  static Result<std::unique_ptr<Staging>> create(fs::FileSystem& fs, const std::string& output,
                                                 Clock& clock, Random& random);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const std::string& path() const { return path_; }
  std::string member(std::string_view name) const { return fs::join(path_, name); }
  // Syncs the folder, renames it to the output without replacing anything, syncs the parent.
  Status publish();
  const std::vector<std::string>& removed_dead() const { return removed_dead_; }

 private:
  Status prepare_parent();
  Status make(Clock& clock, Random& random);

  fs::FileSystem& fs_;
  std::string output_;
  std::string parent_;
  std::string path_;
  std::unique_ptr<fs::File> owner_lock_;
  std::vector<std::string> made_parents_;
  std::vector<std::string> removed_dead_;
  bool published_ = false;
};

}  // namespace cortex::bundle
