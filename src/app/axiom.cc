#include "app/axiom.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "app/axiom_rules.h"
#include "base/join.h"
#include "base/text.h"
#include "trust/axiom_exchange.h"
#include "trust/axiom_generic.h"
#include "trust/axiom_schema.h"
#include "trust/claim_language.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kEnvelopeBytesMax = 4U << 20;  // an envelope is read whole

Error axiom_refused(Code code, std::string_view token, std::string message, std::string next) {
  return make_error(code, std::move(message), "nothing was admitted", std::move(next), token);
}

Result<std::string> read_file(Services& services, const std::string& path) {
  auto text = fs::read_all(services.fs, path, kEnvelopeBytesMax);
  if (text.ok() && is_valid_utf8(*text)) return text;
  return axiom_refused(Code::kPrecondition, "",
                       cat("the file ", quoted(path), " cannot be read: ",
                           text.ok() ? "it is not UTF-8" : fs::describe(text.error())),
                       "name a file that can be read");
}

json::Value votes_of(const trust::Decision& decision, std::string_view side) {
  return *trust::to_json(decision).find(side);
}

json::Value policy_of(const trust::Decision& decision) {
  return json::sorted(json::Object{{"final_outcome", trust::outcome_token(decision.final_outcome)},
                                   {"contributing", votes_of(decision, "contributing")}});
}

// ---- Generic mode

Result<trust::AdmissionRequest> read_generic(Services& services, const AxiomRequest& request) {
  const bool given = request.file || request.inline_json || request.receipt;
  if (!given) {
    return axiom_refused(Code::kPrecondition, "",
                         "precondition unmet: there is no envelope to judge",
                         "give --file, --json or --receipt, or the three envelopes of an exchange");
  }
  std::string text;
  if (request.inline_json) {
    text = *request.inline_json;
  } else {
    CORTEX_ASSIGN(text, read_file(services, request.file ? *request.file : *request.receipt));
  }
  const auto document = json::parse(text);
  if (!document.ok()) {
    return axiom_refused(Code::kQuarantined, "",
                         cat("invalid AXIOM admission envelope: ", document.error().message),
                         "send the envelope as JSON");
  }
  return request.receipt ? trust::admission_of_receipt(*document)
                         : trust::read_admission(*document);
}

AxiomReport generic_report(const trust::AdmissionRequest& request) {
  const trust::AdmissionDecision decision = trust::decide_admission(request);
  AxiomReport out;
  out.admitted = decision.admission == trust::Admission::kAdmitCandidate;
  out.policy_outcome = policy_of(decision.policy);
  out.report = json::sorted(json::Object{
      {"command", "memory admit-axiom"},
      {"decision", trust::admission_token(decision.admission)},
      {"persisted", false},
      {"candidate_state", request.candidate_state},
      {"explicit_non_promotion", request.explicit_non_promotion},
      {"policy_outcome", trust::outcome_token(decision.policy.final_outcome)},
      {"policy_contributing", votes_of(decision.policy, "contributing")},
      {"provenance_class", trust::provenance_token(decision.provenance)},
      {"semantic_claim_ceiling", trust::claim_ceiling_token(decision.semantic.ceiling)},
      {"semantic_intended_use", trust::intended_use_token(trust::IntendedUse::kCandidateMemory)},
      {"semantic_policy_outcome", trust::outcome_token(decision.semantic.outcome)},
      {"semantic_reasons", json::Array{decision.semantic.reason}},
      {"semantic_trust", trust::semantic_trust_token(decision.semantic.trust)}});
  return out;
}

// ---- Trust exchange

struct Missing {
  const std::optional<std::string> AxiomRequest::* path;
  std::string_view token, message, next;
};
constexpr std::array<Missing, 3> kMissing{{
    {&AxiomRequest::execution_trust, "axiom.admission.axiom_execution_trust.missing",
     "--axiom-execution-trust is required for a trust exchange", "give all three envelopes"},
    {&AxiomRequest::feedback_loop, "axiom.admission.authority_feedback_loop.missing",
     "--authority-feedback-loop is required for a trust exchange", "give all three envelopes"},
    {&AxiomRequest::context_trust, "axiom.admission.cortex_context_trust.missing",
     "--cortex-context-trust is required: without it nobody can judge quarantine propagation, "
     "redaction-state-blocks-critical-premise, proof-state-failed or proof-state-missing",
     "give all three envelopes"},
}};

Status check_flags(const AxiomRequest& request) {
  const auto words = trust::exchange_lifecycles();
  if (std::ranges::find(words, request.lifecycle) == words.end()) {
    return axiom_refused(Code::kUsage, "",
                         cat("--lifecycle has the unknown value ", quoted(request.lifecycle)),
                         "give candidate_only, the only one that is admitted");
  }
  for (const Missing& missing : kMissing) {
    if (request.*missing.path) continue;
    return axiom_refused(Code::kUsage, std::string(missing.token), std::string(missing.message),
                         std::string(missing.next));
  }
  return {};
}

