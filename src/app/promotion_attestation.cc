#include "app/promotion_attestation.h"

#include <utility>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/attestation.h"

namespace cortex::app {
namespace {

constexpr std::string_view kSession = "principle_promote";
constexpr std::string_view kLedger = "cortex-principle-promote";

Error attestation_unfit(std::string_view what) {
  return make_error(Code::kPrecondition,
                    cat("the attestation of the promotion does not hold: ", what),
                    "no state was changed", "compare it with a backup");
}

std::string event_id_of(const Promotion& promotion) {
  return cat("principle_promote:", promotion.principle_id);
}

std::string preimage(const Promotion& promotion, std::uint64_t position, Timestamp signed_at,
                     std::string_view key_id) {
  const std::string event_id = event_id_of(promotion);
  const std::string payload_hash = promotion_payload_hash(promotion);
  std::string out;
  ledger::attestation_preimage({.source = core::SourceType::kUser,
                                .source_name = {},
                                .agent_id = {},
                                .parent_session_id = {},
                                .delegation_id = {},
                                .event_id = event_id,
                                .payload_hash = payload_hash,
                                .session_id = kSession,
                                .ledger_id = kLedger,
                                .lineage = ledger::ChainPosition{position},
                                .signed_at = signed_at,
                                .key_id = key_id},
                               out);
  return out;
}

// Members of the attestation that are texts, all of them.
struct AttestedTexts {
  std::string source, key_id, public_key, signature, signed_at, payload_hash, event_id, session,
      ledger;
};
struct AttestedText {
  std::string_view name;
  std::string AttestedTexts::* member;
};
constexpr AttestedText kAttestedTexts[] = {
    {"source", &AttestedTexts::source},
    {"key_id", &AttestedTexts::key_id},
    {"public_key_hex", &AttestedTexts::public_key},
    {"signature_hex", &AttestedTexts::signature},
    {"signed_at", &AttestedTexts::signed_at},
    {"payload_hash", &AttestedTexts::payload_hash},
    {"event_id", &AttestedTexts::event_id},
    {"session_id", &AttestedTexts::session},
    {"ledger_id", &AttestedTexts::ledger},
};

Result<AttestedTexts> read_texts(const json::Value& attestation) {
  AttestedTexts out;
  for (const AttestedText& one : kAttestedTexts) {
    const std::string* text = attestation.find_text(one.name);
    if (text == nullptr) return attestation_unfit(cat("it has no ", one.name));
    out.*one.member = *text;
  }
  return out;
}

Result<std::uint64_t> read_position(const json::Value& attestation) {
  const json::Value* lineage = attestation.find("lineage");
  const std::string* kind = lineage == nullptr ? nullptr : lineage->find_text("kind");
  const auto position = lineage == nullptr ? std::nullopt : lineage->find_unsigned("value");
  if (kind == nullptr || *kind != "chain_position" || !position) {
    return attestation_unfit("its lineage is no chain_position");
  }
  return *position;
}

Status check_texts(const AttestedTexts& texts, const Promotion& promotion) {
  if (texts.source != "user") return attestation_unfit("its source is not user");
  if (texts.session != kSession || texts.ledger != kLedger)
    return attestation_unfit("it is of another kind");
  if (texts.event_id != event_id_of(promotion))
    return attestation_unfit("it is for another principle");
  if (texts.payload_hash != promotion_payload_hash(promotion)) {
    return attestation_unfit("its payload_hash is not that of the doctrine");
  }
  return {};
}

}  // namespace

std::string promotion_payload_hash(const Promotion& promotion) {
  return crypto::blake3_hex(json::canonical(json::Object{{"force", promotion.force},
                                                         {"operation", "principle.promote"},
                                                         {"principle_id", promotion.principle_id},
                                                         {"reason", promotion.reason}}));
}

json::Value attest_promotion(const crypto::SigningKey& key, const Promotion& promotion,
                             std::uint64_t position, Timestamp now) {
  const std::string key_id = key.key_id();
  const crypto::Signature signature = key.sign(preimage(promotion, position, now, key_id));
  json::Object attestation{
      {"schema_version", ledger::kAttestationVersion},
      {"source", "user"},
      {"key_id", key_id},
      {"public_key_hex", key_id},
      {"signature_hex", to_hex(signature)},
      {"signed_at", format_rfc3339(now, Offset::kZ)},
      {"payload_hash", promotion_payload_hash(promotion)},
      {"event_id", event_id_of(promotion)},
      {"session_id", kSession},
      {"ledger_id", kLedger},
      {"lineage", json::Object{{"kind", "chain_position"}, {"value", position}}}};
  return json::sorted(json::Object{{"kind", "operator"},
                                   {"path", "cli"},
                                   {"command", "principle promote"},
                                   {"attestation_verified", true},
                                   {"attestation", std::move(attestation)}});
}

Result<std::string> check_promotion(const json::Value& promoted_by, const Promotion& promotion) {
  const json::Value* flag = promoted_by.find("attestation_verified");
  if (flag == nullptr || flag->as_bool() == nullptr || !*flag->as_bool()) {
    return attestation_unfit("attestation_verified is not true");
  }
  const json::Value* attestation = promoted_by.find("attestation");
  if (attestation == nullptr || attestation->as_object() == nullptr)
    return attestation_unfit("it is missing");
  const auto version = attestation->find_unsigned("schema_version");
  if (version != ledger::kAttestationVersion)
    return attestation_unfit("its schema_version is not known");
  CORTEX_ASSIGN(const AttestedTexts texts, read_texts(*attestation));
  CORTEX_ASSIGN(const std::uint64_t position, read_position(*attestation));
  CORTEX_TRY(check_texts(texts, promotion));
  const auto signed_at = parse_relaxed_rfc3339(texts.signed_at);
  const auto key = fixed_bytes<crypto::PublicKey>(from_hex(texts.public_key));
  const auto signature = fixed_bytes<crypto::Signature>(from_hex(texts.signature));
  if (!signed_at) return attestation_unfit("signed_at is no time");
  if (!key || !signature)
    return attestation_unfit("its key or signature is no lower-case hex of the right size");
  if (texts.key_id != texts.public_key)
    return attestation_unfit("its key_id is not that of the key");
  if (!crypto::check_public_key(*key).ok() ||
      !crypto::verify(*key, preimage(promotion, position, *signed_at, texts.key_id), *signature)) {
    return attestation_unfit("the signature does not verify");
  }
  return texts.key_id;
}

}  // namespace cortex::app
