#include "memory/decay.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "memory/salience.h"
#include "trust/semantic.h"

namespace cortex::memory {
namespace {

constexpr std::array<DecayKindRow, 3> kKinds{{
    {DecayKind::kEpisodes, "episode_compression", core::IdKind::kEpisode},
    {DecayKind::kCandidates, "candidate_compression", core::IdKind::kMemory},
    {DecayKind::kPrincipleReview, "expired_principle_review", core::IdKind::kPrinciple},
}};
constexpr std::array<std::string_view, 3> kMethods{"deterministic_concatenate", "llm_summary",
                                                   "none"};
constexpr std::array<std::string_view, 5> kDecayStates{"pending", "in_progress", "completed",
                                                       "failed", "cancelled"};

template <class E, std::size_t N>
std::optional<E> parse_token(const std::array<std::string_view, N>& tokens,
                             std::string_view token) {
  const auto* found = std::ranges::find(tokens, token);
  if (found == tokens.end()) return std::nullopt;
  return static_cast<E>(found - tokens.begin());
}

// Weakest first; a label that is none of these comes before all of them.
constexpr std::array<std::string_view, 3> kLabels{"candidate", "agent", "user"};

std::size_t strength(std::string_view label) {
  for (std::size_t i = 0; i < kLabels.size(); ++i) {
    const std::string_view known = kLabels[i];
    if (label.size() == known.size() && label.substr(1) == known.substr(1) &&
        (label[0] == known[0] || label[0] == static_cast<char>(known[0] - 'a' + 'A'))) {
      return i + 1;
    }
  }
  return 0;
}

// Labels of which nothing is known are the weakest; but whoever attests attests his own words only.
std::string weakest_label(std::span<const SummarySource> sources) {
  const SummarySource* weakest = &sources.front();
  for (const SummarySource& source : sources) {
    if (strength(source.authority) <= strength(weakest->authority)) weakest = &source;
  }
  const auto provenance = [](const SummarySource& source) {
    return trust::labels_of_authority(source.authority).provenance;
  };
  for (const SummarySource& source : sources) {
    if (provenance(source) < provenance(*weakest)) weakest = &source;
  }
  return weakest->authority;
}

// The texts of the arrays, or texts by themselves, each once; anything else is nothing.
json::Array united(std::span<const SummarySource> sources, json::Value SummarySource::* column) {
  json::Array all;
  std::unordered_set<std::string_view> there;
  const auto add = [&](const json::Value& value) {
    const std::string* text = value.as_string();
    if (text != nullptr && there.insert(*text).second) all.emplace_back(*text);
  };
  for (const SummarySource& source : sources) {
    const json::Array* array = (source.*column).as_array();
    if (array == nullptr) {
      add(source.*column);
    } else {
      std::ranges::for_each(*array, add);
    }
  }
  return all;
}

}  // namespace

const DecayKindRow& decay_kind_row(DecayKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<DecayKind> parse_decay_kind(std::string_view token) {
  const auto* row = std::ranges::find(kKinds, token, &DecayKindRow::token);
  return row == kKinds.end() ? std::nullopt : std::optional(row->kind);
}

std::string_view method_token(SummaryMethod method) {
  return kMethods[static_cast<std::size_t>(method)];
}
std::optional<SummaryMethod> parse_method(std::string_view token) {
  return parse_token<SummaryMethod>(kMethods, token);
}
std::string_view job_state_token(JobState state) {
  return kDecayStates[static_cast<std::size_t>(state)];
}
std::optional<JobState> parse_job_state(std::string_view token) {
  return parse_token<JobState>(kDecayStates, token);
}
bool is_terminal(JobState state) { return state >= JobState::kCompleted; }

std::string concatenated(std::span<const SummarySource> sources) {
  std::string out;
  for (const SummarySource& source : sources) {
    if (!out.empty()) out += " | ";
    out += source.text;
  }
  if (out.size() <= kSummaryBytesMax) return out;
  std::size_t cut = kSummaryBytesMax - kTruncated.size();
  while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0U) == 0x80U) --cut;
  out.resize(cut);
  out += kTruncated;
  return out;
}

store::Memory summary_of(DecayKind kind, std::span<const SummarySource> sources,
                         const std::optional<ModelText>& by_model) {
  CORTEX_CHECK(!sources.empty() && kind != DecayKind::kPrincipleReview);
  const bool episodes = kind == DecayKind::kEpisodes;
  json::Array ids;
  double confidence = 1;
  for (const SummarySource& source : sources) {
    ids.emplace_back(source.id);
    confidence = std::clamp(std::min(confidence, source.confidence), 0.0, 1.0);
  }
  json::Array events = united(sources, &SummarySource::events);
  json::Array parents = episodes ? ids : united(sources, &SummarySource::episodes);
  if (events.empty() && parents.empty()) parents = ids;
  json::Object applies;
  if (by_model) applies.add("llm_summary", json::Object{{"model_name", by_model->model}});
  applies.add(episodes ? "summary_of_episodes" : "summary_of_memories", std::move(ids));
  store::Memory row;
  row.type = "summary";
  row.status = "candidate";
  row.claim = by_model ? by_model->text : concatenated(sources);
  row.source_episodes = std::move(parents);
  row.source_events = std::move(events);
  row.domains = united(sources, &SummarySource::domains);
  row.salience = json::Object();
  row.confidence = confidence;
  row.authority = episodes ? std::string("derived") : weakest_label(sources);
  row.applies_when = std::move(applies);
  row.does_not_apply_when = json::Array();
  return row;
}

bool is_fading(const store::Memory& memory, bool contradicted, const FadingRule& rule) {
  if (memory.validated() || contradicted) return false;
  if (memory.updated_at >= rule.before) return false;
  if (memory.last_cross_session_use_at.value_or("") >= rule.before) return false;
  return brightness(salience_of(memory, contradicted)) < rule.brightness_below;
}

}  // namespace cortex::memory
