#include "trust/axiom_schema.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"
#include "base/time.h"

namespace cortex::trust {
namespace {

using Words = std::span<const std::string_view>;

enum class Kind : std::uint8_t {
  kText,
  kTexts,         // array of strings
  kWord,          // one of `words`
  kWords,         // array of such
  kCount,         // whole number from 0 on
  kNumber,        // any number
  kNumberOrText,  // either
  kSwitch,
  kTime,     // RFC 3339
  kObject,   // shaped by `members`
  kObjects,  // array of such
};

enum class Presence : std::uint8_t { kRequired, kOptional, kNullable };  // nullable: or absent

struct SchemaField {
  std::string_view name;
  Kind kind;
  Presence presence = Presence::kRequired;
  Words words = {};
  std::span<const SchemaField> members = {};
};

constexpr auto kOptional = Presence::kOptional;
constexpr auto kNullable = Presence::kNullable;

constexpr std::string_view kLabels[] = {"untrusted", "advisory", "observed", "validated",
                                        "authority_claimed"};
constexpr std::string_view kAxiomProofs[] = {"missing", "partial", "closed", "failed"};
constexpr std::string_view kAxiomCeilings[] = {"none", "advisory", "observed", "validated",
                                               "promoted-by-cortex"};
constexpr std::string_view kProvenances[] = {"unknown", "claimed", "observed",
                                             "derived", "curated", "promoted"};
constexpr std::string_view kContradictions[] = {"none_known", "unresolved", "resolved", "unknown"};
constexpr std::string_view kPromotions[] = {"candidate", "observed", "validated",
                                            "promoted",  "stale",    "quarantined"};
constexpr std::string_view kQuarantines[] = {"clear", "quarantined", "derived_from_quarantined",
                                             "unknown"};
constexpr std::string_view kAxiomRedactions[] = {"none", "redacted", "partially_redacted",
                                                 "unknown"};
constexpr std::string_view kScales[] = {"discrete", "numeric"};
constexpr std::string_view kPolicies[] = {"deny", "review_required", "partial", "allow"};
constexpr std::string_view kLanguage[] = {"candidate", "observed", "validated"};
constexpr std::string_view kForbidden[] = {"execution_permission", "durable_truth_promotion",
                                           "release_claim"};
constexpr std::string_view kAllowed[] = {"render_only", "advisory_reasoning", "planning_input"};
constexpr std::string_view kContextSources[] = {"event",  "memory",       "principle", "doctrine",
                                                "ledger", "context_pack", "external"};
constexpr std::string_view kLevels[] = {"dev", "local_unsigned", "signed_local",
                                        "externally_anchored", "authority_grade"};
constexpr std::string_view kRepos[] = {"trusted", "partial", "untrusted"};
constexpr std::string_view kRevocations[] = {"active", "revoked", "inactive", "unknown"};
constexpr std::string_view kExecutionSources[] = {"command", "file",    "test",
                                                  "ledger",  "runtime", "approval"};
constexpr std::string_view kReproducibility[] = {"deterministic", "bounded-nondeterministic",
                                                 "observational", "non-reproducible"};
constexpr std::string_view kRisks[] = {"low", "medium", "high", "critical"};
constexpr std::string_view kConfidences[] = {"untrusted", "advisory", "observed", "validated"};
constexpr std::string_view kClaims[] = {"denied", "review_required",
                                        "eligible_after_independent_validation"};
constexpr std::string_view kValidations[] = {"pending", "pass", "fail", "partial"};

constexpr SchemaField word(std::string_view name, Words words,
                           Presence presence = Presence::kRequired) {
  return {name, Kind::kWord, presence, words};
}
constexpr SchemaField text(std::string_view name, Presence presence = Presence::kRequired) {
  return {name, Kind::kText, presence};
}
constexpr SchemaField texts(std::string_view name, Presence presence = Presence::kRequired) {
  return {name, Kind::kTexts, presence};
}
constexpr SchemaField object(std::string_view name, std::span<const SchemaField> members,
                             Presence presence = Presence::kRequired) {
  return {name, Kind::kObject, presence, {}, members};
}
constexpr SchemaField objects(std::string_view name, std::span<const SchemaField> members) {
  return {name, Kind::kObjects, Presence::kRequired, {}, members};
}

constexpr SchemaField kContextProof[] = {word("state", kAxiomProofs), texts("failing_edges"),
                                         texts("proof_refs")};
constexpr SchemaField kSemanticTrust[] = {word("provenance_class", kProvenances),
                                          {"trust_weight", Kind::kNumber},
                                          text("weighting_basis")};
constexpr SchemaField kRedaction[] = {word("status", kAxiomRedactions),
                                      texts("redaction_refs"),
                                      {"blocks_critical_premise", Kind::kSwitch, kNullable}};
constexpr SchemaField kConfidence[] = {{"value", Kind::kNumberOrText}, word("scale", kScales)};
constexpr SchemaField kPolicy[] = {text("decision_id"), word("result", kPolicies)};
constexpr SchemaField kContextAnchor[] = {text("source_id"), word("source_type", kContextSources),
                                          text("ref"), text("hash")};
constexpr SchemaField kContext[] = {
    text("schema"),
    {"version", Kind::kCount},
    text("cortex_context_trust_ref", kNullable),
    text("context_id"),
    word("compatibility_trust_label", kLabels),
    object("proof_state", kContextProof),
    word("truth_ceiling", kAxiomCeilings),
    object("semantic_trust", kSemanticTrust),
    texts("provenance_refs", kOptional),
    word("contradiction_state", kContradictions, kOptional),
    word("promotion_state", kPromotions, kOptional),
    word("quarantine_state", kQuarantines),
    object("redaction_state", kRedaction),
    object("confidence", kConfidence, kNullable),
    object("policy_result", kPolicy),
    {"allowed_claim_language", Kind::kWords, kOptional, kLanguage},
    {"forbidden_uses", Kind::kWords, kOptional, kForbidden},
    {"allowed_use", Kind::kWords, kOptional, kAllowed},
    texts("evidence_refs", kOptional),
    objects("source_anchors", kContextAnchor),
    texts("residual_risk", kOptional),
};

constexpr SchemaField kRepo[] = {word("result", kRepos), text("evaluation_ref")};
constexpr SchemaField kActor[] = {text("identity_ref"), text("attestation_ref"),
                                  text("operator_approval_ref"), text("operator_approval_hash")};
constexpr SchemaField kToken[] = {text("token_id"),
                                  text("audience"),
                                  text("scope_hash"),
                                  text("operation_hash"),
                                  text("manifest_hash"),
                                  text("request_hash"),
                                  {"expires_at", Kind::kTime},
                                  word("revocation_result", kRevocations)};
constexpr SchemaField kTool[] = {text("tool_id"), text("tool_version"), text("command_ref"),
                                 text("source_commit"), text("dependency_lock_ref")};
constexpr SchemaField kExecutionAnchor[] = {
    text("source_id"), word("source_type", kExecutionSources), text("ref"), text("hash")};
constexpr SchemaField kExecution[] = {
    text("schema"),
    {"version", Kind::kCount},
    text("axiom_execution_trust_ref", kNullable),
    text("action_id"),
    word("execution_trust_level", kLevels),
    object("repo_trust", kRepo),
    object("actor_attestation", kActor),
    object("policy_decision", kPolicy),
    object("token_scope", kToken),
    object("tool_provenance", kTool),
    objects("source_anchors", kExecutionAnchor),
    text("runtime_mode"),
    texts("evidence_refs", kOptional),
    texts("residual_risk", kOptional),
};

constexpr SchemaField kInitiating[] = {text("context_id"), text("cortex_context_trust_ref")};
constexpr SchemaField kAction[] = {text("action_id"), text("axiom_execution_trust_ref")};
constexpr SchemaField kArtifact[] = {text("artifact_id"), text("lineage_ref"),
                                     word("lifecycle_state", kPromotions),
                                     word("reproducibility_level", kReproducibility)};
constexpr SchemaField kAuthorityClaims[] = {word("durable_truth_promotion", kClaims),
                                            word("full_execution_authority", kClaims),
                                            {"review_required", Kind::kSwitch}};
constexpr SchemaField kValidation[] = {{"required", Kind::kSwitch},
                                       text("independent_validation_ref", kNullable),
                                       word("result", kValidations)};
constexpr SchemaField kLoop[] = {
    text("schema"),
    {"version", Kind::kCount},
    text("authority_feedback_loop_ref", kNullable),
    text("loop_id"),
    {"started_at", Kind::kTime},
    object("initiating_context", kInitiating),
    object("axiom_action", kAction),
    objects("returned_artifacts", kArtifact),
    word("amplification_risk", kRisks),
    texts("independent_evidence_refs", kOptional),
    texts("external_grounding_refs", kOptional),
    text("contradiction_scan_ref"),
    word("quarantine_state", kQuarantines),
    word("confidence_ceiling", kConfidences),
    {"same_loop_promotion_allowed", Kind::kSwitch},
    object("authority_claims", kAuthorityClaims),
    object("target_domain_validation", kValidation),
    texts("residual_risk", kOptional),
};

struct Shape {
  std::string_view name;
  bool may_be_wrapped;
  std::span<const SchemaField> fields;
};
constexpr std::array<Shape, 3> kShapes{{{"cortex_context_trust", true, kContext},
                                        {"axiom_execution_trust", true, kExecution},
                                        {"authority_feedback_loop", false, kLoop}}};

std::string misfit(const SchemaField& field, const json::Value& value);

std::string misfit_of_object(std::span<const SchemaField> fields, const json::Value& value) {
  const json::Object* members = value.as_object();
  if (members == nullptr) return " is no object";
  for (const auto& [name, unused] : *members) {
    if (std::ranges::find(fields, name, &SchemaField::name) == fields.end()) {
      return cat(".", name, " is not known");
    }
  }
  for (const SchemaField& field : fields) {
    const json::Value* member = members->find(field.name);
    if (member == nullptr) {
      if (field.presence == Presence::kRequired) return cat(".", field.name, " is missing");
      continue;
    }
    if (member->is_null() && field.presence == Presence::kNullable) continue;
    if (const std::string what = misfit(field, *member); !what.empty()) {
      return cat(".", field.name, what);
    }
  }
  return "";
}

std::string misfit_of_array(const SchemaField& field, Kind element, const json::Value& value) {
  const json::Array* elements = value.as_array();
  if (elements == nullptr) return " is no array";
  const SchemaField one{field.name, element, Presence::kRequired, field.words, field.members};
  for (std::size_t i = 0; i < elements->size(); ++i) {
    if (const std::string what = misfit(one, (*elements)[i]); !what.empty()) {
      return cat("[", i, "]", what);
    }
  }
  return "";
}

bool is_count(const json::Number* number) {
  return number != nullptr && number->kind == json::Number::Kind::kUnsigned;
}

// What does not fit, as the rest of a path and a predicate; "" when all does. The depth of the
// recursion is that of the tables above.
std::string misfit(const SchemaField& field, const json::Value& value) {
  const std::string* string = value.as_string();
  switch (field.kind) {
    case Kind::kText:
      return string != nullptr ? "" : " is no string";
    case Kind::kTexts:
      return misfit_of_array(field, Kind::kText, value);
    case Kind::kWord:
      if (string == nullptr) return " is no string";
      return std::ranges::find(field.words, *string) != field.words.end()
                 ? ""
                 : cat(" has the unknown value ", quoted(*string));
    case Kind::kWords:
      return misfit_of_array(field, Kind::kWord, value);
    case Kind::kCount:
      return is_count(value.as_number()) ? "" : " is no count";
    case Kind::kNumber:
      return value.as_number() != nullptr ? "" : " is no number";
    case Kind::kNumberOrText:
      return value.as_number() != nullptr || string != nullptr ? "" : " is no number or string";
    case Kind::kSwitch:
      return value.as_bool() != nullptr ? "" : " is not true or false";
    case Kind::kTime:
      return string != nullptr && parse_relaxed_rfc3339(*string) ? "" : " is no RFC 3339 time";
    case Kind::kObject:
      return misfit_of_object(field.members, value);
    case Kind::kObjects:
      return misfit_of_array(field, Kind::kObject, value);
  }
  return " is of an unknown kind";
}

const Shape& shape_of(Envelope envelope) { return kShapes[static_cast<std::size_t>(envelope)]; }

}  // namespace

std::string_view schema_name(Envelope envelope) { return shape_of(envelope).name; }

Result<json::Value> read_envelope(Envelope envelope, const json::Value& document) {
  const Shape& shape = shape_of(envelope);
  const json::Value* inner = shape.may_be_wrapped ? document.find(shape.name) : nullptr;
  const json::Value& value = inner == nullptr ? document : *inner;
  const std::string what = misfit_of_object(shape.fields, value);
  if (what.empty()) return value;
  return make_error(Code::kQuarantined, cat(shape.name, what), "nothing was admitted",
                    "send the envelope in the documented shape",
                    cat(shape.name, ".envelope.schema_drift"));
}

const json::Value* value_at(const json::Value& value, std::string_view path) {
  const json::Value* at = &value;
  for (const std::string_view step : split(path, '.')) {
    at = at->find(step);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string_view text_at(const json::Value& value, std::string_view path) {
  const json::Value* found = value_at(value, path);
  const std::string* string = found == nullptr ? nullptr : found->as_string();
  return string == nullptr ? std::string_view{} : std::string_view{*string};
}

bool flag_at(const json::Value& value, std::string_view path) {
  const json::Value* found = value_at(value, path);
  const bool* flag = found == nullptr ? nullptr : found->as_bool();
  return flag != nullptr && *flag;
}

}  // namespace cortex::trust
