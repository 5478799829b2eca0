#include "trust/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cortex::trust {
namespace {

using testing::ElementsAre;

const TruthCeiling kAlpha{RuntimeMode::kLocalUnsigned, ProofState::kPartial,
                          AuthorityClass::kVerified, ClaimCeiling::kSignedLocalLedger};
const TruthCeiling kBeta{RuntimeMode::kAuthorityGrade, ProofState::kFullChainVerified,
                         AuthorityClass::kOperator, ClaimCeiling::kAuthorityGrade};

TEST(Claim, SaysWhyItWasLowered) {
  const ReportableClaim alpha = make_claim("alpha", kAlpha);
  EXPECT_EQ(alpha.effective, ClaimCeiling::kLocalUnsigned);
  EXPECT_THAT(alpha.downgrade_reasons,
              ElementsAre("requested ceiling SignedLocalLedger downgraded to LocalUnsigned",
                          "proof state Partial limits authority claims"));
  EXPECT_TRUE(make_claim("beta", kBeta).downgrade_reasons.empty());
}

TEST(Claim, AKindAsksForItsCeiling) {
  ReportableClaim alpha = make_claim("alpha", kAlpha);
  EXPECT_TRUE(admit_as(alpha, ClaimKind::kAdvisory));
  EXPECT_FALSE(admit_as(alpha, ClaimKind::kTrustedHistory));
  EXPECT_EQ(alpha.downgrade_reasons.back(),
            "TrustedHistory requires SignedLocalLedger, but effective ceiling is LocalUnsigned");
}

}  // namespace
}  // namespace cortex::trust
