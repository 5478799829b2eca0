#include "ledger/signed_row.h"

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "core/ids.h"

namespace cortex::ledger {
namespace {

constexpr std::string_view kRotationKind = "identity.rotate";

template <class Array>
json::Value byte_numbers(const Array& bytes) {
  json::Array out;
  out.reserve(bytes.size());
  for (const std::uint8_t b : bytes) out.emplace_back(static_cast<unsigned>(b));
  return out;
}

// An array of exactly as many integers 0 to 255.
template <class Array>
bool read_bytes(const json::Value* value, Array& out) {
  const json::Array* array = value == nullptr ? nullptr : value->as_array();
  if (array == nullptr || array->size() != out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto number = (*array)[i].as_unsigned();
    if (!number || *number > 255) return false;
    out[i] = static_cast<std::uint8_t>(*number);
  }
  return true;
}

}  // namespace

void row_preimage(const core::Event& event, std::string_view ledger_id, const Lineage& lineage,
                  Timestamp signed_at, std::string_view key_id, std::string& out) {
  const std::string id = core::id_text(core::IdKind::kEvent, event.id);
  Attested what;
  what.source = event.source.type;
  what.source_name = event.source.name;
  what.event_id = id;
  what.payload_hash = event.payload_hash;
  if (event.session_id) what.session_id = *event.session_id;
  what.ledger_id = ledger_id;
  what.lineage = lineage;
  what.signed_at = signed_at;
  what.key_id = key_id;
  attestation_preimage(what, out);
}

Lineage sign_row(core::Event& event, const crypto::SigningKey& key, std::string_view ledger_id,
                 const Lineage& lineage, Timestamp signed_at) {
  std::string preimage;
  const std::string key_id = key.key_id();
  row_preimage(event, ledger_id, lineage, signed_at, key_id, preimage);
  const crypto::Signature signature = key.sign(preimage);
  event.signature =
      core::RowSignature{kRowSignatureVersion, key_id, signed_at, to_base64url(signature)};
  return lineage_of(signature);
}

std::optional<crypto::Signature> parse_signature(std::string_view base64url) {
  return fixed_bytes<crypto::Signature>(from_base64url(base64url));
}

json::Object rotation_envelope(const crypto::SigningKey& old_key, const crypto::PublicKey& new_key,
                               Timestamp signed_at) {
  const crypto::Signature signature =
      old_key.sign(rotation_preimage(old_key.public_key(), new_key, signed_at));
  return json::Object{{"new_pubkey", byte_numbers(new_key)},
                      {"old_pubkey", byte_numbers(old_key.public_key())},
                      {"schema_version", static_cast<unsigned>(kAttestationVersion)},
                      {"signature", byte_numbers(signature)},
                      {"signed_at", format_rfc3339(signed_at, Offset::kZ)}};
}

std::optional<Rotation> parse_rotation_envelope(const json::Value& envelope) {
  Rotation out;
  const auto version = envelope.find_unsigned("schema_version");
  if (!version || *version > 0xFFFF) return std::nullopt;
  out.schema_version = static_cast<std::uint16_t>(*version);
  const json::Value* signed_at = envelope.find("signed_at");
  const std::string* text = signed_at == nullptr ? nullptr : signed_at->as_string();
  if (text == nullptr) return std::nullopt;
  const auto time = parse_relaxed_rfc3339(*text);
  if (!time) return std::nullopt;
  out.signed_at = *time;
  const bool whole = read_bytes(envelope.find("old_pubkey"), out.old_key) &&
                     read_bytes(envelope.find("new_pubkey"), out.new_key) &&
                     read_bytes(envelope.find("signature"), out.signature);
  return whole ? std::optional(out) : std::nullopt;
}

std::string rotation_payload(const crypto::SigningKey& old_key, const crypto::PublicKey& new_key,
                             Timestamp signed_at) {
  return json::canonical(json::Object{{"envelope", rotation_envelope(old_key, new_key, signed_at)},
                                      {"kind", kRotationKind}});
}

std::optional<Rotation> parse_rotation(const core::Event& event, std::string_view payload,
                                       int depth_used) {
  if (event.type != core::EventType::kSystemNote) return std::nullopt;
  // Cheap and nearly always enough; an escape may hide the text.
  if (payload.find(kRotationKind) == std::string_view::npos &&
      payload.find('\\') == std::string_view::npos) {
    return std::nullopt;
  }
  const auto parsed = json::parse(payload, depth_used);
  if (!parsed.ok()) return std::nullopt;
  const json::Value* kind = parsed->find("kind");
  const json::Value* envelope = parsed->find("envelope");
  const std::string* text = kind == nullptr ? nullptr : kind->as_string();
  if (text == nullptr || *text != kRotationKind || envelope == nullptr) return std::nullopt;
  return parse_rotation_envelope(*envelope);
}

std::optional<std::string> rotation_fault(const Rotation& rotation,
                                          const crypto::PublicKey& active) {
  if (rotation.old_key != active) return "the old key of the envelope is not the active key";
  if (rotation.schema_version != kAttestationVersion) {
    return cat("the envelope has schema version ", rotation.schema_version, "; supported is ",
               kAttestationVersion);
  }
  if (!crypto::verify(rotation.old_key,
                      rotation_preimage(rotation.old_key, rotation.new_key, rotation.signed_at),
                      rotation.signature)) {
    return "the signature of the envelope did not verify";
  }
  if (const Status usable = crypto::check_public_key(rotation.new_key); !usable.ok()) {
    return cat("the new key cannot be used: ", usable.error().message);
  }
  return std::nullopt;
}

}  // namespace cortex::ledger
