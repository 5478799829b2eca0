#include "app/restore_intent.h"

#include <cerrno>
#include <utility>

#include "app/doctor.h"
#include "app/restore_look.h"
#include "app/site_id.h"
#include "base/fixed_bytes.h"
#include "base/fs/trees.h"
#include "base/text.h"
#include "bundle/data_loss.h"
#include "bundle/manifest.h"
#include "crypto/digest.h"
#include "crypto/key_file.h"

namespace cortex::app {
namespace {

constexpr std::int64_t kHoursMax = 24;
constexpr std::int64_t kSecondsBefore = 300;  // clocks of two machines may differ this much

Error intent_refused(Code code, std::string_view token, std::string message,
                     std::string next = "") {
  Error error = make_error(code, std::move(message), "nothing was written", std::move(next));
  if (!token.empty()) error.token = cat("restore.intent.build.", token);
  return error;
}

Status check_flags(const IntentRequest& request) {
  if (request.hours < 1 || request.hours > kHoursMax) {
    return intent_refused(
        Code::kUsage, "validity_window.invalid",
        cat("the validity window of ", request.hours, " hours is not 1 to 24 hours"),
        "give --expires-in-hours 1 to 24");
  }
  const std::size_t pairs = request.staged_paths.size();
  if (pairs != request.staged_digests.size() || (pairs != 0 && pairs != 2)) {
    return intent_refused(Code::kUsage, "staged_pairs.mismatch",
                          "staged artifacts come as two pairs of path and digest, or not at all",
                          "give the store first, then the ledger");
  }
  if (request.sign == (request.key_base64 || request.key_file)) return {};
  return intent_refused(Code::kUsage, "sign_flag.inconsistent",
                        request.sign ? "--sign needs a signing key" : "a signing key needs --sign",
                        "give --sign and the key, or neither");
}

Status check_free(Services& services, const std::string& path) {
  const auto info = services.fs.lstat(path);
  if (!info.ok()) return with_code(info.error(), Code::kInternal);
  if (info->kind == fs::Kind::kMissing) return {};
  return intent_refused(Code::kPrecondition, "output.already_exists",
                        cat(quoted(path), " exists already"), "choose another --output");
}

// "a.b.json" gives "a.b.sig", ".ri" gives ".ri.sig".
std::string signature_path(const std::string& output) {
  const std::size_t name = output.rfind('/') == std::string::npos ? 0 : output.rfind('/') + 1;
  const std::size_t dot = output.rfind('.');
  const bool has_extension = dot != std::string::npos && dot > name;
  return cat(has_extension ? output.substr(0, dot) : output, ".sig");
}

Result<std::optional<crypto::SigningKey>> read_key(Services& services, IntentRequest& request) {
  std::optional<crypto::SigningKey> key;
  if (!request.sign) return key;
  auto read = request.key_base64 ? crypto::signing_key_from_base64(*request.key_base64)
                                 : crypto::read_signing_key(services.fs, *request.key_file);
  if (!read.ok()) {
    return intent_refused(Code::kPrecondition, "signing_key.malformed", read.error().message,
                          read.error().next);
  }
  key.emplace(std::move(read).value());
  return key;
}

Result<crypto::PublicKey> public_key(const IntentRequest& request, const crypto::SigningKey* key) {
  if (!request.public_key_hex) {
    if (key != nullptr) return key->public_key();
    return intent_refused(Code::kUsage, "pubkey_malformed",
                          "the operator's public key is missing or malformed",
                          "give --operator-pubkey-hex, or sign");
  }
  const auto out =
      fixed_bytes<crypto::PublicKey>(from_hex(to_lower_ascii(trim(*request.public_key_hex))));
  const Status usable = out ? crypto::check_public_key(*out)
                            : make_error(Code::kPrecondition, "it is not 64 hexadecimal digits");
  if (!usable.ok()) {
    return intent_refused(Code::kPrecondition, "pubkey_malformed",
                          cat("the operator's public key is malformed: ", usable.error().message));
  }
  if (key == nullptr || key->public_key() == *out) return *out;
  return intent_refused(Code::kPrecondition, "key_material.disagree",
                        "--operator-pubkey-hex does not match the signing key");
}

Status read_digests(Services& services, const IntentRequest& request,
                    bundle::RestoreIntent& intent) {
  const auto bytes = fs::read_all(services.fs, request.manifest, bundle::kManifestBytesMax);
  if (!bytes.ok()) {
    return intent_refused(Code::kPrecondition, "",
                          cat("the manifest ", quoted(request.manifest),
                              " cannot be read: ", fs::describe(bytes.error())));
  }
  intent.manifest_blake3 = crypto::prefixed_hex(crypto::blake3(*bytes));
  if (!request.staged_digests.empty()) {
    intent.store_blake3 = request.staged_digests[0];
    intent.ledger_blake3 = request.staged_digests[1];
    return {};
  }
  const auto document = json::parse(*bytes);
  const std::string* store = document.ok() ? document->find_text("sqlite_store_blake3") : nullptr;
  const std::string* ledger = document.ok() ? document->find_text("jsonl_mirror_blake3") : nullptr;
  if (store == nullptr || ledger == nullptr) {
    return intent_refused(Code::kPrecondition, "",
                          cat("the manifest ", quoted(request.manifest),
                              " lacks sqlite_store_blake3 or jsonl_mirror_blake3"),
                          "give the BACKUP_MANIFEST of the bundle");
  }
  intent.store_blake3 = *store;
  intent.ledger_blake3 = *ledger;
  return {};
}

Status accept_loss(Services& services, const IntentRequest& request,
                   bundle::RestoreIntent& intent) {
  if (!request.accepted_loss_of) return {};
  const std::string store = fs::join(*request.accepted_loss_of, bundle::kStoreName);
  const std::string ledger = fs::join(*request.accepted_loss_of, bundle::kLedgerName);
  CORTEX_ASSIGN(const auto diff,
                semantic_diff(services, {.file = {}, .store = request.layout.db_path},
                              {.file = {}, .store = store}, true));
  CORTEX_ASSIGN(const auto loss,
                bundle::compare_ledgers(services.fs, request.layout.event_log_path, ledger));
  intent.accepted_loss_blake3 = bundle::loss_digest(diff, loss);
  return {};
}

Status write_file(Services& services, const std::string& path, std::string_view bytes) {
  const Status written = fs::publish_new(services.fs, path, bytes, 0644);
  if (written.ok()) return written;
  if (written.error().system_errno == EEXIST) return check_free(services, path);
  return intent_refused(
      Code::kInternal, "", cat(quoted(path), " cannot be written: ", fs::describe(written.error())),
      written.error().next.empty() ? "check the folder and its permissions" : written.error().next);
}

Status write_both(Services& services, const crypto::SigningKey* key, IntentReport& report) {
  if (key == nullptr) return write_file(services, report.output, report.bytes);
  const std::string path = signature_path(report.output);
  Status free = check_free(services, path);
  if (free.ok() && path == report.output) {
    free = intent_refused(Code::kPrecondition, "output.already_exists",
                          cat("the signature would have the name of the intent, ", quoted(path)),
                          "choose an --output that does not end in .sig");
  }
  if (!free.ok()) {
    report.signature = path;  // what is in the way
    return free;
  }
  CORTEX_TRY(write_file(services, report.output, report.bytes));
  report.signature = path;
  const crypto::Signature signature = key->sign(report.bytes);
  Status done = write_file(
      services, path,
      std::string_view(reinterpret_cast<const char*>(signature.data()), signature.size()));
  // An intent without its signature is of no use; the failure reported is that of the signature.
  if (!done.ok()) static_cast<void>(services.fs.remove_file(report.output).ok());
  return done;
}

Status build(Services& services, IntentRequest& request, IntentReport& report) {
  CORTEX_TRY(check_flags(request));
  CORTEX_TRY(check_free(services, request.output));
  CORTEX_ASSIGN(const auto key, read_key(services, request));
  const crypto::SigningKey* signer = key ? &*key : nullptr;
  CORTEX_ASSIGN(const crypto::PublicKey operator_key, public_key(request, signer));
  report.public_key = crypto::key_id(operator_key);
  bundle::RestoreIntent& intent = report.intent;
  intent.operator_principal_id = bundle::operator_principal_id(operator_key);
  intent.deployment_id =
      request.deployment_id.value_or(deployment(services, request.layout).deployment_id);
  // An intent for another deployment cannot know the site.
  if (!request.deployment_id) {
    CORTEX_ASSIGN(intent.site_id, read_site_id(services, request.layout.data_dir));
  }
  intent.active_db = bundle::canonical_or_given(services.fs, request.layout.db_path);
  intent.active_log = bundle::canonical_or_given(services.fs, request.layout.event_log_path);
  CORTEX_TRY(read_digests(services, request, intent));
  CORTEX_TRY(accept_loss(services, request, intent));
  const Timestamp now = services.clock.now();
  intent.not_before = {now.seconds - kSecondsBefore, now.nanos};
  intent.not_after = {now.seconds + request.hours * 3600, now.nanos};
  report.bytes = json::canonical(bundle::intent_document(intent));
  return write_both(services, signer, report);
}

}  // namespace

IntentReport build_intent(Services& services, IntentRequest request) {
  IntentReport report;
  report.output = request.output;
  if (Status built = build(services, request, report); !built.ok()) {
    report.code = built.error().code;
    report.error = std::move(built).error();
  }
  return report;
}

json::Value to_json(const IntentReport& report) {
  const json::Value signature = json::or_null(report.signature);
  if (report.error) {
    const std::string& token = report.error->token;
    return json::Object{{"command", "cortex.restore.intent.build"},
                        {"detail", report.error->text()},
                        {"invariant", token.empty() ? json::Value() : json::Value(token)},
                        {"output_path", report.output},
                        {"persisted", false},
                        {"signature_path", signature}};
  }
  return json::Object{{"canonical_blake3", crypto::prefixed_hex(crypto::blake3(report.bytes))},
                      {"canonical_bytes_len", report.bytes.size()},
                      {"command", "cortex.restore.intent.build"},
                      {"operator_pubkey_hex", report.public_key},
                      {"output_path", report.output},
                      {"payload", bundle::intent_document(report.intent)},
                      {"persisted", true},
                      {"signature_path", signature}};
}

}  // namespace cortex::app
