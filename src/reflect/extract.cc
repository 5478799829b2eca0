#include "reflect/extract.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "crypto/digest.h"
#include "memory/write_gate.h"

namespace cortex::reflect {
namespace {

constexpr std::size_t kClaimBytesMin = 12;
constexpr std::size_t kClaimBytesMax = 400;

struct Cue {
  std::string_view words;  // lower case, at the begin of a sentence or behind a blank
  bool at_begin;           // only at the begin
  bool user_only;          // what a program says so is no statement of the person
  std::string_view memory_type;
  std::string_view domain;
  std::string_view meaning;
  double confidence;
};

// The first row that fits counts.
constexpr Cue kCues[] = {
    {"correction:", true, false, "correction", "correction", "a correction", 0.4},
    {"actually,", true, true, "correction", "correction", "a correction", 0.35},
    {"no, ", true, true, "correction", "correction", "a correction", 0.3},
    {"that is wrong", false, true, "correction", "correction", "a correction", 0.35},
    {"that's wrong", false, true, "correction", "correction", "a correction", 0.35},
    {"instead of", false, true, "correction", "correction", "a correction", 0.3},
    {"decision:", true, false, "semantic", "decision", "a decision", 0.4},
    {"decided:", true, false, "semantic", "decision", "a decision", 0.4},
    {"we decided", false, false, "semantic", "decision", "a decision", 0.4},
    {"we agreed", false, false, "semantic", "decision", "a decision", 0.4},
    {"let's use", false, true, "semantic", "decision", "a decision", 0.35},
    {"let us use", false, true, "semantic", "decision", "a decision", 0.35},
    {"we will use", false, false, "semantic", "decision", "a decision", 0.35},
    {"we'll use", false, false, "semantic", "decision", "a decision", 0.35},
    {"going with", false, true, "semantic", "decision", "a decision", 0.3},
    {"i prefer", false, true, "procedural", "preference", "a preference", 0.4},
    {"we prefer", false, true, "procedural", "preference", "a preference", 0.4},
    {"always ", true, true, "procedural", "preference", "a rule", 0.4},
    {"never ", true, true, "procedural", "preference", "a rule", 0.4},
    {"please always", false, true, "procedural", "preference", "a rule", 0.4},
    {"please never", false, true, "procedural", "preference", "a rule", 0.4},
    {"don't ever", false, true, "procedural", "preference", "a rule", 0.35},
    {"make sure", true, true, "procedural", "preference", "a rule", 0.3},
    {"remember that", false, true, "semantic", "fact", "to be remembered", 0.4},
    {"remember:", true, false, "semantic", "fact", "to be remembered", 0.4},
    {"note:", true, false, "semantic", "fact", "a note", 0.35},
    {"important:", true, false, "semantic", "fact", "a note", 0.35},
    {"fyi", true, true, "semantic", "fact", "a note", 0.3},
};

bool fits(const Cue& cue, std::string_view lower, Speaker speaker) {
  if (cue.user_only && speaker != Speaker::kUser) return false;
  const std::size_t at = lower.find(cue.words);
  if (at == std::string_view::npos) return false;
  if (cue.at_begin) return at == 0;
  return at == 0 || lower[at - 1] == ' ' || lower[at - 1] == '(';
}

// Marks of lists and quotations in front of a line.
std::string_view without_marks(std::string_view line) {
  line = trim(line);
  while (!line.empty() && (line.front() == '-' || line.front() == '*' || line.front() == '>' ||
                           line.front() == '#')) {
    line = trim(line.substr(1));
  }
  return line;
}

// The end of the sentence that begins at 0: behind a mark that a blank or the end follows.
std::size_t sentence_end(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool mark = line[i] == '.' || line[i] == '!' || line[i] == '?';
    if (mark && (i + 1 == line.size() || line[i + 1] == ' ')) return i + 1;
  }
  return line.size();
}

}  // namespace

Speaker speaker_of(core::EventType type) {
  using enum core::EventType;
  if (type == kUserMessage || type == kCorrection) return Speaker::kUser;
  if (type == kAgentResponse || type == kDecision) return Speaker::kAgent;
  return Speaker::kOther;
}

void Extractor::see(std::string_view event_id, Speaker speaker, std::string_view text,
                    const std::vector<std::string>& domains) {
  if (speaker == Speaker::kOther || !is_valid_utf8(text)) return;
  bool in_code = false;
  Place place{event_id, 0, speaker, domains};
  for (std::string_view line : split(text, '\n')) {
    ++place.line;
    if (trim(line).starts_with("```")) {
      in_code = !in_code;
      continue;
    }
    if (in_code) continue;
    line = without_marks(line);
    while (!line.empty()) {
      const std::size_t end = sentence_end(line);
      sentence(place, trim(line.substr(0, end)));
      line = trim(line.substr(end));
    }
  }
}

void Extractor::sentence(const Place& place, std::string_view text) {
  if (text.size() < kClaimBytesMin || text.size() > kClaimBytesMax || text.back() == '?') return;
  if (found_.size() >= kFoundMax) return;
  const std::string lower = to_lower_ascii(text);
  for (std::size_t i = 0; i < std::size(kCues); ++i) {
    if (!fits(kCues[i], lower, place.speaker)) continue;
    auto screened = memory::screen(text, {});
    if (!screened.ok()) return;  // something that may not be written down at all
    if (!claims_.insert(to_lower_ascii(screened->text)).second) return;
    found_.push_back(
        {std::string(place.event_id), std::move(screened->text), i, place.line, place.domains});
    return;
  }
}

json::Value Extractor::document(std::string_view trace_id) const {
  json::Array episodes, memories;
  for (const Found& one : found_) {
    const Cue& cue = kCues[one.cue];
    std::vector<std::string> domains{std::string(cue.domain)};
    for (const std::string& domain : one.domains) {
      if (std::ranges::find(domains, domain) == domains.end()) domains.push_back(domain);
    }
    const std::size_t index = episodes.size();
    episodes.emplace_back(json::Object{{"candidate_meaning", cue.meaning},
                                       {"confidence", cue.confidence},
                                       {"domains", json::array_of(domains)},
                                       {"entities", json::Array{cat("line:", one.line)}},
                                       {"source_event_ids", json::Array{one.event_id}},
                                       {"summary", one.claim}});
    memories.emplace_back(json::Object{
        {"applies_when", json::Array()},
        {"claim", one.claim},
        {"confidence", cue.confidence},
        {"does_not_apply_when", json::Array()},
        {"initial_salience",
         json::Object{{"consequence", 0.25}, {"emotional_charge", 0.0}, {"reusability", 0.5}}},
        {"memory_type", cue.memory_type},
        {"source_episode_indexes", json::Array{index}}});
  }
  return json::Object{{"contradictions", json::Array()},
                      {"doctrine_suggestions", json::Array()},
                      {"episode_candidates", std::move(episodes)},
                      {"memory_candidates", std::move(memories)},
                      {"trace_id", trace_id}};
}

llm::Response extracted_answer(const json::Value& document) {
  llm::Response response;
  response.text = json::write_compact(document, json::Keys::kSorted);
  response.parsed_json = document;
  response.model = kExtractModel;
  response.raw_hash = crypto::blake3_hex(response.text);
  return response;
}

}  // namespace cortex::reflect
