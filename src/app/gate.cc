#include "app/gate.h"

#include <algorithm>
#include <cstdlib>
#include <span>
#include <utility>

#include "app/gate_evidence.h"
#include "app/witness_keys.h"
#include "base/fixed_bytes.h"
#include "base/text.h"
#include "crypto/any_key.h"
#include "ledger/tail.h"
#include "ledger/verify.h"
#include "trust/claim.h"
#include "trust/verifier.h"

namespace cortex::app {
namespace {

using trust::VerifierState;

constexpr std::uint64_t kWitnessBytesMax = 1U << 20;

bool signature_holds(trust::SignatureKind kind, std::span<const std::uint8_t> key,
                     std::string_view message, std::span<const std::uint8_t> signature) {
  if (kind == trust::SignatureKind::kP256) {
    const auto p256 = crypto::P256PublicKey::from_spki(key);
    return p256.ok() && p256->verify(message, signature);
  }
  const auto ed25519 = fixed_bytes<crypto::PublicKey>(key);
  return ed25519 && crypto::check_public_key(*ed25519).ok() &&
         crypto::verify_any(*ed25519, message, signature);
}

Result<trust::Witness> parse_witness(std::string_view text) {
  const auto document = json::parse(text);
  if (!document.ok()) {
    return make_error(Code::kPrecondition, cat("a witness is no JSON: ", document.error().message));
  }
  return trust::read_witness(*document);
}

// Files first, each in the order given.
Result<std::vector<trust::Witness>> load_witnesses(Services& services, const GateRequest& request) {
  std::vector<trust::Witness> out;
  for (const std::string& path : request.witness_files) {
    auto text = fs::read_all(services.fs, path, kWitnessBytesMax);
    if (!text.ok()) {
      return make_error(Code::kPrecondition, cat("the witness ", quoted(path),
                                                 " cannot be read: ", fs::describe(text.error())));
    }
    auto witness = parse_witness(*text);
    if (!witness.ok()) return with_context(std::move(witness).error(), quoted(path));
    out.push_back(std::move(witness).value());
  }
  for (const std::string& text : request.witness_json) {
    CORTEX_ASSIGN(trust::Witness witness, parse_witness(text));
    out.push_back(std::move(witness));
  }
  return out;
}

// The hashes of those rows of a verified ledger that witnesses ask for: one pass.
Result<trust::RowHash> ledger_rows(Services& services, const std::string& path,
                                   const std::vector<trust::Witness>& witnesses) {
  auto file = services.fs.open(path, fs::Open::kRead);
  if (!file.ok()) {
    return make_error(
        Code::kPrecondition,
        cat("the ledger ", quoted(path), " cannot be read: ", fs::describe(file.error())),
        "nothing was judged", "name a ledger with --against-ledger");
  }
  CORTEX_ASSIGN(const std::uint64_t size, ledger::settled_size(**file));
  ledger::VerifyOptions options;
  options.threads = ledger::verify_threads();
  for (const trust::Witness& witness : witnesses) {
    const std::string* count = witness.field("event_count");
    if (count != nullptr) options.positions.push_back(std::strtoull(count->c_str(), nullptr, 10));
  }
  CORTEX_ASSIGN(const ledger::ChainReport chain,
                ledger::verify_chain(**file, size, std::move(options)));
  if (!chain.closed()) {
    return make_error(
        Code::kPrecondition,
        cat("the ledger ", quoted(path), " does not verify: ", chain.failures.front().reason),
        "nothing was changed", "see `cortex audit verify`");
  }
  return trust::RowHash(
      [positions = chain.positions](std::uint64_t row) -> Result<std::optional<std::string>> {
        for (const ledger::Position& position : positions) {
          if (position.ordinal == row) return std::optional(position.event_hash);
        }
        return std::optional<std::string>();
      });
}

// What was found out about the evidence, ready to be written.
struct Judged {
  const GateRequest& request;
  EvidenceVerdict evidence;
  std::vector<trust::Witness> witnesses;
  std::string witness_load_error;
  std::optional<trust::Verdict> verdict;

