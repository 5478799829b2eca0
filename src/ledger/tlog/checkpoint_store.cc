#include "ledger/tlog/checkpoint_store.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "ledger/tlog/sidecar.h"

namespace cortex::ledger {
namespace {

std::string folder_of(const std::string& ledger_path) {
  return fs::join(sidecar_path(ledger_path), "checkpoints");
}

}  // namespace

std::optional<std::string> latest_checkpoint(fs::FileSystem& fs, const std::string& ledger_path) {
  const std::string folder = folder_of(ledger_path);
  auto names = fs.list(folder);
  if (!names.ok()) return std::nullopt;
  // Decimal numbers without leading zeroes: the longer one is the larger one.
  std::ranges::sort(*names, [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a > b;
  });
  for (const std::string& name : *names) {
    auto note = fs::read_all(fs, fs::join(folder, name), kNoteBytesMax);
    if (!note.ok()) continue;
    const auto parsed = parse_checkpoint(*note);
    if (parsed.ok() && std::to_string(parsed->checkpoint.size) == name) return *note;
  }
  return std::nullopt;
}

Status keep_checkpoint(fs::FileSystem& fs, const std::string& ledger_path,
                       const SignedCheckpoint& checkpoint, const std::string& note) {
  const std::string folder = folder_of(ledger_path);
  if (auto made = fs.make_directory(folder, 0700);
      !made.ok() && made.error().system_errno != EEXIST) {
    return made;
  }
  const std::string path = fs::join(folder, std::to_string(checkpoint.checkpoint.size));
  const auto there = fs::read_all(fs, path, kNoteBytesMax);
  if (!there.ok() || *there != note) {
    // Torn by a crash, or signed by another key.
    if (there.ok()) CORTEX_TRY(fs.remove_file(path));
    CORTEX_TRY(fs::write_new(fs, path, note, 0600));
    CORTEX_TRY(fs.sync_directory(folder));
  }
  return fs.overwrite(fs::join(sidecar_path(ledger_path), "checkpoint"), note);
}

}  // namespace cortex::ledger
