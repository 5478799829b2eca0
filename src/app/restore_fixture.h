// What happens to a restore from outside, for the tests of the commands that replace the pair.
#pragma once

#include <string>
#include <utility>

#include "base/fs/forward_fs.h"
#include "bundle/swap.h"
#include "ledger/restore_guard.h"

namespace cortex::app {

// Changes one byte of what a restore puts into the place of `active`: before its rename, when it
// was looked at and the journal stands, or right behind the rename.
class DamagingFs final : public fs::ForwardFs {
 public:
  enum class When { kBeforeRename, kAfterRename };

  DamagingFs(std::string active, const std::string& ledger, When when)
      : active_(std::move(active)), journal_(ledger::restore_state_path(ledger)), when_(when) {}

  Status replace(const std::string& from, const std::string& to) override {
    CORTEX_TRY(ForwardFs::replace(from, to));
    if (when_ == When::kBeforeRename && to == journal_) return damage_new_content();
    const bool is_new = fs::name_of(from).find(".rollback") == std::string::npos;
    return when_ == When::kAfterRename && to == active_ && is_new ? damage(active_) : Status{};
  }
  int damaged() const { return damaged_; }

 private:
  Status damage_new_content() {
    const std::string folder = fs::parent_of(active_);
    const std::string prefix = "." + fs::name_of(active_) + ".";
    CORTEX_ASSIGN(const auto names, list(folder));
    for (const std::string& name : names) {
      if (name.starts_with(prefix)) CORTEX_TRY(damage(fs::join(folder, name)));
    }
    return {};
  }
  Status damage(const std::string& path) {
    CORTEX_ASSIGN(std::string bytes, fs::read_all(fs::posix(), path, 1U << 30U));
    char& middle = bytes[bytes.size() / 2];
    middle = static_cast<char>(middle ^ 1);
    ++damaged_;
    return fs::posix().overwrite(path, bytes);
  }

  std::string active_, journal_;
  When when_;
  int damaged_ = 0;
};

}  // namespace cortex::app
