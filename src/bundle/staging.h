// The private folder in which a bundle is made, and its publication by one rename.
//
// Named `.<output name>.staging.<ULID>` beside the output. Destroying an unpublished Staging
// removes it and the parent folders that it had to make.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "bundle/private_folder.h"

namespace cortex::bundle {

// In the names of staging folders.
inline constexpr std::string_view kStagingMark = ".staging.";

// The first check of a backup, before anything is read or made: `output` must not exist in any
// form. Error: kPrecondition.
Status check_output(fs::FileSystem& fs, const std::string& output);

// What cannot be written to the bundle's folder is a precondition of the command, unlike what
// cannot be read.
Status as_unwritable(Status status);

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

  const std::string& path() const { return folder_->path(); }
  std::string member(std::string_view name) const { return folder_->member(name); }
  // Syncs the folder, renames it to the output without replacing anything, syncs the parent.
  Status publish();
  const std::vector<std::string>& removed_dead() const { return folder_->removed_dead(); }

 private:
  Status prepare_parent();
  Status make(Clock& clock, Random& random);

  fs::FileSystem& fs_;
  std::string output_;
  std::string parent_;
  std::optional<PrivateFolder> folder_;  // present once create() has made the object
  std::vector<std::string> made_parents_;
};

}  // namespace cortex::bundle
