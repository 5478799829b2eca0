// The independent verifier: whether witnesses carry a piece of evidence. A pure function of the
// evidence's digest, the witnesses, the time, and what the caller knows of keys and of the ledger.
//
// Without a registry of keys a witness brings its own key along: then the verdict says that nobody
// vouches for the keys (`trust_root`), and callers say it loudly.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "trust/ceiling.h"
#include "trust/witness.h"

namespace cortex::trust {

inline constexpr std::int64_t kClockSkewSeconds = 300;  // witnesses may be so far ahead

// What a registry says of one key.
struct RegisteredKey {
  std::string key_id;
  SignatureKind kind = SignatureKind::kEd25519;  // Ed25519 or P-256
  std::vector<std::uint8_t> key;
  std::vector<WitnessClass> classes;  // that it may witness; none: all
  std::optional<WitnessTier> tier;    // what it counts as, whatever the witness says of itself
};

using CheckSignature =
    std::function<bool(SignatureKind kind, std::span<const std::uint8_t> key,
                       std::string_view message, std::span<const std::uint8_t> signature)>;
// The hash of the ledger's n-th row (from 1), or nothing when it has no such row.
using RowHash = std::function<Result<std::optional<std::string>>(std::uint64_t n)>;

struct VerifierInput {
  std::string_view subject_blake3;
  std::span<const Witness> witnesses;
  ClaimCeiling effective = ClaimCeiling::kDevOnly;  // of the evidence
  Timestamp now;
  std::uint64_t age_seconds_max = 86'400;
  std::span<const RegisteredKey> registry;
  bool require_registered = false;
  CheckSignature check;
  RowHash row_hash;  // absent: heads are not compared with a ledger
};

enum class VerifierState : std::uint8_t { kFullChainVerified, kPartial, kBroken };
std::string_view verifier_state_token(VerifierState state);

struct Verdict {
  VerifierState state = VerifierState::kBroken;
  ClaimCeiling ceiling = ClaimCeiling::kDevOnly;
  std::string broken_invariant, broken_detail;  // when broken
  std::vector<std::string> reasons;             // when partial
  bool all_registered = false;                  // every key stands in the registry
  bool ledger_compared = false;
};

// The checks in their order (docs/formats.md, "Gates"), each over all witnesses; the first that
// fails decides. Errors: those of `row_hash`.
Result<Verdict> verify_witnesses(const VerifierInput& input);

// {class, authority_domain, tier, signer_id, asserted_at}, sorted.
json::Value witness_summary(const Witness& witness);

}  // namespace cortex::trust
