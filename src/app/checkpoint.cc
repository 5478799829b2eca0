#include "app/checkpoint.h"

#include <limits>
#include <memory>
#include <utility>

#include "app/audit.h"
#include "base/fs/trees.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "ledger/promise.h"
#include "ledger/recovery.h"
#include "ledger/restore_guard.h"
#include "ledger/row_stream.h"
#include "ledger/tlog/checkpoint_store.h"
#include "ledger/tlog/sidecar.h"

namespace cortex::app {
namespace {

using ledger::SignedCheckpoint;

Error checkpoint_refused(Code code, std::string_view token, std::string message, std::string next) {
  return make_error(code, std::move(message), "nothing was signed", std::move(next), token);
}

// The name of a log that was given none: it goes with the first row, wherever the file is.
Result<std::string> default_origin(fs::File& file, std::uint64_t size_bytes) {
  ledger::RowStream rows(file, 0, size_bytes);
  CORTEX_ASSIGN(const core::DecodedEvent* first, rows.next());
  if (first == nullptr) {
    return checkpoint_refused(Code::kPrecondition, "", "the ledger has no rows",
                              "record something first");
  }
  return cat("cortex.local/ledger/", first->event.event_hash.substr(0, 32));
}

// A log never signs what contradicts an earlier signature of its own.
Status check_previous(fs::FileSystem& fs, const std::string& ledger_path, std::uint64_t rows,
                      const SignedCheckpoint& previous) {
  const ledger::Checkpoint& old = previous.checkpoint;
  constexpr std::string_view kNext =
      "see `cortex audit verify --since`; after a restore accept it with --reset";
  if (old.size > rows) {
    return checkpoint_refused(Code::kIntegrity, kCheckpointConflictToken,
                              cat("the last checkpoint is over ", counted(old.size, "row"),
                                  ", the ledger has only ", rows),
                              std::string(kNext));
  }
  ledger::TileReader tiles(fs, ledger::sidecar_path(ledger_path), old.size);
  const auto root = ledger::tree_root(tiles.source(), old.size);
  if (root.ok() && *root == old.root) return {};
  return checkpoint_refused(
      Code::kIntegrity, kCheckpointConflictToken,
      cat("the first ", counted(old.size, "row"), " are not those of the last checkpoint"),
      std::string(kNext));
}

Status sign(Services& services, const CheckpointRequest& request, fs::File& file,
            const ledger::TreeState& tree, CheckpointReport& report) {
  const std::string& path = request.layout.event_log_path;
  CORTEX_ASSIGN(const crypto::SigningKey key,
                crypto::read_signing_key(services.fs, *request.key_path));
  if (const auto open = crypto::is_readable_by_others(services.fs, *request.key_path);
      open.ok() && *open) {
    report.key_warning = "the key file can be read by others; chmod 600 it";
  }
  std::optional<SignedCheckpoint> previous;
  if (const auto note = ledger::latest_checkpoint(services.fs, path)) {
    CORTEX_ASSIGN(previous, ledger::parse_checkpoint(*note));
    report.previous_rows = previous->checkpoint.size;
    CORTEX_TRY(check_previous(services.fs, path, tree.ledger.rows, *previous));
  }
  if (request.origin) {
    report.origin = *request.origin;
  } else if (previous) {
    report.origin = previous->checkpoint.origin;
  } else {
    CORTEX_ASSIGN(report.origin, default_origin(file, tree.ledger.size_bytes));
  }
  if (!ledger::is_key_name(report.origin)) {
    return checkpoint_refused(
        Code::kUsage, "", cat(quoted(report.origin), " cannot be an origin"),
        "use text without white space and plus signs, such as example.com/log");
  }
  report.note = ledger::sign_checkpoint({report.origin, tree.ledger.rows, tree.root, {}}, key);
  report.verifier_key = ledger::verifier_key_text({report.origin, key.public_key()});
  CORTEX_ASSIGN(const SignedCheckpoint made, ledger::parse_checkpoint(report.note));
  CORTEX_TRY(ledger::keep_checkpoint(services.fs, path, made, report.note));
  report.path = fs::join(ledger::sidecar_path(path), "checkpoint");
  report.is_signed = true;
  if (!request.output) return {};
  Status written = fs::publish_new(services.fs, *request.output, report.note, 0644);
  if (written.ok()) return {};
  Error error = std::move(written).error();
  error.unchanged = cat("the checkpoint is signed and kept in ", quoted(report.path, 1000),
                        ", the file for --output was not written");
  if (error.next.empty()) {
    error.next = "name a file that does not exist yet, in a folder that does, and run it again";
  }
  return error;
}

Error checkpoint_precondition(Error error) {
  if (error.code == Code::kInternal) error.code = Code::kPrecondition;
  if (error.unchanged.empty()) error.unchanged = "nothing was signed";
  return error;
}

Result<CheckpointReport> make(Services& services, const CheckpointRequest& request) {
  const std::string& path = request.layout.event_log_path;
  CORTEX_ASSIGN(const std::unique_ptr<fs::File> file, open_audited(services, path));
  CORTEX_TRY(ledger::lock_in_place(services.fs, *file, fs::Lock::kExclusive));
  CheckpointReport report;
  report.ledger_path = path;
  if (request.reset) {
    CORTEX_ASSIGN(report.set_aside,
                  ledger::accept_ledger(services.fs, *file, services.clock, services.random));
    report.accepted = true;
  }
  CORTEX_ASSIGN(const fs::Info info, file->info());
  const auto broken =
      ledger::find_broken(*file, info.size_bytes, ledger::read_promises(services.fs, path));
  if (broken) {
    return checkpoint_refused(Code::kIntegrity, broken->token,
                              ledger::describe(*broken, info.size_bytes),
                              "restore the ledger, or accept it as it is with --reset");
  }
  CORTEX_ASSIGN(const ledger::SettledTail tail, ledger::settle_tail(services.fs, *file));
  if (tail.fault) return ledger::row_error(*tail.fault);
  CORTEX_ASSIGN(const auto tree, ledger::Sidecar::open(services.fs, *file, tail.head,
                                                       std::numeric_limits<std::uint64_t>::max()));
  report.rows = tree->state().ledger.rows;
  report.root = to_base64(tree->state().root);
  if (request.key_path) {
    CORTEX_TRY(sign(services, request, *file, tree->state(), report));
  }
  return report;
}

}  // namespace

Result<CheckpointReport> audit_checkpoint(Services& services, const CheckpointRequest& request) {
  if (!request.key_path && !request.reset) {
    return checkpoint_refused(Code::kUsage, "", "a checkpoint needs a key",
                              "name an Ed25519 seed (32 raw bytes) with --key");
  }
  auto report = make(services, request);
  if (!report.ok()) return checkpoint_precondition(std::move(report).error());
  return report;
}

json::Value to_json(const CheckpointReport& report) {
  json::Object out{{"path", report.ledger_path},
                   {"rows", report.rows},
                   {"root", report.root},
                   {"signed", report.is_signed}};
  if (report.is_signed) {
    out.add("origin", report.origin);
    out.add("checkpoint", report.note);
    out.add("checkpoint_path", report.path);
    out.add("verifier_key", report.verifier_key);
  }
  if (report.previous_rows) out.add("previous_rows", *report.previous_rows);
  if (report.accepted) out.add("accepted", true);
  if (report.set_aside) out.add("set_aside", *report.set_aside);
  if (!report.key_warning.empty()) out.add("key_warning", report.key_warning);
  return out;
}

}  // namespace cortex::app
