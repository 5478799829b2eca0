#include "app/tree_proof.h"

#include <limits>
#include <memory>
#include <utility>

#include "app/log_key.h"
#include "base/fs/trees.h"
#include "base/text.h"
#include "core/ids.h"
#include "ledger/erasure.h"
#include "ledger/recovery.h"
#include "ledger/restore_guard.h"
#include "ledger/row_stream.h"
#include "ledger/tail.h"
#include "ledger/tlog/checkpoint_store.h"
#include "ledger/tlog/sidecar.h"

namespace cortex::app {
namespace {

using ledger::RowLocation;

constexpr std::uint64_t kProofBytesMax = 512U << 20;

Error refuse(Code code, std::string_view token, std::string message, std::string_view next) {
  return make_error(code, std::move(message), "no proof was made", std::string(next), token);
}

// The whole ledger, row by row: the way when the index does not lead to the row.
Result<std::optional<RowLocation>> search_ledger(fs::File& file, std::uint64_t size_bytes,
                                                 const Ulid& id) {
  ledger::RowStream rows(file, 0, size_bytes);
  for (std::uint64_t index = 0;; ++index) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) return std::optional<RowLocation>();
    if (row->event.id != id) continue;
    const ledger::RowPlace place = rows.place();
    std::string line(place.end - place.offset, '\0');
    CORTEX_ASSIGN(const std::size_t got, file.read_at(place.offset, line));
    line.resize(got);
    return std::optional<RowLocation>(
        {index, std::string(ledger::entry_of(line, place.offset, place))});
  }
}

Result<RowLocation> find(fs::FileSystem& fs, fs::File& file,
                         const std::optional<ledger::TreeState>& tree, const std::string& id_text) {
  const auto id = core::parse_id(core::IdKind::kEvent, id_text);
  if (!id) {
    return refuse(Code::kUsage, "", cat(quoted(id_text), " is no event id"),
                  "see the ids with `cortex log`");
  }
  std::optional<RowLocation> found;
  if (tree) {
    CORTEX_ASSIGN(found, ledger::find_row(fs, file, *tree, *id));
  }
  if (!found) {
    CORTEX_ASSIGN(const ledger::Tail tail, ledger::read_tail(file));
    CORTEX_ASSIGN(found, search_ledger(file, tail.size_bytes, *id));
  }
  if (found) return *std::move(found);
  return refuse(Code::kPrecondition, "", cat("the ledger has no event ", id_text),
                "see the ids with `cortex log`");
}

// True when the tiles are those of the checkpoint's tree.
bool tiles_fit(ledger::TileReader& tiles, const ledger::Checkpoint& checkpoint) {
  const auto root = ledger::tree_root(tiles.source(), checkpoint.size);
  return root.ok() && *root == checkpoint.root;
}

Status rebuild(Services& services, fs::File& file) {
  CORTEX_TRY(file.unlock());
  CORTEX_TRY(ledger::lock_in_place(services.fs, file, fs::Lock::kExclusive));
  CORTEX_ASSIGN(const ledger::SettledTail tail, ledger::settle_tail(services.fs, file));
  if (tail.fault) return ledger::row_error(*tail.fault);
  return ledger::Sidecar::rebuild(services.fs, file, tail.head);
}

Error row_differs(std::uint64_t row) {
  return refuse(Code::kIntegrity, kRowDiffersToken,
                cat("row ", row, " is not the one that the checkpoint is over"),
                "see `cortex audit verify`");
}

Result<std::vector<ledger::TreeHash>> prove_row(Services& services, fs::File& file,
                                                const std::string& path,
                                                const RowLocation& location,
                                                const ledger::Checkpoint& checkpoint) {
  const std::string folder = ledger::sidecar_path(path);
  ledger::RowCursor cursor(location.entry, 0);
  const core::DecodedEvent* row = cursor.next();
  if (row != nullptr && ledger::erasure_mark(*row)) {
    return refuse(Code::kPrecondition, kRowErasedToken,
                  cat("row ", location.index + 1, " was erased: what it held cannot be shown"),
                  "its hashes are still part of the log; see `cortex show EVENT`");
  }
  const ledger::TreeHash leaf = ledger::leaf_hash(location.entry);
  for (const bool last_try : {false, true}) {
    ledger::TileReader tiles(services.fs, folder, checkpoint.size);
    const bool fits = tiles_fit(tiles, checkpoint);
    if (fits) {
      auto hashes = ledger::inclusion_proof(tiles.source(), location.index, checkpoint.size);
      const auto stored = tiles.hash(0, location.index);
      const auto holds = [&](const ledger::TreeHash& hash) {
        return ledger::inclusion_holds(hash, location.index, checkpoint.size, *hashes,
                                       checkpoint.root);
      };
      if (hashes.ok() && holds(leaf)) return hashes;
      // The tree is sound at this place, the row is another one.
      if (hashes.ok() && stored.ok() && holds(*stored)) break;
    }
    if (last_try) break;
    CORTEX_TRY(rebuild(services, file));
  }
  return row_differs(location.index + 1);
}

