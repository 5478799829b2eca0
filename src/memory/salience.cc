#include "memory/salience.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "json/value.h"

namespace cortex::memory {
namespace {

// NaN counts as 0: it is not greater than anything.
float bounded(float x) { return x > 0.0F ? std::min(x, 1.0F) : 0.0F; }

struct Column {
  std::string_view key;
  float Salience::* member;
};
constexpr Column kColumns[] = {
    {"recency", &Salience::recency},
    {"reusability", &Salience::reusability},
    {"consequence", &Salience::consequence},
    {"emotional_charge", &Salience::emotional_charge},
    {"identity_relevance", &Salience::identity_relevance},
    {"recurrence", &Salience::recurrence},
    {"contradiction_penalty", &Salience::contradiction_penalty},
};

float as_float(const json::Number& number) {
  switch (number.kind) {
    case json::Number::Kind::kUnsigned:
      return static_cast<float>(number.u);
    case json::Number::Kind::kSigned:
      return static_cast<float>(number.i);
    case json::Number::Kind::kDouble:
      return static_cast<float>(number.d);
  }
  return 0.0F;
}

struct Delta {
  Utility signal;
  float delta;
};
constexpr Delta kDeltas[] = {
    {Utility::kUsed, 0.0F},
    {Utility::kSucceeded, 0.10F},
    {Utility::kFailed, -0.15F},
    {Utility::kMarkedUseful, 0.20F},
};

constexpr std::array<std::string_view, 3> kSignals = {"below_threshold", "suppressed",
                                                      "weak_negative"};

}  // namespace

float brightness(const Salience& in) {
  constexpr float kUnvalidatedStep = 0.01F, kUnvalidatedMost = 0.10F;
  const float validation = bounded(in.validation);
  float unvalidated = 0.0F;
  if (validation <= std::numeric_limits<float>::epsilon() && in.use_count > kUseThreshold) {
    const float over = static_cast<float>(in.use_count) - static_cast<float>(kUseThreshold);
    unvalidated = std::min(kUnvalidatedStep * over, kUnvalidatedMost);
  }
  const float score =
      0.10F + 0.08F * bounded(in.recency) + 0.14F * bounded(in.reusability) + 0.30F * validation +
      0.14F * bounded(in.consequence) + 0.06F * bounded(in.emotional_charge) +
      0.12F * bounded(in.identity_relevance) + 0.06F * bounded(in.recurrence) * validation -
      0.35F * bounded(in.contradiction_penalty) - unvalidated;
  return bounded(score);
}

Salience salience_of(const store::Memory& memory, bool contradicted) {
  Salience out;
  for (const Column& column : kColumns) {
    const json::Value* value = memory.salience.find(column.key);
    if (value != nullptr && value->as_number() != nullptr) {
      out.*column.member = as_float(*value->as_number());
    }
  }
  out.validation = memory.validated() ? 1.0F : 0.0F;
  if (contradicted) out.contradiction_penalty = 1.0F;
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const std::int64_t uses = memory.cross_session_use_count.value_or(0);
  out.use_count = static_cast<std::uint32_t>(std::clamp<std::int64_t>(uses, 0, kMost));
  return out;
}

std::string_view use_signal_token(UseSignal signal) {
  return kSignals.at(static_cast<std::size_t>(signal));
}

UseSignal use_signal(std::int64_t use_count, std::int64_t validation_epoch) {
  if (use_count <= kUseThreshold) return UseSignal::kBelowThreshold;
  return validation_epoch > 0 ? UseSignal::kSuppressedByValidation : UseSignal::kWeakNegative;
}

bool used_unvalidated(const store::Memory& memory) {
  return use_signal(memory.cross_session_use_count.value_or(0),
                    memory.validation_epoch.value_or(0)) == UseSignal::kWeakNegative;
}

bool penalty_applies(const Uses& uses, Timestamp now, std::int64_t window_seconds) {
  if (uses.blessed_until && now <= *uses.blessed_until) return false;
  if (!uses.last_used_at) return false;
  if (!uses.last_validated_at) return true;
  Timestamp begin = *uses.last_used_at;
  begin.seconds -= std::clamp<std::int64_t>(window_seconds, 0, std::int64_t{1} << 40U);
  return *uses.last_validated_at < begin;
}

float use_penalty(const Uses& uses, Timestamp now, std::int64_t window_seconds,
                  std::int64_t threshold, float penalty) {
  if (uses.count < threshold || !penalty_applies(uses, now, window_seconds)) return 0.0F;
  const float over = static_cast<float>(uses.count) - static_cast<float>(threshold) + 1.0F;
  return penalty * std::log(over);
}

bool should_quarantine(const Uses& uses, Timestamp now, std::int64_t window_seconds,
                       std::int64_t threshold) {
  return uses.count >= threshold && penalty_applies(uses, now, window_seconds);
}

float usefulness_after(float usefulness, Utility signal) {
  for (const Delta& row : kDeltas) {
    if (row.signal == signal) return bounded(bounded(usefulness) + row.delta);
  }
  return bounded(usefulness);
}

std::string_view truth_token(Truth truth) {
  constexpr std::array<std::string_view, 5> kTokens{"unknown", "hypothesis", "supported",
                                                    "verified", "rejected"};
  return kTokens.at(static_cast<std::size_t>(truth));
}

Truth truth_of(const store::Memory& memory, bool proven) {
  if (memory.status == "rejected") return Truth::kRejected;
  if (memory.status != "active" && memory.status != "superseded") return Truth::kHypothesis;
  if (!proven) return Truth::kUnknown;
  return memory.validated() ? Truth::kVerified : Truth::kSupported;
}

}  // namespace cortex::memory
