// Reflection without a model: sentences that say what was decided, corrected, preferred or is to be
// remembered become candidates, each with the event and the line that it stands in. A fixed table
// of cues, no guessing: few, with low confidence, and the same ones for the same text. Secrets and
// personal data are taken out of them as the write gate does by default.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "json/value.h"
#include "llm/message.h"

namespace cortex::reflect {

enum class Speaker : std::uint8_t { kUser, kAgent, kOther };

inline constexpr std::string_view kExtractAdapter = "extract";
inline constexpr std::string_view kExtractModel = "cortex-extract-v1";

// Extracted claims are believed less than what a model concludes: no confidence is above this, and
// reports give them the lowest ceiling, `dev_only`.
inline constexpr double kExtractedConfidenceMax = 0.4;

// Who says what an event of this type holds; results of tools and everything else are kOther,
// because that is where foreign text comes in.
Speaker speaker_of(core::EventType type);

// Collects while the events of one trace go by. Memory: what was found, at most kFoundMax.
class Extractor {
 public:
  static constexpr std::size_t kFoundMax = 200;

  // `event_id`: "evt_...". Code blocks are left out. The line of a sentence becomes the entity
  // "line:<n>" of its episode, counted from 1. O(text).
  void see(std::string_view event_id, Speaker speaker, std::string_view text,
           const std::vector<std::string>& domains);

  std::size_t found() const { return found_.size(); }
  // The document that reflection.h reads.
  json::Value document(std::string_view trace_id) const;

 private:
  struct Found {
    std::string event_id, claim;
    std::size_t cue = 0;   // row of the table
    std::size_t line = 0;  // of the event's text
    std::vector<std::string> domains;
  };

  struct Place {
    std::string_view event_id;
    std::size_t line = 0;
    Speaker speaker = Speaker::kOther;
    const std::vector<std::string>& domains;
  };

  void sentence(const Place& place, std::string_view text);

  std::vector<Found> found_;
  std::set<std::string, std::less<>> claims_;
};

// The document as an answer of kExtractModel.
llm::Response extracted_answer(const json::Value& document);

}  // namespace cortex::reflect
