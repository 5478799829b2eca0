#include "app/restore_staged.h"

#include <ranges>
#include <utility>

#include "bundle/manifest.h"

namespace cortex::app {

Status StagedPair::make_folder(Services& services, const std::string& data_dir) {
  CORTEX_ASSIGN(const fs::Info info, fs_.stat(data_dir));
  if (info.kind == fs::Kind::kMissing) {
    CORTEX_ASSIGN(made_folders_, fs_.make_directories(data_dir, 0700));
  }
  CORTEX_ASSIGN(auto folder,
                bundle::PrivateFolder::create(fs_, data_dir, std::string(kStagedPrefix),
                                              services.clock, services.random));
  folder_.emplace(std::move(folder));
  return {};
}

Result<std::unique_ptr<StagedPair>> StagedPair::copy(Services& services, const Layout& layout,
                                                     bundle::VerifyReport& found,
                                                     Progress* progress) {
  auto staged = std::make_unique<StagedPair>(Key{}, services.fs);
  if (auto made = staged->make_folder(services, layout.data_dir); !made.ok()) {
    Error error = std::move(made).error();
    error.unchanged = "the active store was not changed";
    return error;
  }
  const bundle::ManifestFacts& manifest = found.manifest;
  staged->store_ = {"sqlite_store", found.artifacts[0].path,
                    staged->folder_->member(bundle::kStoreName), bundle::digest_of(manifest.store),
                    bundle::mode_of(services.fs, layout.db_path)};
  staged->ledger_ = {
      "jsonl_mirror", found.artifacts[1].path, staged->folder_->member(bundle::kLedgerName),
      bundle::digest_of(manifest.ledger), bundle::mode_of(services.fs, layout.event_log_path)};
  begin_phase(progress, "copying", manifest.store.size_bytes + manifest.ledger.size_bytes);
  for (const bundle::NewFile* file : {&staged->store_, &staged->ledger_}) {
    CORTEX_TRY(bundle::copy_new_file(services.fs, *file, progress));
  }
  CORTEX_TRY(bundle::take_digests(found, staged->store_.digest, staged->ledger_.digest));
  return staged;
}

Result<bundle::ContentReport> StagedPair::edit_and_look(const bundle::EditFunction& edit,
                                                        Progress* progress) {
  if (edit) CORTEX_TRY(bundle::edit_new_store(fs_, store_, edit));
  CORTEX_ASSIGN(auto files, bundle::verify_sound_files(fs_, store_.to, ledger_.to, progress));
  if (files.ledger != ledger_.digest || (!edit && files.store != store_.digest)) {
    return make_error(Code::kIntegrity, "what was copied reads back differently",
                      "the active store was not changed", "", bundle::kBackupDigestToken);
  }
  store_.digest = files.store;
  return std::move(files.content);
}

bundle::ReadyPair StagedPair::ready() const {
  return {store_.to, ledger_.to, store_.digest, ledger_.digest};
}

StagedPair::~StagedPair() {
  folder_.reset();
  // Best effort, and only while they are empty.
  for (const std::string& made : std::views::reverse(made_folders_)) {
    if (!fs_.remove_directory(made).ok()) break;
  }
}

}  // namespace cortex::app
