#include "app/restore_witness.h"

#include <span>
#include <utility>

#include "app/rekor_log.h"
#include "base/fs/trees.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "crypto/sha256.h"

namespace cortex::app {
namespace {

constexpr std::string_view kUnchanged = "the active store was not changed";

Error witness_refused(Code code, std::string_view token, std::string message,
                      std::string next = "") {
  Error error = make_error(code, std::move(message), std::string(kUnchanged), std::move(next));
  if (!token.empty()) error.token = cat("restore.production.", token);
  return error;
}

Result<Witness> ask_log(Services& services, const WitnessRequest& request,
                        const ledger::Anchor& anchor) {
  const ledger::LoadedRoot root =
      ledger::load_trusted_root(services.fs, request.trusted_root_path, services.clock.now());
  if (!root.root) {
    return witness_refused(Code::kPrecondition, "sink.rekor.trust_root_unusable",
                           cat("the cached trusted root cannot be used: ", root.why),
                           "run `cortex audit refresh-trust`");
  }
  auto asked = ask_rekor(services, request.endpoint, anchor, *root.root);
  if (!asked.ok()) {
    const bool sent = asked.error().token != ledger::kRekorSubmitToken;
    return witness_refused(
        Code::kIntegrity, sent ? "sink.rekor.verify_failed" : "sink.rekor.submit_failed",
        asked.error().message,
        "try again when the log can be reached, or use --anchor-sink local-witness");
  }
  const ledger::Receipt& receipt = asked->receipt;
  return Witness{receipt_text(receipt),
                 {{"anchor_chain_head_hash", receipt.head},
                  {"anchor_event_count", receipt.event_count},
                  {"anchor_text_sha256", receipt.anchor_text_sha256},
                  {"kind", "rekor"},
                  {"log_index", asked->entry.log_index},
                  {"sink_endpoint", receipt.endpoint},
                  {"sink_path", request.sink_path},
                  {"status", persisted_token(WitnessKind::kRekor)},
                  {"trust_root_status", root.status()},
                  {"uuid", asked->entry.uuid}}};
}

Result<crypto::SigningKey> witness_key(Services& services, const WitnessRequest& request) {
  if (!request.key_file) {
    return witness_refused(Code::kPrecondition, "sink.local_witness.key_unusable",
                           "--anchor-sink local-witness needs --witness-key",
                           "give the seed file of a second person's key");
  }
  auto key = crypto::read_signing_key(services.fs, *request.key_file);
  if (!key.ok()) {
    return witness_refused(Code::kPrecondition, "sink.local_witness.key_unusable",
                           key.error().message, key.error().next);
  }
  if (key->public_key() != request.operator_key) return key;
  return witness_refused(Code::kPrecondition, "sink.local_witness.key_unusable",
                         "the witness has the operator's key",
                         "have somebody else witness the restore");
}

Result<Witness> ask_key(Services& services, const WitnessRequest& request,
                        const ledger::Anchor& anchor) {
  CORTEX_ASSIGN(const crypto::SigningKey key, witness_key(services, request));
  const std::string text = anchor_text(anchor);
  const std::string digest = crypto::sha256_hex(text);
  json::Object receipt{{"anchor_text", text},
                       {"anchor_text_sha256", digest},
                       {"kind", "cortex_restore_witness"},
                       {"restore_intent_blake3", request.intent_blake3},
                       {"v", 1},
                       {"witness_public_key", key.key_id()}};
  const crypto::Signature signature = key.sign(json::canonical(receipt));
  receipt.add("signature", to_base64(signature));
  return Witness{cat(json::canonical(receipt), "\n"),
                 {{"anchor_chain_head_hash", anchor.head},
                  {"anchor_event_count", anchor.event_count},
                  {"anchor_text_sha256", digest},
                  {"kind", "local-witness"},
                  {"sink_path", request.sink_path},
                  {"status", persisted_token(WitnessKind::kLocalKey)},
                  {"witness_public_key", key.key_id()}}};
}

}  // namespace

Result<WitnessKind> parse_witness(const std::string& sink) {
  if (sink == "rekor") return WitnessKind::kRekor;
  if (sink == "local-witness") return WitnessKind::kLocalKey;
  if (sink == "external-append-only") {
    return witness_refused(Code::kPrecondition, "sink_kind.external_append_only_not_authorized",
                           "an append-only file witnesses nothing in a restore",
                           "use --anchor-sink rekor, or local-witness where there is no network");
  }
  return witness_refused(Code::kPrecondition, "sink_kind.unknown",
                         cat("the anchor sink ", quoted(sink), " is not known"),
                         "use --anchor-sink rekor or local-witness");
}

Status check_sink_path(Services& services, const std::string& path) {
  const auto info = services.fs.lstat(path);
  if (info.ok() && info->kind != fs::Kind::kMissing) {
    return witness_refused(Code::kPrecondition, "",
                           cat("--sink-path ", quoted(path),
                               " already exists: refusing to overwrite a prior Rekor receipt"),
                           "choose another path");
  }
  const std::string parent = fs::parent_of(path);
  const auto folder = services.fs.stat(parent);
  if (folder.ok() && folder->kind == fs::Kind::kDirectory) return {};
  return witness_refused(
      Code::kPrecondition, "",
      cat("the parent of --sink-path, ", quoted(parent), ", does not exist or is no folder"),
      "make it first");
}

Status check_trusted_root(Services& services, const std::string& path, std::string& note) {
  constexpr const char* kNext = "run `cortex audit refresh-trust`";
  note.clear();
  switch (ledger::trusted_root_age(services.fs, path, services.clock.now())) {
    case ledger::RootState::kCachedStale:
      note = "restore.production.sink.rekor.trusted_root_stale: older than 30 days";
      return witness_refused(Code::kPrecondition, "sink.rekor.trust_root_cache_stale",
                             "the cached trusted root is older than 30 days", kNext);
    case ledger::RootState::kCachedFuture:
      note = "audit.verify.trusted_root.cache_future_dated";
      return witness_refused(Code::kPrecondition, "sink.rekor.trust_root_cache_future_dated",
                             "the cached trusted root is dated in the future", kNext);
    case ledger::RootState::kEmbeddedStale:
      note = "restore.production.sink.rekor.trusted_root_stale: older than 30 days";
      return witness_refused(Code::kPrecondition, "sink.rekor.trust_root_snapshot_stale",
                             "the trusted root that came with the program is older than 30 days",
                             kNext);
    case ledger::RootState::kEmbedded:
    case ledger::RootState::kCached:
    case ledger::RootState::kCachedInvalid:
      break;
  }
  return {};
}

Status check_witness_key(Services& services, const WitnessRequest& request) {
  CORTEX_TRY(witness_key(services, request));
  return {};
}

Result<Witness> witness_anchor(Services& services, WitnessKind kind, const WitnessRequest& request,
                               const ledger::Anchor& anchor) {
  return kind == WitnessKind::kRekor ? ask_log(services, request, anchor)
                                     : ask_key(services, request, anchor);
}

Status keep_receipt(Services& services, WitnessKind kind, const std::string& path,
                    const Witness& witness) {
  const Status written = fs::publish_new(services.fs, path, witness.text, 0644);
  if (written.ok()) return written;
  return witness_refused(
      Code::kInternal,
      kind == WitnessKind::kRekor ? "sink.rekor.submit_failed" : "sink.local_witness.write_failed",
      cat("the receipt cannot be written: ", fs::describe(written.error())));
}

std::string_view persisted_token(WitnessKind kind) {
  return kind == WitnessKind::kRekor ? "restore.production.sink.rekor.persisted"
                                     : "restore.production.sink.local_witness.persisted";
}

}  // namespace cortex::app
