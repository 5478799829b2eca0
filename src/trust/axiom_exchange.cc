#include "trust/axiom_exchange.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"
#include "trust/axiom_schema.h"

namespace cortex::trust {
namespace {

// One check of a member. The invariant is "<schema>.<path>.<ending>", the ending that of the kind.
enum class Check : std::uint8_t {
  kSchema,
  kVersion,
  kPresent,    // text that is not blank
  kNoBlanks,   // array without blank texts
  kHash,       // "sha256:" and 64 lower-case hex digits
  kCommit,     // 40 lower-case hex digits
  kUsable,     // proof state neither missing nor failed
  kWeight,     // number within 0 and 1
  kKnown,      // word other than "unknown"
  kCoverage,   // array of at least three different words
  kTrue,       // switch that must be on
  kAnchors,    // array of anchors
  kArtifacts,  // array of artifacts
};

struct Rule {
  Check check;
  std::string_view path;
};

constexpr Rule kExecutionRules[] = {
    {Check::kSchema, "schema"},
    {Check::kVersion, "version"},
    {Check::kPresent, "action_id"},
    {Check::kPresent, "repo_trust.evaluation_ref"},
    {Check::kPresent, "actor_attestation.identity_ref"},
    {Check::kPresent, "actor_attestation.attestation_ref"},
    {Check::kPresent, "actor_attestation.operator_approval_ref"},
    {Check::kHash, "actor_attestation.operator_approval_hash"},
    {Check::kPresent, "policy_decision.decision_id"},
    {Check::kPresent, "token_scope.token_id"},
    {Check::kPresent, "token_scope.audience"},
    {Check::kHash, "token_scope.scope_hash"},
    {Check::kHash, "token_scope.operation_hash"},
    {Check::kHash, "token_scope.manifest_hash"},
    {Check::kHash, "token_scope.request_hash"},
    {Check::kPresent, "tool_provenance.tool_id"},
    {Check::kPresent, "tool_provenance.tool_version"},
    {Check::kPresent, "tool_provenance.command_ref"},
    {Check::kCommit, "tool_provenance.source_commit"},
    {Check::kPresent, "tool_provenance.dependency_lock_ref"},
    {Check::kAnchors, "source_anchors"},
    {Check::kPresent, "runtime_mode"},
};
constexpr Rule kContextRules[] = {
    {Check::kSchema, "schema"},
    {Check::kVersion, "version"},
    {Check::kPresent, "context_id"},
    {Check::kNoBlanks, "proof_state.failing_edges"},
    {Check::kNoBlanks, "proof_state.proof_refs"},
    {Check::kUsable, "proof_state.state"},
    {Check::kPresent, "semantic_trust.weighting_basis"},
    {Check::kWeight, "semantic_trust.trust_weight"},
    {Check::kKnown, "semantic_trust.provenance_class"},
    {Check::kKnown, "redaction_state.status"},
    {Check::kNoBlanks, "redaction_state.redaction_refs"},
    {Check::kPresent, "policy_result.decision_id"},
    {Check::kCoverage, "allowed_claim_language"},
    {Check::kCoverage, "forbidden_uses"},
    {Check::kAnchors, "source_anchors"},
};
constexpr Rule kLoopRules[] = {
    {Check::kSchema, "schema"},
    {Check::kVersion, "version"},
    {Check::kPresent, "loop_id"},
    {Check::kPresent, "initiating_context.context_id"},
    {Check::kPresent, "initiating_context.cortex_context_trust_ref"},
    {Check::kPresent, "axiom_action.action_id"},
    {Check::kPresent, "axiom_action.axiom_execution_trust_ref"},
    {Check::kArtifacts, "returned_artifacts"},
    {Check::kPresent, "contradiction_scan_ref"},
    {Check::kTrue, "target_domain_validation.required"},
};

constexpr std::string_view kLifecycles[] = {"candidate_only", "validated",   "promoted",
                                            "stale",          "quarantined", "unknown"};
constexpr std::string_view kForbiddenUses[] = {"durable_promotion", "release_acceptance",
                                               "runtime_authority", "cortex_truth",
                                               "trusted_history"};
constexpr std::array<std::string_view, 7> kOutputOrder{
    "source_context",    "token_revocation", "repo_trust",   "policy_denial",
    "target_validation", "derived_artifact", "contradiction"};
constexpr std::array<std::string_view, 3> kAcceptedCommits{
    "44b9a25dfbe5a93e64120f53b65730828d1af91c", "062d0d42ac5ef300fa3e04ef5b49b14864babcdd",
    "9a15d281ddcc2bcf36956fbe6d6c5736d8ce706a"};
constexpr std::size_t kCommitDigits = 40;
constexpr std::size_t kDistinctWordsMin = 3;

bool is_hash(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  return text.starts_with(kPrefix) && is_hash_hex(text.substr(kPrefix.size()));
}

bool is_commit(std::string_view text) { return text.size() == kCommitDigits && is_lower_hex(text); }

const json::Array& array_at(const json::Value& value, std::string_view path) {
  static const json::Array none;
  const json::Value* found = value_at(value, path);
  const json::Array* array = found == nullptr ? nullptr : found->as_array();
  return array == nullptr ? none : *array;
}

double number_at(const json::Value& value, std::string_view path) {
  const json::Value* found = value_at(value, path);
  const json::Number* number = found == nullptr ? nullptr : found->as_number();
  if (number == nullptr) return -1;
  return json::to_double(*number);
}

// Collects failing edges and what they are called for others.
class Findings {
 public:
  void reject(std::string invariant, std::string reason) {
    rejected_.push_back({std::move(invariant), std::move(reason)});
  }
  void quarantine(std::string invariant, std::string reason) {
    quarantined_.push_back({std::move(invariant), std::move(reason)});
  }
  // The last one of a name stays.
  void name(std::string_view output, std::string_view invariant, std::string_view reason,
            std::optional<std::string> source_ref = std::nullopt) {
    std::erase_if(named_, [&](const NamedOutput& other) { return other.name == output; });
    named_.push_back(
        {std::string(output), std::string(invariant), std::string(reason), std::move(source_ref)});
  }

