#include "trust/verifier.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "base/text.h"

namespace cortex::trust {
namespace {

struct Broken {
  std::string_view invariant;
  std::string detail;
};
using Finding = std::optional<Broken>;

Broken overlap(std::string detail) {
  return {"verifier.witness.authority_overlap", std::move(detail)};
}

std::string_view name_of(const Witness& witness) { return witness_class_token(witness.kind); }

Finding check_subjects(const VerifierInput& input) {
  for (const Witness& witness : input.witnesses) {
    if (witness.subject_blake3 == input.subject_blake3) continue;
    return Broken{"verifier.witness.disagreement",
                  cat(name_of(witness), " is about another digest than that of the evidence")};
  }
  return std::nullopt;
}

const RegisteredKey* registered(const VerifierInput& input, const Witness& witness) {
  const WitnessSignature& signature = witness.signature;
  const auto found = std::ranges::find_if(input.registry, [&](const RegisteredKey& row) {
    if (signature.kind == SignatureKind::kNamedKey) return row.key_id == signature.signer_id;
    return row.kind == signature.kind && row.key == signature.key;
  });
  return found == input.registry.end() ? nullptr : &*found;
}

// The key that speaks. A name stands for the key that the registry has for it; empty when it has
// none.
std::span<const std::uint8_t> key_of(const VerifierInput& input, const Witness& witness) {
  if (witness.signature.kind != SignatureKind::kNamedKey) return witness.signature.key;
  const RegisteredKey* row = registered(input, witness);
  return row == nullptr ? std::span<const std::uint8_t>() : row->key;
}

bool speak_with_one_key(const VerifierInput& input, const Witness& a, const Witness& b) {
  const auto key_a = key_of(input, a), key_b = key_of(input, b);
  if (key_a.empty() && key_b.empty()) return a.signature.signer_id == b.signature.signer_id;
  return std::ranges::equal(key_a, key_b);
}

// One voice a domain and a key: four statements of one party are one.
Finding check_independence(const VerifierInput& input) {
  for (const Witness& witness : input.witnesses) {
    if (witness.domain != required_domain(witness.kind)) {
      return overlap(cat(name_of(witness), " must come from ", required_domain(witness.kind),
                         ", not from ", witness.domain));
    }
  }
  for (auto a = input.witnesses.begin(); a != input.witnesses.end(); ++a) {
    for (auto b = input.witnesses.begin(); b != a; ++b) {
      if (a->domain == b->domain) return overlap(cat("two witnesses come from ", a->domain));
    }
  }
  for (auto a = input.witnesses.begin(); a != input.witnesses.end(); ++a) {
    for (auto b = input.witnesses.begin(); b != a; ++b) {
      if (!speak_with_one_key(input, *a, *b)) continue;
      return overlap(cat(name_of(*a), " and ", name_of(*b), " are signed by one key"));
    }
  }
  return std::nullopt;
}

Finding check_age(const VerifierInput& input) {
  const auto max = static_cast<std::int64_t>(
      std::min<std::uint64_t>(input.age_seconds_max, std::numeric_limits<std::int64_t>::max()));
  for (const Witness& witness : input.witnesses) {
    // Years are bounded, so the difference is.
    const std::int64_t age = input.now.seconds - witness.asserted_at.seconds;
    if (age > max || (age == max && input.now.nanos > witness.asserted_at.nanos)) {
      return Broken{"verifier.witness.stale",
                    cat(name_of(witness), " is ", age, " seconds old, more than ", max)};
    }
    if (age < -kClockSkewSeconds) {
      return Broken{"verifier.witness.future",
                    cat(name_of(witness), " is dated ", -age, " seconds ahead of now")};
    }
  }
  return std::nullopt;
}

bool needs_third_party(WitnessClass kind) {
  return kind == WitnessClass::kRemoteCi || kind == WitnessClass::kReproducibleBuild;
}

Finding check_tiers(const VerifierInput& input) {
  for (const Witness& witness : input.witnesses) {
    const RegisteredKey* row = registered(input, witness);
    const WitnessTier tier =
        row != nullptr && row->tier ? std::min(*row->tier, witness.tier) : witness.tier;
    if (!needs_third_party(witness.kind) || tier == WitnessTier::kThirdParty) continue;
    return Broken{"verifier.witness.tier_insufficient",
                  cat(name_of(witness), " must come from a third party, not from ",
                      witness_tier_token(tier))};
  }
  return std::nullopt;
}

bool signature_holds(const VerifierInput& input, const Witness& witness) {
  const WitnessSignature& signature = witness.signature;
  SignatureKind kind = signature.kind;
  std::span<const std::uint8_t> key = signature.key;
  if (kind == SignatureKind::kNamedKey) {
    const RegisteredKey* row = registered(input, witness);
    if (row == nullptr) return false;
    kind = row->kind;
    key = row->key;
  }
  for (const SignedText version : {SignedText::kV1, SignedText::kV2}) {
    if (input.check(kind, key, witness_preimage(witness, version), signature.bytes)) return true;
  }
  return false;
}

Finding check_signatures(const VerifierInput& input) {
  for (const Witness& witness : input.witnesses) {
    if (witness.payload_kind != witness.kind) {
      return Broken{"verifier.witness.signature_invalid",
                    cat(name_of(witness), " carries the payload of ",
                        witness_class_token(witness.payload_kind))};
    }
    if (!signature_holds(input, witness)) {
      return Broken{"verifier.witness.signature_invalid",
                    cat("the signature of ", name_of(witness), " does not hold")};
    }
  }
  return std::nullopt;
}

Finding check_registration(const VerifierInput& input) {
  for (const Witness& witness : input.witnesses) {
    const RegisteredKey* row = registered(input, witness);
    if (row == nullptr) {
      if (!input.require_registered) continue;
      return Broken{"verifier.witness.key_unregistered",
                    cat("the key of ", name_of(witness), " is not in the registry")};
    }
    if (row->classes.empty() || std::ranges::find(row->classes, witness.kind) != row->classes.end())
      continue;
    return Broken{"verifier.witness.key_unregistered",
                  cat("the key ", row->key_id, " may not witness ", name_of(witness))};
  }
  return std::nullopt;
}

// Heads that witnesses name are those of the ledger that is at hand.
Result<Finding> check_ledger(const VerifierInput& input) {
  if (!input.row_hash) return Finding();
  for (const Witness& witness : input.witnesses) {
    const std::string* hash = witness.field("chain_head_hash");
    const std::string* count = witness.field("event_count");
    if (hash == nullptr || count == nullptr) continue;
    std::uint64_t rows = 0;
    static_cast<void>(std::from_chars(count->data(), count->data() + count->size(), rows));
    CORTEX_ASSIGN(const auto found, input.row_hash(rows));
    if (found && *found == *hash) continue;
    return Finding(Broken{"verifier.witness.ledger_mismatch",
                          cat(name_of(witness), " names a head that the ledger ",
                              found ? "does not have at row " : "is too short for: row ", rows)});
  }
  return Finding();
}

std::vector<std::string> missing_classes(const VerifierInput& input) {
  std::vector<std::string> reasons;
  for (std::size_t i = 0; i < kWitnessClasses; ++i) {
    const auto kind = static_cast<WitnessClass>(i);
    if (std::ranges::find(input.witnesses, kind, &Witness::kind) != input.witnesses.end()) continue;
    reasons.push_back(cat("verifier.witness.missing: required witness class ",
                          witness_class_token(kind), " is missing"));
  }
  return reasons;
}

Verdict broken_by(Broken broken, Verdict verdict) {
  verdict.state = VerifierState::kBroken;
  verdict.broken_invariant = broken.invariant;
  verdict.broken_detail = std::move(broken.detail);
  return verdict;
}

}  // namespace

std::string_view verifier_state_token(VerifierState state) {
  constexpr std::array<std::string_view, 3> kTokens{"full_chain_verified", "partial", "broken"};
  return kTokens[static_cast<std::size_t>(state)];
}

Result<Verdict> verify_witnesses(const VerifierInput& input) {
  Verdict verdict;
  verdict.ledger_compared = static_cast<bool>(input.row_hash);
  verdict.all_registered = std::ranges::all_of(input.witnesses, [&](const Witness& witness) {
    return registered(input, witness) != nullptr;
  });
  for (const auto check : {check_subjects, check_independence, check_age, check_tiers,
                           check_signatures, check_registration}) {
    if (Finding found = check(input)) return broken_by(*std::move(found), std::move(verdict));
  }
  CORTEX_ASSIGN(Finding mismatch, check_ledger(input));
  if (mismatch) return broken_by(*std::move(mismatch), std::move(verdict));
  verdict.reasons = missing_classes(input);
  if (!verdict.reasons.empty()) {
    verdict.state = VerifierState::kPartial;
    return verdict;
  }
  if (input.effective < ClaimCeiling::kAuthorityGrade) {
    return broken_by({"verifier.composition.ceiling_below_required",
                      cat("the evidence reaches ", claim_ceiling_token(input.effective), " only")},
                     std::move(verdict));
  }
  verdict.state = VerifierState::kFullChainVerified;
  verdict.ceiling = input.effective;
  return verdict;
}

json::Value witness_summary(const Witness& witness) {
  return json::Object{
      {"asserted_at", format_rfc3339(witness.asserted_at, Offset::kZ)},
      {"authority_domain", witness.domain},
      {"class", witness_class_token(witness.kind)},
      {"signer_id", witness.signature.signer_is_named ? json::Value(witness.signature.signer_id)
                                                      : json::Value(nullptr)},
      {"tier", witness_tier_token(witness.tier)}};
}

}  // namespace cortex::trust
