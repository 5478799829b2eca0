#include "app/migration_attestation.h"

#include <cstdint>
#include <utility>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "json/value.h"
#include "ledger/length_prefix.h"

namespace cortex::app {
namespace {

constexpr std::string_view kMigrationPurpose = "cortex.schema_migration.v1_to_v2";
constexpr std::uint16_t kMigrationVersion = 1;
constexpr char kDomain = 0x20;

Error attestation_refused(std::string message) {
  return make_error(Code::kPrecondition, std::move(message), "no state was changed",
                    "sign the migration anew: `cortex migrate sign-operator-attestation`");
}

std::string signing_input(const MigrationAttestation& attestation) {
  std::string out{kDomain, 0, static_cast<char>(kMigrationVersion)};
  ledger::append_sized(out, kMigrationPurpose);
  ledger::append_sized(out, attestation.operator_key_id);
  ledger::append_sized(out, format_rfc3339(attestation.signed_at, Offset::kPlus00));
  ledger::append_sized(out, attestation.boundary.previous_v1_head_hash);
  ledger::append_sized(out, attestation.boundary.migration_script_digest);
  ledger::append_sized(out, attestation.boundary.fixture_verification_result_hash);
  return out;
}

Result<std::string> text_in(const json::Value& object, std::string_view key) {
  if (const std::string* text = object.find_text(key)) return *text;
  return attestation_refused(cat("the operator attestation has no text ", quoted(key)));
}

template <std::size_t size>
Result<std::array<std::uint8_t, size>> bytes_in(const json::Value& object, std::string_view key) {
  CORTEX_ASSIGN(const std::string text, text_in(object, key));
  if (const auto bytes = fixed_bytes<std::array<std::uint8_t, size>>(from_hex(text))) return *bytes;
  return attestation_refused(
      cat("the operator attestation's ", key, " is not ", size, " bytes in lower-case hex"));
}

Result<AttestedBoundary> boundary_in(const json::Value& document) {
  const json::Value* boundary = document.find("boundary");
  if (boundary == nullptr || boundary->as_object() == nullptr) {
    return attestation_refused("the operator attestation has no boundary");
  }
  AttestedBoundary out;
  CORTEX_ASSIGN(out.previous_v1_head_hash, text_in(*boundary, "previous_v1_head_hash"));
  CORTEX_ASSIGN(out.migration_script_digest, text_in(*boundary, "migration_script_digest"));
  CORTEX_ASSIGN(out.fixture_verification_result_hash,
                text_in(*boundary, "fixture_verification_result_hash"));
  return out;
}

Status check_boundary(const AttestedBoundary& found, const AttestedBoundary& expected) {
  const struct {
    std::string_view name;
    const std::string& found;
    const std::string& expected;
  } members[] = {
      {"previous_v1_head_hash", found.previous_v1_head_hash, expected.previous_v1_head_hash},
      {"migration_script_digest", found.migration_script_digest, expected.migration_script_digest},
      {"fixture_verification_result_hash", found.fixture_verification_result_hash,
       expected.fixture_verification_result_hash}};
  for (const auto& member : members) {
    if (member.found == member.expected) continue;
    return attestation_refused(cat("the operator attestation is about another ", member.name, ": ",
                                   quoted(member.found), " instead of ", member.expected));
  }
  return {};
}

Status check_head(const json::Value& document) {
  const json::Value* version = document.find("schema_version");
  if (version == nullptr || json::canonical(*version) != std::to_string(kMigrationVersion)) {
    return attestation_refused("the operator attestation has an unsupported schema_version");
  }
  CORTEX_ASSIGN(const std::string purpose, text_in(document, "purpose"));
  if (purpose == kMigrationPurpose) return {};
  return attestation_refused(
      cat("the operator attestation has another purpose, ", quoted(purpose)));
}

}  // namespace

MigrationAttestation sign_migration(const crypto::SigningKey& key, std::string key_id,
                                    AttestedBoundary boundary, Timestamp now) {
  MigrationAttestation attestation{
      std::move(boundary), std::move(key_id), key.public_key(), now, {}};
  attestation.signature = key.sign(signing_input(attestation));
  return attestation;
}

std::string attestation_text(const MigrationAttestation& a) {
  const json::Value document = json::Object{
      {"boundary", json::Object{{"fixture_verification_result_hash",
                                 a.boundary.fixture_verification_result_hash},
                                {"migration_script_digest", a.boundary.migration_script_digest},
                                {"previous_v1_head_hash", a.boundary.previous_v1_head_hash}}},
      {"operator_key_id", a.operator_key_id},
      {"operator_verifying_key_hex", to_hex(a.operator_key)},
      {"purpose", kMigrationPurpose},
      {"schema_version", kMigrationVersion},
      {"signature_hex", to_hex(a.signature)},
      {"signed_at", format_rfc3339(a.signed_at, Offset::kPlus00)}};
  return json::write_pretty(document, json::Keys::kSorted);
}

Result<MigrationAttestation> verify_attestation(std::string_view text,
                                                const AttestedBoundary& expected) {
  const auto document = json::parse(text);
  if (!document.ok() || document->as_object() == nullptr) {
    return attestation_refused("the operator attestation is not a JSON object");
  }
  MigrationAttestation out;
  CORTEX_ASSIGN(out.boundary, boundary_in(*document));
  CORTEX_ASSIGN(out.operator_key_id, text_in(*document, "operator_key_id"));
  CORTEX_ASSIGN(const std::string signed_at, text_in(*document, "signed_at"));
  const auto time = parse_relaxed_rfc3339(signed_at);
  if (!time) return attestation_refused("the operator attestation's signed_at is no time");
  out.signed_at = *time;
  CORTEX_TRY(check_head(*document));
  CORTEX_TRY(check_boundary(out.boundary, expected));
  CORTEX_ASSIGN(out.operator_key, bytes_in<32>(*document, "operator_verifying_key_hex"));
  if (auto usable = crypto::check_public_key(out.operator_key); !usable.ok()) {
    return attestation_refused(
        cat("the operator attestation's key cannot be used: ", usable.error().message));
  }
  CORTEX_ASSIGN(out.signature, bytes_in<64>(*document, "signature_hex"));
  if (crypto::verify(out.operator_key, signing_input(out), out.signature)) return out;
  return attestation_refused("the operator attestation's signature does not match");
}

}  // namespace cortex::app
