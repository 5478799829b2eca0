#include "memory/salience.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace cortex::memory {
namespace {

struct Golden {
  Salience in;
  double out;
};

// The rows of tests/data/memory/formulas.json, and one that is not a number.
TEST(Salience, Brightness_IsThatOfTheGoldenRows) {
  const Golden rows[] = {
      {{}, 0.10000000149011612},
      {{.validation = 1.0F}, 0.4000000059604645},
      {{.recency = 0.4F,
        .reusability = 0.6F,
        .validation = 0.8F,
        .consequence = 0.4F,
        .emotional_charge = 0.2F,
        .identity_relevance = 0.3F,
        .recurrence = 0.5F},
       0.5840000510215759},
      {{.recency = 1,
        .reusability = 1,
        .validation = 1,
        .consequence = 1,
        .emotional_charge = 1,
        .identity_relevance = 1,
        .recurrence = 1},
       1.0},
      {{.contradiction_penalty = 1.0F}, 0.0},
      {{.use_count = 6}, 0.09000000357627869},
      {{.use_count = 20}, 0.0},
      {{.validation = 0.5F, .use_count = 20}, 0.25},
      {{.recency = 9, .reusability = -3, .validation = 0.25F, .contradiction_penalty = 0.1F},
       0.2199999988079071},
  };
  for (const Golden& row : rows) EXPECT_EQ(static_cast<double>(brightness(row.in)), row.out);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(brightness({.recency = nan, .contradiction_penalty = nan}), 0.1F);
}

TEST(Salience, InputsComeFromTheRow_AndConfidenceIsNone) {
  store::Memory memory;
  memory.salience = json::Object{{"reusability", 0.5}, {"consequence", "high"}, {"recency", 1}};
  memory.confidence = 1.0;
  memory.validation_epoch = 1;
  memory.cross_session_use_count = std::numeric_limits<std::int64_t>::max();
  const Salience in = salience_of(memory, true);
  EXPECT_EQ(in.reusability, 0.5F);
  EXPECT_EQ(in.consequence, 0.0F);
  EXPECT_EQ(in.recency, 1.0F);
  EXPECT_EQ(in.validation, 1.0F);
  EXPECT_EQ(in.contradiction_penalty, 1.0F);
  EXPECT_EQ(in.use_count, std::numeric_limits<std::uint32_t>::max());
}

TEST(Salience, RepeatedUseWithoutValidation_SpeaksAgainstIt) {
  EXPECT_EQ(use_signal(5, 0), UseSignal::kBelowThreshold);
  EXPECT_EQ(use_signal(6, 0), UseSignal::kWeakNegative);
  EXPECT_EQ(use_signal(6, 1), UseSignal::kSuppressedByValidation);
  EXPECT_EQ(use_signal_token(UseSignal::kWeakNegative), "weak_negative");
}

TEST(Salience, PenaltyWindow) {
  constexpr std::int64_t kDay = 86'400;
  const Timestamp now{100 * kDay, 0};
  Uses uses{.count = 8,
            .last_used_at = Timestamp{90 * kDay, 0},
            .last_validated_at = {},
            .blessed_until = {}};
  EXPECT_TRUE(penalty_applies(uses, now, kDay));
  EXPECT_EQ(use_penalty(uses, now, kDay, 6, 0.5F), 0.5F * std::log(3.0F));
  EXPECT_EQ(use_penalty(uses, now, kDay, 9, 0.5F), 0.0F);
  EXPECT_TRUE(should_quarantine(uses, now, kDay, 8));
  EXPECT_FALSE(should_quarantine(uses, now, kDay, 9));
  uses.last_validated_at = Timestamp{89 * kDay, 0};  // exactly at the border of the window
  EXPECT_FALSE(penalty_applies(uses, now, kDay));
  uses.last_validated_at = Timestamp{89 * kDay - 1, 0};
  EXPECT_TRUE(penalty_applies(uses, now, kDay));
  uses.blessed_until = now;
  EXPECT_FALSE(penalty_applies(uses, now, kDay));
  EXPECT_FALSE(penalty_applies({.count = 9}, now, kDay));
}

TEST(Salience, UsefulnessMoves_TruthDoesNot) {
  EXPECT_EQ(usefulness_after(0.5F, Utility::kUsed), 0.5F);
  EXPECT_FLOAT_EQ(usefulness_after(0.5F, Utility::kSucceeded), 0.6F);
  EXPECT_FLOAT_EQ(usefulness_after(0.1F, Utility::kFailed), 0.0F);
  EXPECT_EQ(usefulness_after(0.9F, Utility::kMarkedUseful), 1.0F);
}

TEST(Truth, ComesFromStateProofAndValidationAndNeverFromUse) {
  store::Memory memory;
  memory.cross_session_use_count = 1000;
  memory.status = "candidate";
  EXPECT_EQ(truth_token(truth_of(memory, true)), "hypothesis");
  memory.status = "active";
  EXPECT_EQ(truth_token(truth_of(memory, false)), "unknown");
  EXPECT_EQ(truth_token(truth_of(memory, true)), "supported");
  memory.validation_epoch = 1;
  EXPECT_EQ(truth_token(truth_of(memory, true)), "verified");
  EXPECT_EQ(truth_token(truth_of(memory, false)), "unknown");
  memory.status = "rejected";
  EXPECT_EQ(truth_token(truth_of(memory, true)), "rejected");
}

}  // namespace
}  // namespace cortex::memory
