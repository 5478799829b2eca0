#include "trust/verifier.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"

namespace cortex::trust {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

// A signature is "good" when its bytes are those of the key.
bool check(SignatureKind, std::span<const std::uint8_t> key, std::string_view,
           std::span<const std::uint8_t> signature) {
  return std::ranges::equal(key, signature);
}

class VerifierTest : public testing::Test {
 protected:
  VerifierTest() {
    for (std::size_t i = 0; i < kWitnessClasses; ++i) {
      Witness witness;
      witness.kind = witness.payload_kind = static_cast<WitnessClass>(i);
      witness.domain = required_domain(witness.kind);
      witness.tier = WitnessTier::kThirdParty;
      witness.asserted_at = {kNow - 10, 0};
      witness.subject_blake3 = "digest";
      witness.signature.key = {static_cast<std::uint8_t>(i)};
      witness.signature.bytes = witness.signature.key;
      witness.signature.signer_id = cat("s", i);
      if (i < 2) witness.fields = {{"chain_head_hash", "head"}, {"event_count", "7"}};
      witnesses_.push_back(std::move(witness));
    }
  }
  Verdict verdict() {
    const auto judged = verify_witnesses({.subject_blake3 = "digest",
                                          .witnesses = witnesses_,
                                          .effective = effective_,
                                          .now = {kNow, 0},
                                          .age_seconds_max = max_,
                                          .registry = registry_,
                                          .require_registered = require_,
                                          .check = check,
                                          .row_hash = row_hash_});
    EXPECT_TRUE(judged.ok());
    return *judged;
  }
  std::string broken() {
    const Verdict judged = verdict();
    return judged.state == VerifierState::kBroken ? judged.broken_invariant
                                                  : std::string(verifier_state_token(judged.state));
  }
  RegisteredKey registered(std::size_t i) {
    return {cat("s", i), SignatureKind::kEd25519, {static_cast<std::uint8_t>(i)}, {}, {}};
  }

