#include "ledger/user_attestation.h"

#include <algorithm>
#include <utility>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "core/ids.h"
#include "json/value.h"
#include "ledger/attestation.h"

namespace cortex::ledger {
namespace {

struct Kind {
  core::SourceType source;
  std::string_view operation;
};

constexpr Kind kKinds[] = {
    {core::SourceType::kUser, "ingest_user_attested"},
    {core::SourceType::kManualCorrection, "ingest_manual_correction_attested"},
};

Error attestation_malformed(std::string_view why) {
  return make_error(Code::kIntegrity, cat("no attestation as it is written: ", why));
}

bool has_text(const json::Value& value, std::string_view key, std::string_view wanted) {
  const std::string* text = value.find_text(key);
  return text != nullptr && *text == wanted;
}

template <class Bytes>
bool read_hex(const json::Value& value, std::string_view key, Bytes& out) {
  const std::string* text = value.find_text(key);
  const auto bytes = text == nullptr ? std::nullopt : fixed_bytes<Bytes>(from_hex(*text));
  if (bytes) out = *bytes;
  return bytes.has_value();
}

std::optional<Timestamp> written_time(const json::Value& value, std::string_view key) {
  const std::string* text = value.find_text(key);
  const auto time = text == nullptr ? std::nullopt : parse_strict_rfc3339(*text);
  if (!time || format_rfc3339(*time, Offset::kZ) != *text) return std::nullopt;
  return time;
}

// The members beside the actor say nothing of their own.
std::optional<std::string> envelope_fault(const json::Value& row, const std::string& event_id) {
  const std::string* id = row.find_text("id");
  if (id == nullptr || !core::parse_id(core::IdKind::kAuditRecord, *id)) return "its id";
  if (row.find_unsigned("schema_version") != 2) return "its schema_version";
  if (!has_text(row, "target_ref", event_id)) return "its target is not the event";
  const json::Value* outcome = row.find("outcome");
  if (outcome == nullptr || !has_text(*outcome, "status", "success")) return "its outcome";
  const json::Value* correlation = row.find("correlation_id");
  if (correlation == nullptr || !correlation->is_null()) return "its correlation_id";
  return std::nullopt;
}

}  // namespace

std::string_view attestation_operation(core::SourceType source) {
  const auto* kind = std::ranges::find(kKinds, source, &Kind::source);
  return kind == std::end(kKinds) ? std::string_view() : kind->operation;
}

Result<std::optional<UserAttestation>> parse_user_attestation(std::string_view line) {
  auto row = json::parse(line);
  if (!row.ok()) return attestation_malformed(row.error().message);
  const std::string* operation = row->find_text("operation");
  const json::Value* actor = row->find("actor_json");
  if (operation == nullptr || actor == nullptr)
    return attestation_malformed("it has no operation or no actor");
  const auto* kind = std::ranges::find(kKinds, *operation, &Kind::operation);
  if (kind == std::end(kKinds)) return std::optional<UserAttestation>();
  UserAttestation out;
  out.source = kind->source;
  if (!has_text(*actor, "kind", core::source_type_text(kind->source))) {
    return attestation_malformed("its actor is of another kind than its operation");
  }
  const std::string* event_id = actor->find_text("event_id");
  const auto id =
      event_id == nullptr ? std::nullopt : core::parse_id(core::IdKind::kEvent, *event_id);
  if (!id) return attestation_malformed("its actor names no event");
  out.event_id = *id;
  if (!read_hex(*actor, "key_id", out.key)) return attestation_malformed("its key id");
  out.key_id = crypto::key_id(out.key);
  if (!read_hex(*actor, "signature_hex", out.signature))
    return attestation_malformed("its signature");
  const auto signed_at = written_time(*actor, "signed_at");
  if (!signed_at) return attestation_malformed("its time of signing");
  out.signed_at = *signed_at;
  if (written_time(*row, "created_at") != signed_at)
    return attestation_malformed("its time of creation");
  if (const auto fault = envelope_fault(*row, *event_id)) return attestation_malformed(*fault);
  return std::optional(std::move(out));
}

std::string user_attestation_preimage(const core::Event& event, std::uint64_t rows_before,
                                      std::string_view ledger_id, std::string_view key_id,
                                      Timestamp signed_at) {
  const std::string id = core::id_text(core::IdKind::kEvent, event.id);
  Attested what;
  what.source = event.source.type;
  what.event_id = id;
  what.payload_hash = event.payload_hash;
  if (event.session_id) what.session_id = *event.session_id;
  what.ledger_id = ledger_id;
  what.lineage = ChainPosition{rows_before};
  what.signed_at = signed_at;
  what.key_id = key_id;
  std::string preimage;
  attestation_preimage(what, preimage);
  return preimage;
}

bool attests(const UserAttestation& attestation, const core::Event& event,
             std::uint64_t rows_before, std::string_view ledger_id) {
  return crypto::check_public_key(attestation.key).ok() &&
         crypto::verify(attestation.key,
                        user_attestation_preimage(event, rows_before, ledger_id, attestation.key_id,
                                                  attestation.signed_at),
                        attestation.signature);
}

}  // namespace cortex::ledger
