#include "trust/witness.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"

namespace cortex::trust {
namespace {

enum class Form : std::uint8_t { kText, kCount, kTime };

struct WitnessField {
  std::string_view name;
  Form form = Form::kText;
};

constexpr WitnessField kHeadFields[] = {{"chain_head_hash"}, {"event_count", Form::kCount}};
constexpr WitnessField kAnchorFields[] = {
    {"chain_head_hash"}, {"event_count", Form::kCount}, {"sink_kind"}};
constexpr WitnessField kCiFields[] = {
    {"workflow_run_id"}, {"commit_sha"}, {"conclusion_timestamp", Form::kTime}};
constexpr WitnessField kBuildFields[] = {{"builder_id"}, {"source_digest"}, {"artifact_digest"}};

struct ClassRow {
  std::string_view token, domain;
  std::span<const WitnessField> fields;
};

constexpr std::array<ClassRow, kWitnessClasses> kClassNames{{
    {"signed_ledger_chain_head", "local_signed_ledger", kHeadFields},
    {"external_anchor_crossing", "external_anchor_sink", kAnchorFields},
    {"remote_ci_conclusion", "remote_ci_provider", kCiFields},
    {"reproducible_build_provenance", "reproducible_build_provider", kBuildFields},
}};

constexpr std::array<std::string_view, 3> kWitnessTiers{"local", "operator_owned", "third_party"};

const ClassRow& row_of(WitnessClass kind) { return kClassNames[static_cast<std::size_t>(kind)]; }

Error malformed(std::string_view what) {
  return make_error(Code::kPrecondition, cat("a witness is malformed: ", what),
                    "no witness was looked at", "correct it, or leave it out");
}

Result<std::string> text_member_of(const json::Value& from, std::string_view name) {
  const std::string* text = from.find_text(name);
  if (text == nullptr) return malformed(cat("`", name, "` is missing or no string"));
  return *text;
}

Result<Timestamp> time_at(const json::Value& from, std::string_view name) {
  CORTEX_ASSIGN(const std::string text, text_member_of(from, name));
  const auto time = parse_relaxed_rfc3339(text);
  if (!time) return malformed(cat("`", name, "` is no time"));
  return *time;
}

// Hex in either case.
Result<std::vector<std::uint8_t>> bytes_at(const json::Value& from, std::string_view name,
                                           std::size_t size = 0) {
  CORTEX_ASSIGN(const std::string text, text_member_of(from, name));
  auto bytes = from_hex(to_lower_ascii(text));
  if (!bytes || (size > 0 && bytes->size() != size)) {
    return malformed(cat("`", name, "` is no hex text of the right length"));
  }
  return *std::move(bytes);
}

constexpr std::size_t kKeyBytes = 32, kSignatureBytes = 64;

Status read_signature(const json::Value& from, WitnessSignature& out) {
  const std::string* type = from.find_text("type");
  if (type == nullptr && from.find("type") == nullptr) {  // the older form
    CORTEX_ASSIGN(out.key, bytes_at(from, "verifying_key", kKeyBytes));
    CORTEX_ASSIGN(out.bytes, bytes_at(from, "signature", kSignatureBytes));
  } else if (type != nullptr && *type == "ed25519") {
    CORTEX_ASSIGN(out.key, bytes_at(from, "public_key_bytes", kKeyBytes));
    CORTEX_ASSIGN(out.bytes, bytes_at(from, "signature_bytes", kSignatureBytes));
  } else if (type != nullptr && *type == "ecdsa_p256") {
    out.kind = SignatureKind::kP256;
    CORTEX_ASSIGN(out.key, bytes_at(from, "public_key_der"));
    CORTEX_ASSIGN(out.bytes, bytes_at(from, "signature_der"));
  } else if (type != nullptr && *type == "self_signed") {
    out.kind = SignatureKind::kNamedKey;
    CORTEX_ASSIGN(out.signer_id, text_member_of(from, "key_id"));
    CORTEX_ASSIGN(out.bytes, bytes_at(from, "signature_bytes"));
    return {};
  } else {
    return malformed("`signature.type` is not known");
  }
  const std::string* signer = from.find_text("signer_id");
  out.signer_is_named = signer != nullptr;
  out.signer_id = signer == nullptr ? to_hex(out.key) : *signer;
  return {};
}

Result<std::string> field_text(const json::Value& payload, const WitnessField& field) {
  switch (field.form) {
    case Form::kText:
      return text_member_of(payload, field.name);
    case Form::kCount: {
      const auto count = payload.find_unsigned(field.name);
      if (!count) return malformed(cat("`payload.", field.name, "` is no whole number"));
      return cat(*count);
    }
    case Form::kTime:
      break;
  }
  CORTEX_ASSIGN(const Timestamp time, time_at(payload, field.name));
  return format_rfc3339(time, Offset::kPlus00);
}

Status read_payload(const json::Value& document, Witness& out) {
  const json::Value* payload = document.find("payload");
  const std::string* kind = payload == nullptr ? nullptr : payload->find_text("kind");
  const auto known = kind == nullptr ? std::nullopt : parse_witness_class(*kind);
  if (!known) return malformed("`payload.kind` is missing or not known");
  out.payload_kind = *known;
  for (const WitnessField& field : row_of(*known).fields) {
    CORTEX_ASSIGN(std::string text, field_text(*payload, field));
    // The signed text is made of lines: a value with a line end could pose as others.
    if (text.find('\n') != std::string::npos) {
      return malformed(cat("`payload.", field.name, "` has more than one line"));
    }
    out.fields.emplace_back(field.name, std::move(text));
  }
  return {};
}

}  // namespace

std::string_view witness_class_token(WitnessClass kind) { return row_of(kind).token; }
std::string_view required_domain(WitnessClass kind) { return row_of(kind).domain; }

std::optional<WitnessClass> parse_witness_class(std::string_view token) {
  const auto* row = std::ranges::find(kClassNames, token, &ClassRow::token);
  if (row == kClassNames.end()) return std::nullopt;
  return static_cast<WitnessClass>(row - kClassNames.begin());
}

std::string_view witness_tier_token(WitnessTier tier) {
  return kWitnessTiers[static_cast<std::size_t>(tier)];
}

std::optional<WitnessTier> parse_witness_tier(std::string_view token) {
  const auto* found = std::ranges::find(kWitnessTiers, token);
  if (found == kWitnessTiers.end()) return std::nullopt;
  return static_cast<WitnessTier>(found - kWitnessTiers.begin());
}

const std::string* Witness::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<Witness> read_witness(const json::Value& document) {
  Witness out;
  CORTEX_ASSIGN(const std::string kind, text_member_of(document, "class"));
  const auto known = parse_witness_class(kind);
  if (!known) return malformed("`class` is not known");
  out.kind = *known;
  CORTEX_ASSIGN(out.domain, text_member_of(document, "authority_domain"));
  if (std::ranges::find(kClassNames, out.domain, &ClassRow::domain) == kClassNames.end()) {
    return malformed("`authority_domain` is not known");
  }
  CORTEX_ASSIGN(const std::string tier, text_member_of(document, "tier"));
  const auto known_tier = parse_witness_tier(tier);
  if (!known_tier) return malformed("`tier` is not known");
  out.tier = *known_tier;
  CORTEX_ASSIGN(out.asserted_at, time_at(document, "asserted_at"));
  CORTEX_ASSIGN(out.subject_blake3, text_member_of(document, "asserted_subject_blake3"));
  const json::Value* signature = document.find("signature");
  if (signature == nullptr) return malformed("`signature` is missing");
  CORTEX_TRY(read_signature(*signature, out.signature));
  for (const std::string* text : {&out.subject_blake3, &out.signature.signer_id}) {
    if (text->find('\n') != std::string::npos) return malformed("a value has more than one line");
  }
  CORTEX_TRY(read_payload(document, out));
  return out;
}

std::string witness_preimage(const Witness& witness, SignedText version) {
  std::string text = cat("cortex.verifier.witness.", version == SignedText::kV1 ? "v1" : "v2",
                         "\nclass=", witness_class_token(witness.kind),
                         "\nauthority_domain=", witness.domain, "\n");
  if (version == SignedText::kV2) {
    text += cat("tier=", witness_tier_token(witness.tier),
                "\nsigner_id=", witness.signature.signer_id, "\n");
  }
  text += cat("asserted_subject_blake3=", witness.subject_blake3,
              "\nasserted_at=", format_rfc3339(witness.asserted_at, Offset::kPlus00), "\n");
  for (const auto& [name, value] : witness.fields) text += cat(name, "=", value, "\n");
  return text;
}

}  // namespace cortex::trust
