#include "reflect/reflection.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "base/text.h"
#include "core/ids.h"

namespace cortex::reflect {
namespace {

using Names = std::initializer_list<std::string_view>;

constexpr std::string_view kMemoryTypes[] = {"semantic",  "episodic",  "procedural",
                                             "strategic", "affective", "correction"};

Error refused(std::string_view token, std::string message) {
  return make_error(Code::kQuarantined, std::move(message), "nothing of it was kept", "", token);
}

Error invalid(std::string_view path, std::string_view what) {
  return refused(kInvalidSchema, cat(path, " ", what));
}

// One object of the document and where it stands.
class Reader {
 public:
  Reader(const json::Value& value, std::string path) : value_(value), path_(std::move(path)) {}

  // All of `required` are there and nothing but them and `optional`.
  Status check_members(Names required, Names optional = {}) const {
    const json::Object* object = value_.as_object();
    if (object == nullptr) return invalid(path_.empty() ? "the document" : path_, "is no object");
    for (const auto& [key, value] : *object) {
      if (std::ranges::find(required, key) == required.end() &&
          std::ranges::find(optional, key) == optional.end()) {
        return invalid(at(printable(key.substr(0, 80))), "is not known");
      }
    }
    for (const std::string_view name : required) {
      if (object->find(name) == nullptr) return invalid(at(name), "is missing");
    }
    return {};
  }

  Status text(std::string_view name, std::string& out) const {
    const std::string* found = value_.find_text(name);
    if (found == nullptr) return invalid(at(name), "is no string");
    return keep(at(name), *found, out);
  }

  // A string that says something.
  Status sentence(std::string_view name, std::string& out) const {
    CORTEX_TRY(text(name, out));
    if (is_blank(out)) return invalid(at(name), "is blank");
    return {};
  }

  Status optional_text(std::string_view name, std::optional<std::string>& out) const {
    const json::Value* found = value_.find(name);
    if (found == nullptr || found->is_null()) return {};
    return text(name, out.emplace());
  }

  Status id(std::string_view name, core::IdKind kind, std::string& out) const {
    const std::string* found = value_.find_text(name);
    if (found == nullptr) return invalid(at(name), "is no string");
    return keep_id(at(name), kind, *found, out);
  }

  Status array(std::string_view name, const json::Array*& out) const {
    out = value_.find(name)->as_array();
    if (out == nullptr) return invalid(at(name), "is no array");
    if (out->size() > kCandidatesMax) {
      return invalid(at(name), cat("has more than ", kCandidatesMax, " elements"));
    }
    return {};
  }

  Status texts(std::string_view name, std::vector<std::string>& out) const {
    return each(name, [&](const std::string& path, const json::Value& element) -> Status {
      if (element.as_string() == nullptr) return invalid(path, "is no string");
      return keep(path, *element.as_string(), out.emplace_back());
    });
  }

  Status ids(std::string_view name, core::IdKind kind, std::vector<std::string>& out) const {
    return each(name, [&](const std::string& path, const json::Value& element) -> Status {
      if (element.as_string() == nullptr) return invalid(path, "is no string");
      return keep_id(path, kind, *element.as_string(), out.emplace_back());
    });
  }

  Status indexes(std::string_view name, std::vector<std::size_t>& out) const {
    return each(name, [&](const std::string& path, const json::Value& element) -> Status {
      const auto index = element.as_unsigned();
      if (!index) return invalid(path, "is no whole number from 0 on");
      out.push_back(static_cast<std::size_t>(*index));
      return {};
    });
  }

  Status number(std::string_view name, double& out) const {
    const json::Number* found = value_.find(name)->as_number();
    if (found == nullptr) return invalid(at(name), "is no number");
    out = json::to_double(*found);
    return {};
  }

  Reader inner(std::string_view name) const { return {*value_.find(name), at(name)}; }
  std::string at(std::string_view name) const {
    return path_.empty() ? std::string(name) : cat(path_, ".", name);
  }

 private:
  static Status keep(const std::string& path, const std::string& found, std::string& out) {
    if (found.size() > kTextBytesMax) {
      return invalid(path, cat("is longer than ", kTextBytesMax, " bytes"));
    }
    out = found;
    return {};
  }

  static Status keep_id(const std::string& path, core::IdKind kind, const std::string& found,
                        std::string& out) {
    const auto ulid = core::parse_id(kind, found);
    if (!ulid) return invalid(path, cat("is no ", core::noun_of(kind), " id"));
    out = core::id_text(kind, *ulid);
    return {};
  }

  template <class Visit>
  Status each(std::string_view name, Visit visit) const {
    const json::Array* elements = nullptr;
    CORTEX_TRY(array(name, elements));
    for (std::size_t i = 0; i < elements->size(); ++i) {
      CORTEX_TRY(visit(cat(at(name), "[", i, "]"), (*elements)[i]));
    }
    return {};
  }