  ExchangeDecision decide() {
    ExchangeDecision decision;
    decision.admission = !rejected_.empty()      ? Admission::kReject
                         : !quarantined_.empty() ? Admission::kQuarantine
                                                 : Admission::kAdmitCandidate;
    std::vector<Contribution> votes;
    take(rejected_, Outcome::kReject, decision, votes);
    take(quarantined_, Outcome::kQuarantine, decision, votes);
    if (votes.empty()) {
      votes.push_back({cat(kRulePrefix, "allow_candidate"), Outcome::kAllow,
                       "all three envelopes hold; a candidate may be kept, nothing more"});
    }
    decision.policy = compose(std::move(votes));
    for (const std::string_view output : kOutputOrder) {
      const auto found = std::ranges::find(named_, output, &NamedOutput::name);
      if (found != named_.end()) decision.named.push_back(*found);
    }
    return decision;
  }

 private:
  struct Finding {
    std::string invariant, reason;
  };
  static constexpr std::string_view kRulePrefix = "axiom.admission.trust_exchange.";

  static void take(std::vector<Finding>& from, Outcome outcome, ExchangeDecision& decision,
                   std::vector<Contribution>& votes) {
    for (Finding& finding : from) {
      decision.failing_edges.push_back(finding.invariant);
      votes.push_back({cat(kRulePrefix, finding.invariant), outcome, std::move(finding.reason)});
    }
  }

