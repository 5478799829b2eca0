// Reflection without a model: sentences that say what was decided, corrected, preferred or is to be
// remembered become candidates, each with the event that it stands in. A fixed table of cues, no
// guessing: few, with low confidence, and the same ones for the same text.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "llm/model.h"

namespace cortex::reflect {

enum class Speaker : std::uint8_t { kUser, kAgent, kOther };

inline constexpr std::string_view kExtractAdapter = "extract";
inline constexpr std::string_view kExtractModel = "cortex-extract-v1";

// Collects while the events of one trace go by. Memory: what was found, at most kFoundMax.
class Extractor {
 public:
  static constexpr std::size_t kFoundMax = 200;

  // `event_id`: "evt_...". Code blocks are left out. O(text).
  void see(std::string_view event_id, Speaker speaker, std::string_view text,
           const std::vector<std::string>& domains);

  std::size_t found() const { return found_.size(); }
  // The document that reflection.h reads.
  json::Value document(std::string_view trace_id) const;

 private:
  struct Found {
    std::string event_id, claim;
    std::size_t cue = 0;  // row of the table
    Speaker speaker = Speaker::kOther;
    std::vector<std::string> domains;
  };

  void sentence(std::string_view event_id, Speaker speaker, std::string_view text,
                const std::vector<std::string>& domains);

  std::vector<Found> found_;
  std::set<std::string, std::less<>> claims_;
};

// A model that answers every request with this document.
class ExtractModel final : public llm::Model {
 public:
  explicit ExtractModel(json::Value document);
  std::string_view adapter_id() const override { return kExtractAdapter; }
  Result<llm::Response> complete(const llm::Request& request) override;

 private:
  json::Value document_;
};

}  // namespace cortex::reflect
