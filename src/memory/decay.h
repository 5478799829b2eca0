// Decay: what a job is, and what a summary of several memories or episodes is made of. Pure tables
// and functions (docs/formats.md, "Decay").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "json/value.h"
#include "store/memories.h"

namespace cortex::memory {

enum class DecayKind : std::uint8_t { kEpisodes, kCandidates, kPrincipleReview };
enum class SummaryMethod : std::uint8_t { kConcatenate, kModel, kNone };
enum class JobState : std::uint8_t { kPending, kInProgress, kCompleted, kFailed, kCancelled };

struct DecayKindRow {
  DecayKind kind;
  std::string_view token;    // "episode_compression"
  core::IdKind source_kind;  // of its sources
};
const DecayKindRow& decay_kind_row(DecayKind kind);
// Wire tokens; those of commands have dashes instead of underscores.
std::optional<DecayKind> parse_decay_kind(std::string_view token);
std::string_view method_token(SummaryMethod method);  // "deterministic_concatenate"
std::optional<SummaryMethod> parse_method(std::string_view token);
std::string_view job_state_token(JobState state);  // "in_progress"
std::optional<JobState> parse_job_state(std::string_view token);
// Completed, failed and cancelled jobs stay what they are.
bool is_terminal(JobState state);
inline constexpr JobState kJobStates[] = {JobState::kPending, JobState::kInProgress,
                                          JobState::kCompleted, JobState::kFailed,
                                          JobState::kCancelled};

// One thing that a summary stands for.
struct SummarySource {
  std::string id;
  std::string text;  // claim of a memory, summary of an episode
  double confidence = 0;
  json::Value domains, events, episodes;  // JSON columns as they are
  std::string authority;                  // of a memory
};

inline constexpr std::size_t kSummaryBytesMax = 4096;
inline constexpr std::string_view kTruncated = "... [truncated]";

// The texts joined by " | ", cut at a character border and marked when it is longer than
// kSummaryBytesMax.
std::string concatenated(std::span<const SummarySource> sources);

// The text of a model behind a summary.
struct ModelText {
  std::string text, model;
};

// The row of the summary, a candidate without id and times: confidence is the lowest, domains and
// lineage are ordered unions, authority is that of the weakest source (the last one of equals),
// `derived` for episodes. Memories without any lineage are themselves the lineage. Sources must not
// be empty.
store::Memory summary_of(DecayKind kind, std::span<const SummarySource> sources,
                         const std::optional<ModelText>& by_model);

// Which memories fade first: not validated, not bright, not used or changed since `before`.
struct FadingRule {
  float brightness_below = 0.35F;
  std::string before;  // as columns hold times
};
bool is_fading(const store::Memory& memory, bool contradicted, const FadingRule& rule);

}  // namespace cortex::memory
