#include "app/operator_pack.h"

#include <optional>
#include <utility>

#include "app/row_signing.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/key_file.h"
#include "store/timelines.h"
#include "trust/timeline.h"

namespace cortex::app {
namespace {

Error pack_usage(std::string message, std::string next, std::string_view token = {}) {
  return make_error(Code::kUsage, std::move(message), "no pack was built", std::move(next), token);
}

// What the key signs: members joined by line ends, none of which can hold one.
std::string pack_statement(std::string_view pack_id, std::string_view task,
                           const json::Value& record, std::string_view created_at) {
  return cat("cortex.context.operator_pack.v1\n", pack_id, "\n",
             json::write_compact(json::Value(task)), "\n",
             crypto::blake3_hex(json::canonical(record)), "\n", created_at);
}

}  // namespace

Status check_operator_flags(const ContextRequest& request) {
  if (!request.for_operator) {
    if (request.raw_payloads) {
      return pack_usage("payloads of events go into packs for an operator only",
                        "give --mode operator and --attestation with --raw-payloads",
                        kExternalRawPayload);
    }
    if (!request.attestation_path) return {};
    return pack_usage("an attestation belongs to an operator's pack",
                      "give --mode operator with it");
  }
  if (!request.attestation_path) {
    return pack_usage("an operator's pack needs an attestation",
                      "name the key of an operator with --attestation", kOperatorNotAttested);
  }
  if (request.as_of || request.compatible || !request.persist) {
    return pack_usage("an operator's pack is of now and stands in the ledger",
                      "go without --as-of, --no-persist and CORTEX_SCORE_VERSION=1");
  }
  return {};
}

context::Mode mode_of(const ContextRequest& request) {
  if (!request.for_operator) return context::Mode::kExternal;
  return request.raw_payloads ? context::Mode::kOperatorRaw : context::Mode::kOperator;
}

Result<crypto::SigningKey> operator_key(Services& services, sqlite::Connection& db,
                                        const std::string& seed_path) {
  CORTEX_ASSIGN(crypto::SigningKey key, crypto::read_signing_key(services.fs, seed_path));
  const Timestamp now = services.clock.now();
  CORTEX_ASSIGN(trust::KeyEvidence evidence, store::key_evidence(db, key.key_id(), now, now));
  const trust::Authority authority = trust::revalidate(std::move(evidence), trust::Tier::kOperator);
  CORTEX_ASSIGN(const auto bound, store::bound_public_key(db, key.key_id()));
  if (authority.valid_now && (!bound || *bound == key.key_id())) return key;
  return make_error(
      Code::kPrecondition,
      cat("the key ", key.key_id(), " is not that of an operator: ", authority.joined_reasons()),
      "no pack was built", "see `cortex key list`; packs for others need no key",
      kOperatorNotAttested);
}

json::Value attest_pack(const crypto::SigningKey& key, std::string_view pack_id,
                        std::string_view task, const json::Value& record,
                        std::string_view created_at) {
  const crypto::Signature signature = key.sign(pack_statement(pack_id, task, record, created_at));
  return json::Object{{"key_id", key.key_id()}, {"signature", to_base64(signature)}};
}

bool pack_attestation_holds(const store::OperationRow& row) {
  const std::string* id = row.arg("id").as_string();
  const std::string* task = row.arg("task").as_string();
  const std::string* created_at = row.arg("created_at").as_string();
  const std::string* key_id = row.arg("attestation").find_text("key_id");
  const std::string* signature = row.arg("attestation").find_text("signature");
  for (const std::string* member : {id, task, created_at, key_id, signature}) {
    if (member == nullptr) return false;
  }
  return is_signed_by(*key_id, *signature,
                      pack_statement(*id, *task, row.arg("pack"), *created_at));
}

}  // namespace cortex::app
