#include "app/gate_evidence.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "crypto/digest.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kEvidenceBytesMax = 16U << 20;
constexpr std::string_view kAdvisoryKinds[] = {"cortex_pre_v2_backup", "pre_v2_backup",
                                               "run_ledger_drill", "development_ledger",
                                               "local_development"};

constexpr std::array<GateNames, 2> kEvidenceGates{{
    {"release",
     "release.readiness",
     "remote_ci",
     "release",
     "release.remote_ci_evidence",
     "trusted_remote_ci_evidence",
     trust::ClaimKind::kReleaseReadiness,
     "ReleaseReadiness",
     {"release_readiness_artifact", "trusted_stdout_artifact", "trusted_artifact_emission",
      "compliance_evidence", "cross_system_trust_decision", "external_reporting"}},
    {"compliance",
     "compliance.evidence",
     "external_authority",
     "compliance",
     "compliance.external_authority",
     "trusted_external_authority_evidence",
     trust::ClaimKind::kComplianceEvidence,
     "ComplianceEvidence",
     {"compliance_evidence_artifact", "trusted_stdout_artifact", "trusted_artifact_emission",
      "release_readiness_artifact", "cross_system_trust_decision", "external_reporting"}},
}};

// True for "signed://x" and "https://x" without white space.
bool is_source_ref(std::string_view text) {
  for (const std::string_view scheme : {"signed://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::string_view rest = text.substr(scheme.size());
    return !rest.empty() && rest.find_first_of(" \t\r\n\v\f") == std::string_view::npos;
  }
  return false;
}

// The enumerator whose token this is, of those up to `last`.
template <class Enum>
bool read_enum(const json::Value& from, std::string_view name, Enum last,
               std::string_view (*token_of)(Enum), Enum& out) {
  const std::string* text = from.find_text(name);
  if (text == nullptr) return false;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (token_of(static_cast<Enum>(i)) != *text) continue;
    out = static_cast<Enum>(i);
    return true;
  }
  return false;
}

std::optional<Evidence> read_document(const std::string& text) {
  const auto document = json::parse(text);
  if (!document.ok()) return std::nullopt;
  Evidence out;
  const std::string* kind = document->find_text("evidence_kind");
  const json::Value* refs = document->find("source_refs");
  if (kind == nullptr || refs == nullptr || refs->as_array() == nullptr) return std::nullopt;
  out.kind = *kind;
  for (const json::Value& ref : *refs->as_array()) {
    if (ref.as_string() == nullptr) return std::nullopt;
    out.source_refs.push_back(*ref.as_string());
  }
  using namespace std::string_view_literals;
  const bool known = read_enum(*document, "runtime_mode"sv, trust::RuntimeMode::kAuthorityGrade,
                               trust::runtime_mode_token, out.facts.runtime_mode) &&
                     read_enum(*document, "authority_class"sv, trust::AuthorityClass::kOperator,
                               trust::authority_class_token, out.facts.authority_class) &&
                     read_enum(*document, "proof_state"sv, trust::ProofState::kFullChainVerified,
                               trust::proof_state_token, out.facts.proof_state) &&
                     read_enum(*document, "claim_ceiling"sv, trust::ClaimCeiling::kAuthorityGrade,
                               trust::claim_ceiling_token, out.facts.requested) &&
                     read_enum(*document, "policy_outcome"sv, trust::Outcome::kReject,
                               trust::outcome_token, out.policy);
  if (!known) return std::nullopt;
  out.blake3 = crypto::blake3_hex(text);
  return out;
}

bool is_advisory(const Evidence& evidence) {
  const trust::RuntimeMode mode = evidence.facts.runtime_mode;
  return mode == trust::RuntimeMode::kDev || mode == trust::RuntimeMode::kLocalUnsigned ||
         std::ranges::find(kAdvisoryKinds, evidence.kind) != std::end(kAdvisoryKinds);
}