Result<ProveReport> prove(Services& services, const ProveRequest& request) {
  const std::string& path = request.layout.event_log_path;
  CORTEX_ASSIGN(const std::unique_ptr<fs::File> file, services.fs.open(path, fs::Open::kRead));
  CORTEX_TRY(ledger::lock_in_place(services.fs, *file, fs::Lock::kShared));
  const auto note = ledger::latest_checkpoint(services.fs, path);
  if (!note) {
    return refuse(Code::kPrecondition, kNoCheckpointToken, "no checkpoint was signed yet",
                  "sign one with `cortex audit checkpoint --key SEED`");
  }
  CORTEX_ASSIGN(const ledger::SignedCheckpoint checkpoint, ledger::parse_checkpoint(*note));
  const auto tree = ledger::read_tree_state(services.fs, path);
  CORTEX_ASSIGN(const RowLocation location, find(services.fs, *file, tree, request.event_id));
  if (location.index >= checkpoint.checkpoint.size) {
    return refuse(Code::kPrecondition, kAfterCheckpointToken,
                  cat("the event is row ", location.index + 1, ", the last checkpoint is over ",
                      counted(checkpoint.checkpoint.size, "row")),
                  "sign a newer one with `cortex audit checkpoint --key SEED`");
  }
  CORTEX_ASSIGN(auto hashes, prove_row(services, *file, path, location, checkpoint.checkpoint));
  ProveReport report;
  report.event_id = request.event_id;
  report.row = location.index + 1;
  report.checkpoint_rows = checkpoint.checkpoint.size;
  report.origin = checkpoint.checkpoint.origin;
  report.proof = ledger::proof_text({location.entry, location.index, std::move(hashes), *note});
  if (request.output) {
    if (Status written = fs::publish_new(services.fs, *request.output, report.proof, 0644);
        !written.ok()) {
      Error error = std::move(written).error();
      if (error.next.empty()) {
        error.next = "name a file that does not exist yet, in a folder that does";
      }
      return error;
    }
  }
  return report;
}

Error rejected(std::string_view token, std::string message) {
  return make_error(Code::kQuarantined, std::move(message), "nothing was proven",
                    "ask for the proof again, and for the log's key on another way", token);
}

Error malformed(const Error& error) { return rejected(kProofMalformedToken, error.message); }

}  // namespace

Result<ProveReport> audit_prove(Services& services, const ProveRequest& request) {
  auto report = prove(services, request);
  if (report.ok()) return report;
  Error error = std::move(report).error();
  if (error.code == Code::kInternal) error.code = Code::kPrecondition;
  if (error.unchanged.empty()) error.unchanged = "no proof was made";
  return error;
}

Result<CheckProofReport> check_proof(Services& services, const CheckProofRequest& request) {
  CORTEX_ASSIGN(const ledger::VerifierKey key, read_log_key(services.fs, request.key_path));
  auto bytes = fs::read_all(services.fs, request.file, kProofBytesMax);
  if (!bytes.ok()) return with_code(std::move(bytes).error(), Code::kPrecondition);
  const auto proof = ledger::parse_proof(*bytes);
  if (!proof.ok()) return malformed(proof.error());
  const auto signed_checkpoint = ledger::parse_checkpoint(proof->checkpoint);
  if (!signed_checkpoint.ok()) return malformed(signed_checkpoint.error());
  const ledger::Checkpoint& checkpoint = signed_checkpoint->checkpoint;
  // The log signs under its own name.
  const std::string& name = key.name.empty() ? checkpoint.origin : key.name;
  if (name != checkpoint.origin || !ledger::is_signed_by(signed_checkpoint->note, name, key.key)) {
    return rejected(kProofSignatureToken,
                    cat("the checkpoint of ", quoted(checkpoint.origin),
                        " is not signed by the key in ", quoted(request.key_path)));
  }
  CheckProofReport report;
  if (request.row) {
    auto row = fs::read_all(services.fs, *request.row, kProofBytesMax);
    if (!row.ok()) return with_code(std::move(row).error(), Code::kPrecondition);
    report.row_text = std::move(row).value();
    if (report.row_text.ends_with('\n')) report.row_text.pop_back();
  } else if (proof->extra) {
    report.row_text = *proof->extra;
  } else {
    return rejected(kProofMalformedToken, "the proof does not carry its row; name it with --row");
  }
  if (!ledger::inclusion_holds(ledger::leaf_hash(report.row_text), proof->index, checkpoint.size,
                               proof->hashes, checkpoint.root)) {
    return rejected(kProofFailsToken, "the row is not in the checkpoint's tree at that place");
  }
  ledger::RowCursor cursor(report.row_text, 0);
  const core::DecodedEvent* row = cursor.next();
  if (row == nullptr) return rejected(kProofMalformedToken, "what is proven is no event row");
  report.event_id = core::id_text(core::IdKind::kEvent, row->event.id);
  report.row = proof->index + 1;
  report.checkpoint_rows = checkpoint.size;
  report.origin = checkpoint.origin;
  return report;
}

json::Value to_json(const ProveReport& report) {
  return json::Object{{"event_id", report.event_id},
                      {"row", report.row},
                      {"checkpoint_rows", report.checkpoint_rows},
                      {"origin", report.origin},
                      {"proof", report.proof}};
}

json::Value to_json(const CheckProofReport& report) {
  return json::Object{{"event_id", report.event_id},
                      {"row", report.row},
                      {"checkpoint_rows", report.checkpoint_rows},
                      {"origin", report.origin},
                      {"row_text", report.row_text},
                      {"holds", true}};
}

}  // namespace cortex::app