// A loop that is no JSON has drifted, the others are invalid JSON.
Result<json::Value> read_exchanged(Services& services, trust::Envelope kind,
                                   const std::string& path) {
  CORTEX_ASSIGN(const std::string text, read_file(services, path));
  const std::string_view schema = trust::schema_name(kind);
  const auto document = json::parse(text);
  if (!document.ok()) {
    const bool loop = kind == trust::Envelope::kFeedbackLoop;
    return axiom_refused(
        Code::kQuarantined, cat(schema, ".envelope.", loop ? "schema_drift" : "invalid_json"),
        cat(schema, " is no JSON: ", document.error().message), "send the envelope as JSON");
  }
  return trust::read_envelope(kind, *document);
}

json::Value texts_of(std::span<const std::string_view> words) {
  json::Array out;
  for (const std::string_view word : words) out.emplace_back(word);
  return out;
}

json::Value named_json(const trust::ExchangeDecision& decision) {
  if (decision.admission == trust::Admission::kAdmitCandidate) return nullptr;
  json::Object out;
  for (const trust::NamedOutput& output : decision.named) {
    out.add(output.name, json::Object{{"invariant", output.invariant},
                                      {"reason", output.reason},
                                      {"source_ref", json::or_null(output.source_ref)}});
  }
  return out;
}

std::vector<std::string> diagnostics_of(const trust::ExchangeDecision& decision) {
  std::vector<std::string> lines;
  lines.push_back(cat("decision=", trust::admission_token(decision.admission),
                      " policy_outcome=", trust::outcome_name(decision.policy.final_outcome)));
  if (!decision.failing_edges.empty()) {
    lines.push_back(cat("failing_edges=", join(decision.failing_edges, ",")));
  }
  for (const trust::NamedOutput& output : decision.named) {
    lines.push_back(cat("named_quarantine_output=", output.invariant));
  }
  lines.push_back(cat("forbidden_uses=", join(trust::exchange_forbidden_uses(), ",")));
  return lines;
}

AxiomReport exchange_report(const trust::ExchangeDecision& decision) {
  const bool rejected = decision.admission == trust::Admission::kReject;
  AxiomReport out;
  out.admitted = decision.admission == trust::Admission::kAdmitCandidate;
  out.policy_outcome = policy_of(decision.policy);
  out.diagnostics = diagnostics_of(decision);
  out.report = json::sorted(
      json::Object{{"command", "memory admit-axiom"},
                   {"mode", "trust_exchange"},
                   {"decision", trust::admission_token(decision.admission)},
                   {"failing_edges", json::array_of(decision.failing_edges)},
                   {"forbidden_uses",
                    rejected ? json::Value(nullptr) : texts_of(trust::exchange_forbidden_uses())},
                   {"named_quarantine_outputs", named_json(decision)},
                   {"persisted", false},
                   {"policy_outcome", trust::outcome_token(decision.policy.final_outcome)},
                   {"policy_contributing", votes_of(decision.policy, "contributing")},
                   {"policy_discarded", votes_of(decision.policy, "discarded")}});
  return out;
}

Result<AxiomReport> exchange(Services& services, const Environment& environment,
                             const AxiomRequest& request) {
  using enum trust::Envelope;
  CORTEX_TRY(check_flags(request));
  CORTEX_ASSIGN(const json::Value execution,
                read_exchanged(services, kExecutionTrust, *request.execution_trust));
  CORTEX_TRY(check_source_commit(environment, execution));
  CORTEX_ASSIGN(const json::Value context,
                read_exchanged(services, kContextTrust, *request.context_trust));
  CORTEX_ASSIGN(const json::Value loop,
                read_exchanged(services, kFeedbackLoop, *request.feedback_loop));
  const std::string audience = request.audience.value_or(std::string(trust::kAdmissionAudience));
  return exchange_report(
      trust::decide_exchange({.execution = execution,
                              .context = context,
                              .loop = loop,
                              .lifecycle = request.lifecycle,
                              .derived_from_quarantined = request.derived_from_quarantined,
                              .audience = audience,
                              .now = services.clock.now()}));
}

Result<AxiomReport> judged(Services& services, const Environment& environment,
                           const AxiomRequest& request) {
  if (request.is_exchange()) return exchange(services, environment, request);
  CORTEX_ASSIGN(const trust::AdmissionRequest admission, read_generic(services, request));
  return generic_report(admission);
}

Result<json::Array> mapped_claims(Services& services, const std::string& path) {
  CORTEX_ASSIGN(const std::string text, read_file(services, path));
  const auto document = json::parse(text);
  if (!document.ok()) {
    return axiom_refused(Code::kQuarantined, "",
                         cat("invalid AXIOM claims: ", document.error().message),
                         "send the claims as JSON");
  }
  CORTEX_ASSIGN(const auto elements, trust::read_elements(*document));
  json::Array claims;
  for (const trust::AxiomElement& element : elements) {
    claims.push_back(trust::to_json(element, trust::map_element(element)));
  }
  return claims;
}

}  // namespace

Result<AxiomReport> admit_axiom(Services& services, const Environment& environment,
                                const AxiomRequest& request) {
  CORTEX_ASSIGN(AxiomReport report, judged(services, environment, request));
  if (request.claims) {
    CORTEX_ASSIGN(json::Array claims, mapped_claims(services, *request.claims));
    report.report.as_object()->add("claims", std::move(claims));
    report.report.as_object()->sort();
  }
  return report;
}

}  // namespace cortex::app
