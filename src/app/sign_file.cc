#include "app/sign_file.h"

#include <cerrno>
#include <utility>

#include "base/fs/trees.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "crypto/key_file.h"

namespace cortex::app {
namespace {

constexpr std::string_view kMalformedKey = "sign.signing_key_b64.malformed";
constexpr std::string_view kUnreadablePayload = "sign.payload.unreadable";
constexpr std::string_view kOutputExists = "sign.output.already_exists";
constexpr std::string_view kWriteFailed = "sign.output.write_failed";
constexpr std::uint64_t kPayloadBytesMax = 1U << 30U;

Error signing_refused(Code code, std::string_view token, std::string message, std::string next) {
  return make_error(code, std::move(message), "nothing was written", std::move(next), token);
}

Result<crypto::SigningKey> read_key(Services& services, SignRequest& request) {
  if (request.key_base64) {
    auto key = crypto::signing_key_from_base64(*request.key_base64);
    if (!key.ok()) key.error().token = kMalformedKey;
    return key;
  }
  return crypto::read_signing_key(services.fs, request.key_file.value_or(""));
}

Status write_signature(Services& services, const std::string& path,
                       const crypto::Signature& signature) {
  const std::string_view bytes(reinterpret_cast<const char*>(signature.data()), signature.size());
  const Status written = fs::publish_new(services.fs, path, bytes, 0644);
  if (written.ok()) return written;
  const std::string why = fs::describe(written.error());
  if (written.error().system_errno == EEXIST) {
    return signing_refused(Code::kPrecondition, kOutputExists, cat(quoted(path), " exists already"),
                           "choose another path with --output");
  }
  return signing_refused(
      Code::kInternal, kWriteFailed, cat(quoted(path), " cannot be written: ", why),
      written.error().next.empty() ? "check the folder and its permissions" : written.error().next);
}

Status sign(Services& services, SignRequest& request, SignReport& report) {
  CORTEX_ASSIGN(const crypto::SigningKey key, read_key(services, request));
  auto payload = fs::read_all(services.fs, request.payload_path, kPayloadBytesMax);
  if (!payload.ok()) {
    return signing_refused(
        Code::kPrecondition, kUnreadablePayload,
        cat(quoted(request.payload_path), " cannot be read: ", fs::describe(payload.error())),
        "name the file to be signed with --payload");
  }
  report.public_key = key.key_id();
  report.payload_blake3 = crypto::prefixed_hex(crypto::blake3(*payload));
  return write_signature(services, request.output_path, key.sign(*payload));
}

}  // namespace

SignReport sign_file(Services& services, SignRequest request) {
  SignReport report;
  report.payload_path = request.payload_path;
  report.output_path = request.output_path;
  if (Status done = sign(services, request, report); !done.ok()) {
    report.code = done.error().code;
    report.error = std::move(done).error();
  }
  return report;
}

json::Value to_json(const SignReport& report) {
  if (report.error) {
    return json::Object{{"command", "cortex.sign"},
                        {"detail", report.error->text()},
                        {"invariant", report.error->token},
                        {"payload_path", report.payload_path},
                        {"persisted", false},
                        {"signature_path", report.output_path}};
  }
  return json::Object{{"command", "cortex.sign"},
                      {"operator_pubkey_hex", report.public_key},
                      {"payload_blake3", report.payload_blake3},
                      {"payload_path", report.payload_path},
                      {"persisted", true},
                      {"signature_bytes", 64},
                      {"signature_path", report.output_path}};
}

}  // namespace cortex::app
