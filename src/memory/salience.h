// Salience: how much a memory stands out, and what its use says about it. All pure; numbers in
// 32-bit float, without contraction, so that every program gets the same bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "store/memories.h"

namespace cortex::memory {

// Each input is clamped to 0..1, NaN counts as 0. Confidence is no input: how sure one is of a
// claim says nothing about how much it matters.
struct Salience {
  float recency = 0, reusability = 0, validation = 0, consequence = 0, emotional_charge = 0,
        identity_relevance = 0, recurrence = 0, contradiction_penalty = 0;
  std::uint32_t use_count = 0;
};

// 0.10 + 0.08 recency + 0.14 reusability + 0.30 validation + 0.14 consequence + 0.06 charge + 0.12
// identity + 0.06 recurrence * validation - 0.35 contradiction - unvalidated use, clamped to 0..1.
float brightness(const Salience& inputs);

// The inputs of a stored memory: what its salience column holds under these names, its validation,
// its uses, and whether an open contradiction touches it.
Salience salience_of(const store::Memory& memory, bool contradicted);

// What a memory that is used again and again without ever being validated says.
enum class UseSignal : std::uint8_t { kBelowThreshold, kSuppressedByValidation, kWeakNegative };
inline constexpr std::int64_t kUseThreshold = 5;
inline constexpr std::string_view kWeakNegativeInvariant =
    "memory.cross_session_use.repeated_unvalidated_weak_negative";

std::string_view use_signal_token(UseSignal signal);
UseSignal use_signal(std::int64_t use_count, std::int64_t validation_epoch);
// Whether a memory, as it is or as it was at a moment (store::MemoryThen), says kWeakNegative.
bool used_unvalidated(const store::Memory& memory);

// The penalty window: not blessed at `now`, used at all, and not validated within `window_seconds`
// before the last use.
struct Uses {
  std::int64_t count = 0;
  std::optional<Timestamp> last_used_at{}, last_validated_at{}, blessed_until{};
};
bool penalty_applies(const Uses& uses, Timestamp now, std::int64_t window_seconds);
// penalty * ln(count - threshold + 1) inside the window and at the threshold or above, else 0.
float use_penalty(const Uses& uses, Timestamp now, std::int64_t window_seconds,
                  std::int64_t threshold, float penalty);
// Whether it should be taken out of use until somebody looks.
bool should_quarantine(const Uses& uses, Timestamp now, std::int64_t window_seconds,
                       std::int64_t threshold);

// How a memory is judged where nothing else is said.
inline constexpr std::int64_t kPenaltyWindowSeconds = std::int64_t{30} * 86'400;
inline constexpr float kUsePenalty = 0.05F;
inline constexpr std::int64_t kQuarantineFrom = 20;  // uses

// Usefulness is kept apart from truth: a score of 0..1 that outcomes move and that proves nothing.
enum class Utility : std::uint8_t { kUsed, kSucceeded, kFailed, kMarkedUseful };
float usefulness_after(float usefulness, Utility signal);

// A signal of use never moves truth or proof.
inline constexpr std::string_view kUtilityToTruthInvariant =
    "memory.outcome.utility_to_truth_promotion_unauthorized";

// How true it is taken to be. Use has no part in it.
enum class Truth : std::uint8_t { kUnknown, kHypothesis, kSupported, kVerified, kRejected };
std::string_view truth_token(Truth truth);
// Of a memory with this row: what is not accepted is a hypothesis, a whole proof supports what is,
// and a validation on top of it verifies; without a proof nobody can say.
Truth truth_of(const store::Memory& memory, bool proven);

}  // namespace cortex::memory
