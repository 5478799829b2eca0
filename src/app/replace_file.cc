#include "app/replace_file.h"

#include <memory>
#include <utility>

#include "base/fs/fs.h"
#include "base/limits.h"
#include "base/text.h"
#include "ledger/restore_guard.h"

namespace cortex::app {
namespace {

// What is there under that name and is no file was put there by somebody else.
Status make_way(fs::FileSystem& fs, const std::string& draft) {
  CORTEX_ASSIGN(const fs::Info info, fs.lstat(draft));
  const bool fits = info.kind == fs::Kind::kMissing || info.kind == fs::Kind::kFile;
  return fits ? Status() : fs.remove_file(draft);
}

// The draft beside the file, locked: one that was left by a crash is taken over, and two at work do
// not meet in it.
Result<std::unique_ptr<fs::File>> open_draft(fs::FileSystem& fs, const std::string& draft,
                                             unsigned mode) {
  constexpr int kTriesMax = 8;
  CORTEX_TRY(make_way(fs, draft));
  for (int tries = 0; tries < kTriesMax; ++tries) {
    CORTEX_ASSIGN(auto file, fs.open(draft, fs::Open::kAppendOrCreate, mode));
    CORTEX_TRY(file->lock(fs::Lock::kExclusive, limits::kLockWaitMillisMax));
    CORTEX_ASSIGN(const bool is_free, ledger::is_in_place(fs, *file));
    if (is_free) return file;  // else it became the file itself while it was waited for
  }
  return make_error(Code::kPrecondition, cat("others write ", quoted(draft), " again and again"),
                    "nothing was changed", "run the command again");
}

Status fill_draft(fs::File& draft, std::string_view text, unsigned mode) {
  CORTEX_TRY(draft.set_mode(mode));
  CORTEX_TRY(draft.truncate(0));
  CORTEX_TRY(draft.append(text));
  return draft.sync_all();
}

}  // namespace

Status replace_file(Services& services, const std::string& path, std::string_view text,
                    unsigned mode) {
  const std::string draft = cat(path, ".cortex-draft");
  CORTEX_ASSIGN(const auto file, open_draft(services.fs, draft, mode));
  auto written = fill_draft(*file, text, mode);
  if (written.ok()) written = services.fs.replace(draft, path);
  if (!written.ok()) {
    Error error = std::move(written).error();
    const bool gone = services.fs.remove_file(draft).ok();
    error.unchanged =
        cat(quoted(path), gone ? " is as it was" : cat(" is as it was, a draft is left beside it"));
    return error;
  }
  return services.fs.sync_directory(fs::parent_of(path));
}

}  // namespace cortex::app
