// The document that a model returns when it reflects on a trace: what happened (episodes) and what
// should be remembered of it (memory candidates). Read strictly, because it comes from outside:
// every member is required and none but the known ones is allowed, scores lie in [0, 1], and a
// memory refers to episodes that are there (docs/formats.md, "Reflection").
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace cortex::reflect {

// Why a document is refused: the token of the Error, and the reason of the audit record.
inline constexpr std::string_view kInvalidJson = "invalid_json";
inline constexpr std::string_view kInvalidSchema = "invalid_schema";

// Far above what a model answers in one go.
inline constexpr std::size_t kCandidatesMax = 1000;  // episodes, memories; and ids or texts in one
inline constexpr std::size_t kTextBytesMax = 64U << 10;

struct EpisodeCandidate {
  std::string summary;
  std::vector<std::string> source_event_ids;  // "evt_" and a ULID in upper case
  std::vector<std::string> domains, entities;
  std::optional<std::string> meaning;
  double confidence = 0;
};

struct InitialSalience {
  double reusability = 0, consequence = 0, emotional_charge = 0;
};

struct MemoryCandidate {
  std::string type;  // "semantic", "episodic", "procedural", "strategic", "affective", "correction"
  std::string claim;
  std::vector<std::size_t> episodes;  // indexes into SessionReflection::episodes
  std::vector<std::string> applies_when, does_not_apply_when;
  double confidence = 0;
  InitialSalience salience;
};

struct SessionReflection {
  std::string trace_id;  // "trc_" and a ULID in upper case
  std::vector<EpisodeCandidate> episodes;
  std::vector<MemoryCandidate> memories;
  json::Array contradictions, doctrine_suggestions;

  // Event ids of the cited episodes in their order, repeated where episodes share one.
  std::vector<std::string> events_of(const MemoryCandidate& memory) const;
  // The domains of the cited episodes, each once, in the order in which they are first seen.
  std::vector<std::string> domains_of(const MemoryCandidate& memory) const;
};

// Errors: kQuarantined with token kInvalidSchema, naming the first member that is wrong
// ("memory_candidates[0].confidence must be between 0.0 and 1.0").
Result<SessionReflection> read_reflection(const json::Value& document);
// The same from text; also kInvalidJson.
Result<SessionReflection> parse_reflection(std::string_view text);

// {reusability, consequence, emotional_charge} with sorted members, as memories keep it.
json::Value to_json(const InitialSalience& salience);

}  // namespace cortex::reflect