bool is_authority_grade(const Evidence& evidence) {
  return evidence.facts.runtime_mode == trust::RuntimeMode::kAuthorityGrade &&
         evidence.facts.authority_class == trust::AuthorityClass::kOperator &&
         evidence.facts.proof_state == trust::ProofState::kFullChainVerified &&
         evidence.facts.requested == trust::ClaimCeiling::kAuthorityGrade &&
         evidence.policy == trust::Outcome::kAllow;
}

// What decides about evidence that could be read, as a row.
struct EvidenceCheck {
  bool fails;
  std::string_view rule;
  std::string missing;
  std::string_view reason;
};

void judge_shape(const GateRequest& request, EvidenceVerdict& verdict) {
  const GateNames& names = names_of(request.kind);
  const Evidence& evidence = *verdict.evidence;
  const bool digest_given = request.evidence_blake3.has_value();
  verdict.digest_verified = digest_given && *request.evidence_blake3 == evidence.blake3;
  verdict.refs_valid = std::ranges::all_of(evidence.source_refs, is_source_ref);
  const std::string input = cat(names.prefix, ".evidence_input_");
  const std::string grade =
      cat(names.prefix, ".authority_grade_", names.evidence_kind, "_evidence");
  for (const EvidenceCheck& check : std::initializer_list<EvidenceCheck>{
           {is_advisory(evidence), "advisory_only", grade, "development evidence is advisory only"},
           {!digest_given, "missing_digest", input + "blake3",
            "the digest of the evidence is not given"},
           {!verdict.digest_verified, "digest_mismatch", input + "matching_blake3",
            "the evidence has another digest than the given one"},
           {evidence.source_refs.empty(), "missing_source_refs", input + "source_refs",
            "the evidence names no source"},
           {!verdict.refs_valid, "malformed_source_refs",
            cat(names.prefix, ".authority_source_refs"),
            "a source is neither signed:// nor https://"},
           {evidence.kind != names.evidence_kind, "wrong_evidence_kind",
            cat(names.prefix, ".", names.evidence_kind, "_evidence_kind"),
            "the evidence is of another kind than this gate takes"},
           {!is_authority_grade(evidence), "not_authority_grade", grade,
            "the evidence is below authority grade"}}) {
    if (!check.fails) continue;
    verdict.state = check.rule == "advisory_only" ? "advisory_only" : "rejected";
    verdict.rule = check.rule;
    verdict.missing = check.missing;
    verdict.reason = check.reason;
    return;
  }
}

}  // namespace

const GateNames& names_of(GateKind kind) { return kEvidenceGates[static_cast<std::size_t>(kind)]; }

json::Value forbidden_uses_of(GateKind kind) {
  json::Array out;
  for (const std::string_view use : names_of(kind).forbidden_uses) out.emplace_back(use);
  return out;
}

EvidenceVerdict judge_evidence(Services& services, const GateRequest& request) {
  const GateNames& names = names_of(request.kind);
  EvidenceVerdict out;
  out.vote_rule = names.vote_rule;
  const auto ended = [&](std::string_view state, std::string_view rule, std::string_view missing,
                         std::string reason, std::string_view vote = "") {
    out.state = state;
    out.rule = rule;
    out.missing = cat(names.prefix, ".evidence_input", missing);
    out.reason = std::move(reason);
    if (!vote.empty()) out.vote_rule = cat(names.prefix, ".evidence_input_", vote);
    return out;
  };
  if (!request.evidence_file && !request.evidence_json) {
    return ended("missing_input", "missing", "", cat("missing ", names.subject, " evidence input"));
  }
  out.present = true;
  std::string text = request.evidence_json.value_or("");
  if (request.evidence_file) {
    auto read = fs::read_all(services.fs, *request.evidence_file, kEvidenceBytesMax);
    if (!read.ok()) {
      return ended("read_failed", "read_failed", "_readable",
                   cat("the evidence cannot be read: ", fs::describe(read.error())), "read");
    }
    text = std::move(read).value();
  }
  out.evidence = read_document(text);
  if (!out.evidence) {
    return ended("parse_failed", "invalid_json", "_valid_authority_json",
                 "the evidence is no JSON of the documented shape", "parse");
  }
  judge_shape(request, out);
  return out;
}

}  // namespace cortex::app