  bool full() const { return verdict && verdict->state == VerifierState::kFullChainVerified; }
};

void weigh_verdict(Judged& judged) {
  const GateNames& names = names_of(judged.request.kind);
  EvidenceVerdict& evidence = judged.evidence;
  evidence.vote_rule = cat(names.prefix, ".evidence_input_verification");
  if (!judged.witness_load_error.empty()) {
    evidence.state = "rejected";
    evidence.rule = "witness_load_failed";
    evidence.missing = cat(names.prefix, ".independent_witnesses");
    evidence.reason = "a witness cannot be read";
    return;
  }
  evidence.state = trust::verifier_state_token(judged.verdict->state);
  switch (judged.verdict->state) {
    case VerifierState::kFullChainVerified:
      evidence.rule = "full_chain_verified";
      evidence.reason = "independent witnesses of all classes carry the evidence";
      return;
    case VerifierState::kPartial:
      evidence.rule = "independent_verification_partial";
      evidence.reason = "witnesses are missing";
      return;
    case VerifierState::kBroken:
      evidence.rule = "independent_verification_broken";
      evidence.reason = cat(judged.verdict->broken_invariant, ": ", judged.verdict->broken_detail);
      return;
  }
}

Status ask_witnesses(Services& services, Judged& judged) {
  const GateRequest& request = judged.request;
  std::vector<trust::RegisteredKey> registry;
  if (request.key_registry) {
    CORTEX_ASSIGN(registry, read_witness_keys(services, *request.key_registry));
  }
  if (!judged.evidence.rule.empty()) return {};
  auto loaded = load_witnesses(services, request);
  if (!loaded.ok()) {
    judged.witness_load_error = loaded.error().message;
    weigh_verdict(judged);
    return {};
  }
  judged.witnesses = std::move(loaded).value();
  trust::RowHash row_hash;
  if (request.ledger) {
    CORTEX_ASSIGN(row_hash, ledger_rows(services, *request.ledger, judged.witnesses));
  }
  const Evidence& evidence = *judged.evidence.evidence;
  CORTEX_ASSIGN(judged.verdict,
                trust::verify_witnesses({.subject_blake3 = evidence.blake3,
                                         .witnesses = judged.witnesses,
                                         .effective = evidence.facts.effective(),
                                         .now = services.clock.now(),
                                         .age_seconds_max = request.age_seconds_max,
                                         .registry = registry,
                                         .require_registered = request.require_registered,
                                         .check = signature_holds,
                                         .row_hash = std::move(row_hash)}));
  weigh_verdict(judged);
  return {};
}

json::Array missing_of(const Judged& judged) {
  const GateNames& names = names_of(judged.request.kind);
  json::Array out;
  if (judged.full()) return out;
  if (judged.verdict) {
    out.emplace_back(cat(names.prefix, ".", names.evidence_kind, "_independent_verification"));
    out.emplace_back(cat(names.prefix, ".trusted_artifact_emission"));
  } else {
    out.emplace_back(judged.evidence.missing);
  }
  return out;
}

// The members that only some states have.
void add_details(const Judged& judged, json::Object& out) {
  const EvidenceVerdict& verdict = judged.evidence;
  if (!verdict.evidence) return;
  const Evidence& evidence = *verdict.evidence;
  out.add("evidence_kind", evidence.kind);
  out.add("source_ref_count", evidence.source_refs.size());
  if (verdict.state == "advisory_only") {
    out.add("advisory_only", true);
    out.add("authority_class", trust::authority_class_token(evidence.facts.authority_class));
    out.add("claim_ceiling", trust::claim_ceiling_token(evidence.facts.requested));
    out.add("input_policy_outcome", trust::outcome_token(evidence.policy));
    out.add("proof_state", trust::proof_state_token(evidence.facts.proof_state));
    out.add("runtime_mode", trust::runtime_mode_token(evidence.facts.runtime_mode));
    return;
  }
  if (!judged.witness_load_error.empty()) {
    out.add("evidence_blake3", evidence.blake3);
    out.add("witness_load_error", judged.witness_load_error);
    return;
  }
  out.add("digest_verified", verdict.digest_verified);
  out.add("source_refs_present", !evidence.source_refs.empty());
  out.add("source_refs_valid", verdict.refs_valid);
  if (judged.verdict) {
    out.add("evidence_blake3", evidence.blake3);
  } else {
    out.add("input_policy_outcome", trust::outcome_token(evidence.policy));
  }
}

json::Value input_json(const Judged& judged) {
  const GateNames& names = names_of(judged.request.kind);
  const bool full = judged.full();
  json::Object out{{"accepted", full},
                   {"accepted_as", full ? names.accepted_as : "none"},
                   {"failed_rule", cat(names.prefix, ".evidence_input.", judged.evidence.rule)},
                   {"forbidden_uses", forbidden_uses_of(judged.request.kind)},
                   {"independent_verification", full},
                   {"missing_evidence", missing_of(judged)},
                   {"present", judged.evidence.present},
                   {"reason", judged.evidence.reason},
                   {"trusted_artifact_emitted", full},
                   {"trusted_evidence_input_present", full},
                   {"verification_state", judged.evidence.state}};
  add_details(judged, out);
  return out;
}

// "registry": somebody vouches for every key; "unregistered_keys": the witnesses brought theirs.
std::string_view trust_root_of(const Judged& judged) {
  return judged.request.key_registry && judged.verdict->all_registered && !judged.witnesses.empty()
             ? "registry"
             : "unregistered_keys";
}

json::Value verifier_json(const Judged& judged) {
  if (!judged.verdict) return json::Object{{"invoked", false}};
  const trust::Verdict& verdict = *judged.verdict;
  json::Array witnesses;
  for (const trust::Witness& witness : judged.witnesses) {
    witnesses.push_back(trust::witness_summary(witness));
  }
  json::Value edge = nullptr;
  if (verdict.state == VerifierState::kBroken) {
    edge = json::Object{{"detail", verdict.broken_detail}, {"invariant", verdict.broken_invariant}};
  }
  return json::Object{{"broken_edge", std::move(edge)},
                      {"ceiling", trust::claim_ceiling_token(verdict.ceiling)},
                      {"invoked", true},
                      {"ledger_compared", verdict.ledger_compared},
                      {"reasons", json::array_of(verdict.reasons)},
                      {"state", trust::verifier_state_token(verdict.state)},
                      {"trust_root", trust_root_of(judged)},
                      {"witnesses", std::move(witnesses)}};
}

// Evidence that is not there or cannot be read claims nothing for itself.
trust::TruthCeiling facts_of(const Judged& judged) {
  trust::TruthCeiling facts;
  if (judged.evidence.evidence) {
    facts = judged.evidence.evidence->facts;
  } else if (judged.evidence.present) {
    facts = {trust::RuntimeMode::kUnknown,
             trust::ProofState::kUnknown,
             trust::AuthorityClass::kUntrusted,
             {}};
  } else {
    facts = {trust::RuntimeMode::kLocalUnsigned,
             trust::ProofState::kPartial,
             trust::AuthorityClass::kObserved,
             {}};
  }
  facts.requested = trust::ClaimCeiling::kAuthorityGrade;
  return facts;
}

std::vector<std::string> warnings_of(const Judged& judged) {
  if (!judged.verdict || judged.witnesses.empty() || trust_root_of(judged) == "registry") return {};
  return {
      "WARNING: nobody vouches for the keys of the witnesses (trust_root=unregistered_keys): "
      "whoever holds the evidence can have made them all. Give --witness-key-registry and "
      "--require-registered-witnesses"};
}

GateReport report_of(const Judged& judged) {
  const GateNames& names = names_of(judged.request.kind);
  const trust::Outcome outcome = judged.full() ? trust::Outcome::kAllow : trust::Outcome::kReject;
  const trust::Decision decision =
      trust::compose({{judged.evidence.vote_rule, outcome, judged.evidence.reason}});
  trust::ReportableClaim claim = trust::make_claim(std::string(names.command), facts_of(judged));
  const bool reaches = trust::admit_as(claim, names.claim);
  trust::ClaimCeiling ceiling = claim.effective;
  if (trust::ceiling_of(outcome) < ceiling) {
    ceiling = trust::ceiling_of(outcome);
    claim.downgrade_reasons.push_back(
        cat("policy outcome ", trust::outcome_name(outcome), " limits authority claims"));
  }
  GateReport out;
  out.open = reaches && !decision.blocked();
  std::string preflight =
      cat("policy outcome ", trust::outcome_name(outcome), " fails closed for ", names.claim_name);
  if (out.open) {
    preflight =
        cat(names.claim_name, " allowed at effective ceiling ", trust::claim_ceiling_name(ceiling));
  }
  json::Value policy = trust::to_json(decision);
  const bool full = judged.full();
  out.report = json::sorted(json::Object{
      {"artifact_emitted", full},
      {"claim_allowed", out.open},
      {"claim_ceiling", trust::claim_ceiling_token(ceiling)},
      {"command", names.command},
      {"downgrade_reasons", json::array_of(claim.downgrade_reasons)},
      {"evidence_input", input_json(judged)},
      {"forbidden_uses", forbidden_uses_of(judged.request.kind)},
      {"independent_verification", full},
      {"policy_contributing", *policy.find("contributing")},
      {"policy_discarded", *policy.find("discarded")},
      {"policy_outcome", trust::outcome_token(outcome)},
      {"preflight_reason", preflight},
      {"proof_state", trust::proof_state_token(claim.facts.proof_state)},
      {"required_ceiling", trust::claim_ceiling_token(trust::required_ceiling(names.claim))},
      {"runtime_mode", trust::runtime_mode_token(claim.facts.runtime_mode)},
      {"trusted_artifact_emitted", full},
      {"trusted_stdout_artifact", full},
      {"verifier", verifier_json(judged)}});
  out.policy_outcome = json::sorted(std::move(policy));
  out.warnings = warnings_of(judged);
  return out;
}

}  // namespace

Result<GateReport> judge_gate(Services& services, const GateRequest& request) {
  Judged judged{request, judge_evidence(services, request), {}, "", std::nullopt};
  CORTEX_TRY(ask_witnesses(services, judged));
  return report_of(judged);
}

}  // namespace cortex::app
