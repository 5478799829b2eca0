// The pair that `restore run` brings in, while it is a private copy in the data folder.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/new_content.h"
#include "bundle/private_folder.h"
#include "bundle/swap.h"
#include "bundle/verify.h"

namespace cortex::app {

inline constexpr std::string_view kStagedPrefix = ".cortex-staged-";

class StagedPair {
  struct Key {};  // only copy() can make one, std::make_unique can call the constructor

 public:
  // Copies the files of a bundle that was found; their digests become the report's. Makes the data
  // folder where it is missing. Errors: those of bundle::copy_new_file().
  static Result<std::unique_ptr<StagedPair>> copy(Services& services, const Layout& layout,
                                                  bundle::VerifyReport& found, Progress* progress);
  StagedPair(Key, fs::FileSystem& fs) : fs_(fs) {}
  StagedPair(const StagedPair&) = delete;
  StagedPair& operator=(const StagedPair&) = delete;
  // Removes what was not taken; and the data folder, where copy() has made it and nothing is in it.
  ~StagedPair();

  // The store gets `edit`, which may be none; then the pair is looked at in full. The ledger must
  // be what was copied. Errors: those of bundle::edit_new_store() and verify_sound_files().
  Result<bundle::ContentReport> edit_and_look(const bundle::EditFunction& edit, Progress* progress);
  const std::string& store_path() const { return store_.to; }
  // After edit_and_look().
  bundle::ReadyPair ready() const;

 private:
  Status make_folder(Services& services, const std::string& data_dir);

  fs::FileSystem& fs_;
  std::vector<std::string> made_folders_;
  std::optional<bundle::PrivateFolder> folder_;
  bundle::NewFile store_, ledger_;
};

}  // namespace cortex::app