  std::vector<Witness> witnesses_;
  std::vector<RegisteredKey> registry_;
  std::uint64_t max_ = 60;
  bool require_ = false;
  ClaimCeiling effective_ = ClaimCeiling::kAuthorityGrade;
  RowHash row_hash_;
};

TEST_F(VerifierTest, FourIndependentWitnessesCarryTheEvidence) {
  EXPECT_EQ(verdict().state, VerifierState::kFullChainVerified);
  EXPECT_EQ(verdict().ceiling, ClaimCeiling::kAuthorityGrade);
  EXPECT_FALSE(verdict().all_registered);
}

TEST_F(VerifierTest, OneKeyIsOneVoice) {
  witnesses_[3].signature.key = witnesses_[3].signature.bytes = {0};
  EXPECT_EQ(broken(), "verifier.witness.authority_overlap");
}

// By its name in the registry, too, and under two of them.
TEST_F(VerifierTest, OneKeyIsOneVoice_WhateverItIsCalled) {
  const auto name = [this](std::size_t witness, std::string key_id) {
    WitnessSignature& signature = witnesses_[witness].signature;
    signature.kind = SignatureKind::kNamedKey;
    signature.key.clear();
    signature.bytes = {0};
    signature.signer_id = std::move(key_id);
  };
  registry_ = {registered(0), registered(0)};
  registry_[1].key_id = "another name";
  name(3, "s0");
  EXPECT_EQ(broken(), "verifier.witness.authority_overlap") << "named, and by its bytes";
  name(0, "another name");
  EXPECT_EQ(broken(), "verifier.witness.authority_overlap") << "two names";
  registry_[1].key = {9};
  witnesses_[0].signature.bytes = {9};
  EXPECT_EQ(broken(), "full_chain_verified") << "two keys";
}

TEST_F(VerifierTest, TimesMayBeNeitherOldNorAhead) {
  witnesses_[1].asserted_at = {kNow - 60, 0};
  EXPECT_EQ(broken(), "full_chain_verified");
  witnesses_[1].asserted_at = {kNow - 61, 0};
  EXPECT_EQ(broken(), "verifier.witness.stale");
  witnesses_[1].asserted_at = {kNow + kClockSkewSeconds, 0};
  EXPECT_EQ(broken(), "full_chain_verified");
  witnesses_[1].asserted_at = {kNow + kClockSkewSeconds + 1, 0};
  EXPECT_EQ(broken(), "verifier.witness.future");
}

TEST_F(VerifierTest, TheLargestAgeIsNoNegativeOne) {
  max_ = ~std::uint64_t{0};
  EXPECT_EQ(broken(), "full_chain_verified");
}

TEST_F(VerifierTest, MissingClassesAreNamedInTheirOrder) {
  witnesses_ = {witnesses_[2], witnesses_[0]};
  const Verdict judged = verdict();
  EXPECT_EQ(judged.state, VerifierState::kPartial);
  EXPECT_EQ(judged.reasons,
            (std::vector<std::string>{"verifier.witness.missing: required witness class "
                                      "external_anchor_crossing is missing",
                                      "verifier.witness.missing: required witness class "
                                      "reproducible_build_provenance is missing"}));
}

TEST_F(VerifierTest, ARegistryVouchesForKeysAndWhatTheyMayWitness) {
  for (std::size_t i = 0; i < kWitnessClasses; ++i) registry_.push_back(registered(i));
  require_ = true;
  EXPECT_EQ(broken(), "full_chain_verified");
  EXPECT_TRUE(verdict().all_registered);
  registry_[2].classes = {WitnessClass::kLedgerHead};
  EXPECT_EQ(broken(), "verifier.witness.key_unregistered");
  registry_[2].classes.push_back(WitnessClass::kRemoteCi);
  EXPECT_EQ(broken(), "full_chain_verified");
  registry_[3].tier = WitnessTier::kOperatorOwned;
  EXPECT_EQ(broken(), "verifier.witness.tier_insufficient");
  registry_.pop_back();
  EXPECT_EQ(broken(), "verifier.witness.key_unregistered");
  require_ = false;
  EXPECT_EQ(broken(), "full_chain_verified");
}

TEST_F(VerifierTest, ANamedKeyCountsOnlyWithARegistry) {
  WitnessSignature& signature = witnesses_[0].signature;
  signature.kind = SignatureKind::kNamedKey;
  signature.key.clear();
  EXPECT_EQ(broken(), "verifier.witness.signature_invalid");
  registry_ = {registered(0)};
  EXPECT_EQ(broken(), "full_chain_verified");
}

TEST_F(VerifierTest, HeadsAreThoseOfTheLedgerAtHand) {
  row_hash_ = [](std::uint64_t row) -> Result<std::optional<std::string>> {
    return row == 7 ? std::optional<std::string>("head") : std::nullopt;
  };
  EXPECT_EQ(broken(), "full_chain_verified");
  EXPECT_TRUE(verdict().ledger_compared);
  witnesses_[1].fields[1].second = "8";
  EXPECT_EQ(broken(), "verifier.witness.ledger_mismatch");
  witnesses_[1].fields = {{"chain_head_hash", "other"}, {"event_count", "7"}};
  EXPECT_EQ(broken(), "verifier.witness.ledger_mismatch");
}

TEST_F(VerifierTest, WeakEvidenceIsNotCarriedHigher) {
  effective_ = ClaimCeiling::kSignedLocalLedger;
  EXPECT_EQ(broken(), "verifier.composition.ceiling_below_required");
}

TEST(Witness, RefusesLinesInValues) {
  const auto document = json::parse(
      R"({"class":"reproducible_build_provenance",)"
      R"("authority_domain":"reproducible_build_provider",)"
      R"("tier":"third_party","asserted_at":"2026-01-02T03:04:05Z","asserted_subject_blake3":"d",)"
      R"("signature":{"type":"self_signed","key_id":"k","signature_bytes":"00"},"payload":{)"
      R"("kind":"reproducible_build_provenance","builder_id":"b\nsource_digest=s",)"
      R"("source_digest":"s","artifact_digest":"a"}})");
  ASSERT_TRUE(document.ok());
  EXPECT_FALSE(read_witness(*document).ok());
}

TEST(Witness, TheSecondTextCoversTierAndSigner) {
  Witness witness;
  witness.domain = "local_signed_ledger";
  witness.signature.signer_id = "me";
  witness.subject_blake3 = "d";
  EXPECT_EQ(witness_preimage(witness, SignedText::kV2),
            "cortex.verifier.witness.v2\nclass=signed_ledger_chain_head\n"
            "authority_domain=local_signed_ledger\ntier=local\nsigner_id=me\n"
            "asserted_subject_blake3=d\nasserted_at=1970-01-01T00:00:00+00:00\n");
}

}  // namespace
}  // namespace cortex::trust