  const json::Value& value_;
  std::string path_;
};

Status read_episode(const Reader& from, EpisodeCandidate& out) {
  CORTEX_TRY(from.check_members(
      {"summary", "source_event_ids", "domains", "entities", "confidence"}, {"candidate_meaning"}));
  CORTEX_TRY(from.text("summary", out.summary));
  CORTEX_TRY(from.ids("source_event_ids", core::IdKind::kEvent, out.source_event_ids));
  CORTEX_TRY(from.texts("domains", out.domains));
  CORTEX_TRY(from.texts("entities", out.entities));
  CORTEX_TRY(from.optional_text("candidate_meaning", out.meaning));
  return from.number("confidence", out.confidence);
}

Status read_memory(const Reader& from, MemoryCandidate& out) {
  CORTEX_TRY(from.check_members({"memory_type", "claim", "source_episode_indexes", "applies_when",
                                 "does_not_apply_when", "confidence", "initial_salience"}));
  CORTEX_TRY(from.text("memory_type", out.type));
  if (std::ranges::find(kMemoryTypes, out.type) == std::ranges::end(kMemoryTypes)) {
    return invalid(from.at("memory_type"), cat("has the unknown value ", quoted(out.type, 80)));
  }
  CORTEX_TRY(from.sentence("claim", out.claim));
  CORTEX_TRY(from.indexes("source_episode_indexes", out.episodes));
  CORTEX_TRY(from.texts("applies_when", out.applies_when));
  CORTEX_TRY(from.texts("does_not_apply_when", out.does_not_apply_when));
  CORTEX_TRY(from.number("confidence", out.confidence));
  const Reader salience = from.inner("initial_salience");
  CORTEX_TRY(salience.check_members({"reusability", "consequence", "emotional_charge"}));
  CORTEX_TRY(salience.number("reusability", out.salience.reusability));
  CORTEX_TRY(salience.number("consequence", out.salience.consequence));
  return salience.number("emotional_charge", out.salience.emotional_charge);
}

// Reads an array of objects one by one.
template <class Item>
Status read_all_of(const Reader& root, std::string_view name, std::vector<Item>& out,
                   Status (*read)(const Reader&, Item&)) {
  const json::Array* elements = nullptr;
  CORTEX_TRY(root.array(name, elements));
  for (std::size_t i = 0; i < elements->size(); ++i) {
    CORTEX_TRY(read(Reader((*elements)[i], cat(name, "[", i, "]")), out.emplace_back()));
  }
  return {};
}

Status check_score(double score, const std::string& path) {
  if (std::isfinite(score) && score >= 0.0 && score <= 1.0) return {};
  return invalid(path, "must be between 0.0 and 1.0");
}

// After the shape of all: scores, then references.
Status check_values(const SessionReflection& reflection) {
  for (std::size_t i = 0; i < reflection.episodes.size(); ++i) {
    CORTEX_TRY(check_score(reflection.episodes[i].confidence,
                           cat("episode_candidates[", i, "].confidence")));
  }
  for (std::size_t i = 0; i < reflection.memories.size(); ++i) {
    const MemoryCandidate& memory = reflection.memories[i];
    const std::string path = cat("memory_candidates[", i, "]");
    const std::string salience = path + ".initial_salience";
    CORTEX_TRY(check_score(memory.confidence, path + ".confidence"));
    CORTEX_TRY(check_score(memory.salience.reusability, salience + ".reusability"));
    CORTEX_TRY(check_score(memory.salience.consequence, salience + ".consequence"));
    CORTEX_TRY(check_score(memory.salience.emotional_charge, salience + ".emotional_charge"));
    for (const std::size_t episode : memory.episodes) {
      if (episode < reflection.episodes.size()) continue;
      return invalid(cat(path, ".source_episode_indexes"),
                     cat("names the episode ", episode, " of ", reflection.episodes.size()));
    }
  }
  return {};
}

}  // namespace

std::vector<std::string> SessionReflection::events_of(const MemoryCandidate& memory) const {
  std::vector<std::string> events;
  for (const std::size_t index : memory.episodes) {
    const auto& ids = episodes[index].source_event_ids;
    events.insert(events.end(), ids.begin(), ids.end());
  }
  return events;
}

std::vector<std::string> SessionReflection::domains_of(const MemoryCandidate& memory) const {
  std::vector<std::string> domains;
  for (const std::size_t index : memory.episodes) {
    for (const std::string& domain : episodes[index].domains) {
      if (std::ranges::find(domains, domain) == domains.end()) domains.push_back(domain);
    }
  }
  return domains;
}

Result<SessionReflection> read_reflection(const json::Value& document) {
  const Reader root(document, "");
  SessionReflection out;
  CORTEX_TRY(root.check_members({"trace_id", "episode_candidates", "memory_candidates",
                                 "contradictions", "doctrine_suggestions"}));
  CORTEX_TRY(root.id("trace_id", core::IdKind::kTrace, out.trace_id));
  CORTEX_TRY(read_all_of(root, "episode_candidates", out.episodes, read_episode));
  CORTEX_TRY(read_all_of(root, "memory_candidates", out.memories, read_memory));
  const json::Array* free_form = nullptr;
  CORTEX_TRY(root.array("contradictions", free_form));
  out.contradictions = *free_form;
  CORTEX_TRY(root.array("doctrine_suggestions", free_form));
  out.doctrine_suggestions = *free_form;
  CORTEX_TRY(check_values(out));
  return out;
}

Result<SessionReflection> parse_reflection(std::string_view text) {
  const auto document = json::parse(text);
  if (!document.ok()) {
    return refused(kInvalidJson, cat("the reflection is not JSON: ", document.error().message));
  }
  return read_reflection(*document);
}

json::Value to_json(const InitialSalience& salience) {
  return json::Object{{"consequence", salience.consequence},
                      {"emotional_charge", salience.emotional_charge},
                      {"reusability", salience.reusability}};
}

}  // namespace cortex::reflect
