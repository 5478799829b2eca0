#include "bundle/staging.h"

#include "base/text.h"
#include "bundle/inventory.h"

namespace cortex::bundle {
namespace {

Error staging_refused(std::string message, std::string next) {
  return make_error(Code::kPrecondition, std::move(message), "no state was changed",
                    std::move(next));
}

std::string staging_prefix(const std::string& output) {
  const std::string name = fs::name_of(output);
  return cat(".", name.empty() ? "cortex-backup" : name, kStagingMark);
}

}  // namespace

Status check_output(fs::FileSystem& fs, const std::string& output) {
  auto info = fs.lstat(bundle_folder(fs, output));
  if (!info.ok()) return with_code(std::move(info).error(), Code::kPrecondition);
  if (info->kind == fs::Kind::kMissing) return {};
  return staging_refused(cat("the bundle path ", quoted(output), " already exists"),
                         "choose another --output; a bundle is never overwritten");
}

Status as_unwritable(Status status) {
  if (status.ok()) return status;
  Error error = with_code(std::move(status).error(), Code::kPrecondition);
  error.unchanged = "no bundle was written";
  return error;
}

Result<std::unique_ptr<Staging>> Staging::create(fs::FileSystem& fs, const std::string& output,
                                                 Clock& clock, Random& random) {
  CORTEX_TRY(check_output(fs, output));
  auto staging = std::make_unique<Staging>(Key{}, fs, bundle_folder(fs, output));
  Status made = staging->prepare_parent();
  if (made.ok()) made = staging->make(clock, random);
  if (!made.ok()) {
    Error error = with_code(std::move(made).error(), Code::kPrecondition);
    if (error.unchanged.empty()) error.unchanged = "no bundle was written";
    return error;
  }
  return staging;
}

Status Staging::prepare_parent() {
  parent_ = fs::parent_of(output_);
  CORTEX_ASSIGN(fs::Info info, fs_.lstat(parent_));
  if (info.kind == fs::Kind::kMissing) {
    CORTEX_ASSIGN(made_parents_, fs_.make_directories(parent_, 0700));
    CORTEX_ASSIGN(info, fs_.lstat(parent_));
  }
  // Another process may have made the folder and died before it synced the entry.
  if (info.kind == fs::Kind::kDirectory) return fs_.sync_directory(fs::parent_of(parent_));
  return staging_refused(cat("the folder ", quoted(parent_), " of the bundle is no real folder"),
                         "give an --output in a folder that is neither a file nor a symbolic link");
}

Status Staging::make(Clock& clock, Random& random) {
  CORTEX_ASSIGN(auto folder,
                PrivateFolder::create(fs_, parent_, staging_prefix(output_), clock, random));
  folder_.emplace(std::move(folder));
  return {};
}

Status Staging::publish() {
  CORTEX_TRY(fs_.sync_directory(path()));
  CORTEX_TRY(as_unwritable(fs_.rename_no_replace(path(), output_)));
  folder_->release();
  made_parents_.clear();
  auto synced = fs_.sync_directory(parent_);
  if (synced.ok()) return synced;
  Error error = with_code(std::move(synced).error(), Code::kPrecondition);
  error.unchanged = cat("the bundle is complete under ", quoted(output_),
                        ", but a power failure now may take it away");
  error.next = "check the device, then back up again under another name";
  return error;
}

Staging::~Staging() {
  folder_.reset();
  for (auto it = made_parents_.rbegin(); it != made_parents_.rend(); ++it) {
    if (!fs_.remove_directory(*it).ok()) break;
  }
}

}  // namespace cortex::bundle
