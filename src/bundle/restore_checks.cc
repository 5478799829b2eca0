#include "bundle/restore_checks.h"

#include <utility>

#include "base/text.h"
#include "bundle/digest.h"
#include "ledger/anchor/anchor.h"
#include "ledger/verify.h"

namespace cortex::bundle {
namespace {

constexpr std::uint64_t kAnchorBytesMax = 64U << 20U;

Error restore_refused(Code code, std::string message, std::string next) {
  return make_error(code, std::move(message), "the active store was not changed", std::move(next));
}

Error as_anchor_error(Error error, const std::string& path) {
  error.message =
      cat("post-restore anchor verification failed for ", quoted(path), ": ", error.message);
  return error;
}

Result<std::string> read_anchor_file(fs::FileSystem& fs, const std::string& path) {
  auto text = fs::read_all(fs, path, kAnchorBytesMax);
  if (!text.ok()) return as_anchor_error(with_code(text.error(), Code::kPrecondition), path);
  return text;
}

}  // namespace

Status check_file(fs::FileSystem& fs, const std::string& path, std::string_view field,
                  const Artifact& wanted) {
  constexpr const char* kNext = "stage the bundle again";
  const auto info = fs.stat(path);
  if (!info.ok() || info->kind == fs::Kind::kMissing) {
    return restore_refused(Code::kPrecondition, cat("`", field, "` ", quoted(path), " is missing"),
                           kNext);
  }
  if (info->kind != fs::Kind::kFile) {
    return restore_refused(Code::kPrecondition,
                           cat("`", field, "` ", quoted(path), " is no regular file"), kNext);
  }
  if (info->size_bytes != wanted.size_bytes) {
    return restore_refused(
        Code::kQuarantined,
        cat("size mismatch of `", field, "`: the manifest says ", wanted.size_bytes, " bytes, ",
            quoted(path), " has ", info->size_bytes),
        kNext);
  }
  auto digest = digest_file(fs, path, Source::kAnywhere);
  if (!digest.ok()) return with_code(std::move(digest).error(), Code::kPrecondition);
  if (digest->blake3 == wanted.blake3) return {};
  return restore_refused(Code::kQuarantined,
                         cat("digest mismatch of `", field, "`: the manifest says ",
                             quoted(wanted.blake3), ", ", quoted(path), " has ", digest->blake3),
                         kNext);
}

Status check_staged(fs::FileSystem& fs, const std::string& stage_dir,
                    const ManifestFacts& manifest) {
  CORTEX_TRY(check_file(fs, fs::join(stage_dir, kStoreName), "sqlite_store", manifest.store));
  return check_file(fs, fs::join(stage_dir, kLedgerName), "jsonl_mirror", manifest.ledger);
}

Result<AnchorEvidence> check_anchors(fs::FileSystem& fs, const std::string& ledger,
                                     const AnchorFiles& files) {
  AnchorEvidence evidence;
  evidence.files = files;
  if (!evidence.any()) return evidence;
  std::vector<std::pair<ledger::Anchor, std::string>> anchors;
  if (files.anchor) {
    CORTEX_ASSIGN(const std::string text, read_anchor_file(fs, *files.anchor));
    auto anchor = ledger::parse_anchor(text);
    if (!anchor.ok()) return as_anchor_error(std::move(anchor).error(), *files.anchor);
    evidence.anchor_count = anchor->event_count;
    anchors.emplace_back(std::move(anchor).value(), *files.anchor);
  }
  if (files.history) {
    CORTEX_ASSIGN(const std::string text, read_anchor_file(fs, *files.history));
    auto history = ledger::parse_anchor_history(text);
    if (!history.ok()) return as_anchor_error(std::move(history).error(), *files.history);
    evidence.history_anchors = history->size();
    evidence.history_latest = history->back().event_count;
    for (ledger::Anchor& anchor : *history) anchors.emplace_back(std::move(anchor), *files.history);
  }
  ledger::VerifyOptions options{.threads = ledger::verify_threads()};
  for (const auto& [anchor, path] : anchors) options.positions.push_back(anchor.event_count);
  CORTEX_ASSIGN(const auto file, fs.open(ledger, fs::Open::kRead));
  CORTEX_ASSIGN(const fs::Info info, file->info());
  auto chain = ledger::verify_chain(*file, info.size_bytes, std::move(options));
  if (!chain.ok()) return as_anchor_error(std::move(chain).error(), anchors.front().second);
  if (!chain->closed()) {
    return as_anchor_error(make_error(Code::kIntegrity, cat("the chain is broken in row ",
                                                            chain->failures.front().line)),
                           anchors.front().second);
  }
  for (const auto& [anchor, path] : anchors) {
    if (auto checked = ledger::check_anchor(anchor, *chain); !checked.ok()) {
      return as_anchor_error(std::move(checked).error(), path);
    }
  }
  evidence.rows = chain->rows;
  return evidence;
}

}  // namespace cortex::bundle