  std::vector<Finding> rejected_, quarantined_;
  std::vector<NamedOutput> named_;
};

void fail(Findings& findings, std::string_view schema, std::string_view path,
          std::string_view ending) {
  findings.reject(cat(schema, ".", path, ".", ending), cat(path, " of ", schema, ": ", ending));
}

void check_texts(const json::Value& element, std::string_view schema, std::string_view path,
                 std::span<const std::string_view> names, Findings& findings) {
  for (const std::string_view name : names) {
    if (is_blank(text_at(element, name))) fail(findings, schema, cat(path, ".", name), "missing");
  }
}

void check_anchors(const json::Value& envelope, std::string_view schema, std::string_view path,
                   Findings& findings) {
  static constexpr std::string_view kTexts[] = {"source_id", "ref"};
  const json::Array& anchors = array_at(envelope, path);
  if (anchors.empty()) fail(findings, schema, path, "missing");
  for (const json::Value& anchor : anchors) {
    check_texts(anchor, schema, path, kTexts, findings);
    if (!is_hash(text_at(anchor, "hash"))) {
      fail(findings, schema, cat(path, ".hash"), "invalid_format");
    }
  }
}

void check_artifacts(const json::Value& envelope, std::string_view schema, std::string_view path,
                     Findings& findings) {
  static constexpr std::string_view kTexts[] = {"artifact_id", "lineage_ref"};
  const json::Array& artifacts = array_at(envelope, path);
  if (artifacts.empty()) fail(findings, schema, path, "missing");
  for (const json::Value& artifact : artifacts) {
    check_texts(artifact, schema, path, kTexts, findings);
  }
}

bool has_blank(const json::Array& texts) {
  return std::ranges::any_of(texts, [](const json::Value& v) {
    return v.as_string() == nullptr || is_blank(*v.as_string());
  });
}

std::size_t distinct(const json::Array& words) {
  std::set<std::string_view> seen;
  for (const json::Value& word : words) {
    if (word.as_string() != nullptr) seen.insert(*word.as_string());
  }
  return seen.size();
}

struct SimpleCheck {
  bool holds;
  std::string_view ending;
};

SimpleCheck simple(const json::Value& envelope, std::string_view schema, const Rule& rule) {
  const std::string_view text = text_at(envelope, rule.path);
  switch (rule.check) {
    case Check::kSchema:
      return {text == schema, "mismatch"};
    case Check::kVersion:
      return {number_at(envelope, rule.path) == 1, "mismatch"};
    case Check::kPresent:
      return {!is_blank(text), "missing"};
    case Check::kNoBlanks:
      return {!has_blank(array_at(envelope, rule.path)), "blank_entry"};
    case Check::kHash:
      return {is_hash(text), "invalid_format"};
    case Check::kCommit:
      return {is_commit(text), "invalid_format"};
    case Check::kUsable:
      return {text != "missing" && text != "failed", "unusable"};
    case Check::kWeight: {
      const double weight = number_at(envelope, rule.path);
      return {weight >= 0 && weight <= 1, "out_of_range"};
    }
    case Check::kKnown:
      return {text != "unknown", "unknown"};
    case Check::kCoverage:
      return {distinct(array_at(envelope, rule.path)) >= kDistinctWordsMin,
              "insufficient_coverage"};
    case Check::kTrue:
      return {flag_at(envelope, rule.path), "must_be_true"};
    case Check::kAnchors:
    case Check::kArtifacts:
      break;
  }
  return {true, ""};
}

void validate(const json::Value& envelope, Envelope kind, std::span<const Rule> rules,
              Findings& findings) {
  const std::string_view schema = schema_name(kind);
  for (const Rule& rule : rules) {
    if (rule.check == Check::kAnchors) {
      check_anchors(envelope, schema, rule.path, findings);
    } else if (rule.check == Check::kArtifacts) {
      check_artifacts(envelope, schema, rule.path, findings);
    } else if (const SimpleCheck result = simple(envelope, schema, rule); !result.holds) {
      fail(findings, schema, rule.path, result.ending);
    }
  }
}

void judge_authority(const ExchangeInput& input, Findings& findings) {
  if (input.lifecycle != "candidate_only") {
    findings.reject("axiom.admission.lifecycle.must_be_candidate_only",
                    "only candidates are admitted");
  }
  if (flag_at(input.loop, "same_loop_promotion_allowed")) {
    findings.reject("authority_feedback_loop.same_loop_promotion_must_be_false",
                    "a loop must not promote its own output");
  }
  constexpr std::string_view kEligible = "eligible_after_independent_validation";
  if (text_at(input.loop, "authority_claims.durable_truth_promotion") == kEligible ||
      text_at(input.loop, "authority_claims.full_execution_authority") == kEligible) {
    findings.reject("authority_feedback_loop.authority_claims.over_authorized",
                    "the loop claims more authority than an exchange can give");
  }
}

// A member with a value that condemns the exchange.
struct StateRule {
  std::string_view path, value;
  bool unless;  // the value is the only good one
  Outcome outcome;
  std::string_view invariant, output, reason;
};

constexpr std::string_view kPropagated = "axiom.admission.quarantine.propagated";
constexpr StateRule kTokenStates[] = {
    {"token_scope.revocation_result", "revoked", false, Outcome::kReject,
     "axiom_execution_trust.token_scope.revoked", "token_revocation", "the token was revoked"},
    {"token_scope.revocation_result", "inactive", false, Outcome::kReject,
     "axiom_execution_trust.token_scope.inactive", "token_revocation", "the token is not active"},
};
constexpr StateRule kExecutionStates[] = {
    {"repo_trust.result", "untrusted", false, Outcome::kQuarantine,
     "axiom_execution_trust.repo_trust.untrusted", "repo_trust", "the repository is not trusted"},
    {"policy_decision.result", "deny", false, Outcome::kReject,
     "axiom_execution_trust.policy_decision.deny", "policy_denial",
     "the runtime's policy denied the action"},
};
// Beyond reference 0.1.2, which lets these pass.
constexpr StateRule kTighterExecution[] = {
    {"token_scope.revocation_result", "unknown", false, Outcome::kQuarantine,
     "axiom_execution_trust.token_scope.revocation_unknown", "token_revocation",
     "nobody knows whether the token was revoked"},
};
constexpr StateRule kTighterContext[] = {
    {"policy_result.result", "deny", false, Outcome::kQuarantine,
     "cortex_context_trust.policy_result.deny", "policy_denial",
     "the policy of the context denied its use"},
    {"contradiction_state", "unresolved", false, Outcome::kQuarantine,
     "cortex_context_trust.contradiction_state.unresolved", "contradiction",
     "the context has an unresolved contradiction"},
    {"promotion_state", "promoted", false, Outcome::kQuarantine,
     "cortex_context_trust.promotion_state.promoted", "source_context",
     "an exchange cannot carry a promotion"},
    {"compatibility_trust_label", "authority_claimed", false, Outcome::kQuarantine,
     "cortex_context_trust.compatibility_trust_label.authority_claimed", "source_context",
     "a label cannot claim authority"},
};

void judge(const json::Value& envelope, std::span<const StateRule> rules, Findings& findings) {
  for (const StateRule& rule : rules) {
    if ((text_at(envelope, rule.path) == rule.value) == rule.unless) continue;
    if (rule.outcome == Outcome::kReject) {
      findings.reject(std::string(rule.invariant), std::string(rule.reason));
    } else {
      findings.quarantine(std::string(rule.invariant), std::string(rule.reason));
    }
    findings.name(rule.output, rule.invariant, rule.reason);
  }
}

void judge_context(const ExchangeInput& input, Findings& findings) {
  if (text_at(input.context, "quarantine_state") != "clear") {
    constexpr std::string_view kReason = "the context is not clear of quarantine";
    findings.quarantine(std::string(kPropagated), std::string(kReason));
    findings.name("source_context", kPropagated, kReason, "cortex_context_trust");
  }
  if (text_at(input.context, "redaction_state.status") == "redacted" &&
      flag_at(input.context, "redaction_state.blocks_critical_premise")) {
    findings.quarantine("cortex_context_trust.redaction_state.blocks_critical_premise",
                        "a premise that matters was redacted");
  }
}

void judge_execution(const ExchangeInput& input, Findings& findings) {
  judge(input.execution, kTokenStates, findings);
  const auto expires = parse_relaxed_rfc3339(text_at(input.execution, "token_scope.expires_at"));
  if (expires && *expires < input.now) {
    constexpr std::string_view kExpired = "axiom_execution_trust.token_scope.expired";
    findings.reject(std::string(kExpired), "the token has expired");
    findings.name("token_revocation", kExpired, "the token has expired");
  }
  judge(input.execution, kExecutionStates, findings);
}

void judge_loop(const ExchangeInput& input, Findings& findings) {
  static constexpr StateRule kValidation[] = {
      {"target_domain_validation.result", "pass", true, Outcome::kQuarantine,
       "authority_feedback_loop.target_domain_validation.not_pass", "target_validation",
       "the target domain has not validated it"}};
  static constexpr StateRule kLoopState[] = {{"quarantine_state", "clear", true,
                                              Outcome::kQuarantine, kPropagated, "contradiction",
                                              "the loop is not clear of quarantine"}};
  if (flag_at(input.loop, "target_domain_validation.required")) {
    judge(input.loop, kValidation, findings);
  }
  const auto quarantined = [](const json::Value& artifact) {
    return text_at(artifact, "lifecycle_state") == "quarantined";
  };
  if (std::ranges::any_of(array_at(input.loop, "returned_artifacts"), quarantined)) {
    constexpr std::string_view kArtifact = "authority_feedback_loop.returned_artifacts.quarantined";
    findings.quarantine(std::string(kArtifact), "a returned artifact is in quarantine");
    findings.name("derived_artifact", kArtifact, "a returned artifact is in quarantine");
  }
  judge(input.loop, kLoopState, findings);
}

// Two members that must name the same thing where both name one.
void must_agree(std::string_view a, std::string_view b, std::string_view what, Findings& findings) {
  if (is_blank(a) || is_blank(b) || a == b) return;
  findings.quarantine(cat("axiom.admission.cross_check.", what, "_mismatch"),
                      cat("the loop names another ", what, " than the envelope beside it"));
}

void judge_beyond_reference(const ExchangeInput& input, Findings& findings) {
  judge(input.execution, kTighterExecution, findings);
  judge(input.context, kTighterContext, findings);
  const std::string_view audience = text_at(input.execution, "token_scope.audience");
  if (!is_blank(audience) && audience != input.audience) {
    findings.quarantine("axiom_execution_trust.token_scope.audience.unexpected",
                        "the token was made for somebody else");
  }
  must_agree(text_at(input.loop, "initiating_context.context_id"),
             text_at(input.context, "context_id"), "context_id", findings);
  must_agree(text_at(input.loop, "axiom_action.action_id"), text_at(input.execution, "action_id"),
             "action_id", findings);
  must_agree(text_at(input.loop, "initiating_context.cortex_context_trust_ref"),
             text_at(input.context, "cortex_context_trust_ref"), "context_trust_ref", findings);
  must_agree(text_at(input.loop, "axiom_action.axiom_execution_trust_ref"),
             text_at(input.execution, "axiom_execution_trust_ref"), "execution_trust_ref",
             findings);
}

}  // namespace

std::string_view admission_token(Admission admission) {
  constexpr std::array<std::string_view, 3> kTokens{"admit_candidate", "quarantine", "reject"};
  return kTokens[static_cast<std::size_t>(admission)];
}

ExchangeDecision decide_exchange(const ExchangeInput& input) {
  Findings findings;
  judge_authority(input, findings);
  validate(input.execution, Envelope::kExecutionTrust, kExecutionRules, findings);
  validate(input.context, Envelope::kContextTrust, kContextRules, findings);
  validate(input.loop, Envelope::kFeedbackLoop, kLoopRules, findings);
  judge_context(input, findings);
  judge_execution(input, findings);
  judge_loop(input, findings);
  if (input.derived_from_quarantined) {
    constexpr std::string_view kDerived = "axiom.admission.quarantine.derived_from_quarantined";
    findings.quarantine(std::string(kDerived), "the caller says it comes from quarantined input");
    findings.name("source_context", kDerived, "the caller says it comes from quarantined input");
  }
  judge_beyond_reference(input, findings);
  const std::string_view proof = text_at(input.context, "proof_state.state");
  if (proof == "missing" || proof == "failed") {
    findings.reject("cortex_context_trust.proof_state.state.unusable",
                    "the context has no usable proof");
  }
  return findings.decide();
}

std::span<const std::string_view> exchange_lifecycles() { return kLifecycles; }
std::span<const std::string_view> exchange_forbidden_uses() { return kForbiddenUses; }

bool is_accepted_commit(std::string_view commit, const std::optional<std::string>& setting,
                        bool with_placeholder) {
  const std::string wanted = to_lower_ascii(commit);
  if (setting) {
    return std::ranges::any_of(split(*setting, ','), [&](std::string_view entry) {
      return !is_blank(entry) && to_lower_ascii(trim(entry)) == wanted;
    });
  }
  if (with_placeholder && wanted == std::string(kCommitDigits, 'a')) return true;
  return std::ranges::find(kAcceptedCommits, wanted) != kAcceptedCommits.end();
}

}  // namespace cortex::trust
