#include "reflect/prompt.h"

#include <string>

#include "base/text.h"

namespace cortex::reflect {
namespace {

constexpr std::string_view kReflectSystem =
    "You are given the id of one trace of an agent's work. Answer with one JSON document that "
    "holds the episodes of the trace and what is worth remembering of it. Name the events that "
    "each episode rests on; propose nothing that no event supports.";

constexpr std::string_view kCloseSystem =
    "A session of an agent's work has ended. Answer with one JSON document of the given schema "
    "that holds the episodes of the session and what is worth remembering of it. Name the events "
    "that each episode rests on; propose nothing that no event supports.";

json::Value texts() {
  return json::Object{{"type", "array"}, {"items", json::Object{{"type", "string"}}}};
}

json::Value text() { return json::Object{{"type", "string"}}; }

json::Value id(std::string_view prefix) {
  return json::Object{{"type", "string"},
                      {"pattern", cat("^", prefix, "_[0-9A-HJKMNP-TV-Z]{26}$")}};
}

json::Value score() { return json::Object{{"type", "number"}, {"minimum", 0}, {"maximum", 1}}; }

json::Value array_of(json::Value items) {
  return json::Object{{"type", "array"}, {"items", std::move(items)}};
}

// An object with exactly these members; all of them are required but `optional`.
json::Value closed_object(json::Object members, std::string_view optional = "") {
  json::Array required;
  for (const auto& [name, schema] : members) {
    if (name != optional) required.emplace_back(name);
  }
  return json::Object{{"type", "object"},
                      {"properties", std::move(members)},
                      {"required", std::move(required)},
                      {"additionalProperties", false}};
}

llm::Request ask(std::string_view model, std::string_view system, std::string_view trace_id) {
  llm::Request request;
  request.model = model;
  request.system = system;
  request.messages = {{llm::Role::kUser, cat("trace: ", trace_id)}};
  return request;
}

}  // namespace

llm::Request reflect_request(std::string_view trace_id) {
  return ask(kReflectModel, kReflectSystem, trace_id);
}

llm::Request close_request(std::string_view trace_id) {
  llm::Request request = ask(kCloseModel, kCloseSystem, trace_id);
  request.max_tokens = 4096;
  request.json_schema = reflection_schema();
  return request;
}

json::Value reflection_schema() {
  const json::Value episode =
      closed_object({{"summary", text()},
                     {"source_event_ids", array_of(id("evt"))},
                     {"domains", texts()},
                     {"entities", texts()},
                     {"candidate_meaning", json::Object{{"type", json::Array{"string", "null"}}}},
                     {"confidence", score()}},
                    "candidate_meaning");
  const json::Value salience = closed_object(
      {{"reusability", score()}, {"consequence", score()}, {"emotional_charge", score()}});
  const json::Value memory = closed_object(
      {{"memory_type", json::Object{{"enum", json::Array{"semantic", "episodic", "procedural",
                                                         "strategic", "affective", "correction"}}}},
       {"claim", text()},
       {"source_episode_indexes", array_of(json::Object{{"type", "integer"}, {"minimum", 0}})},
       {"applies_when", texts()},
       {"does_not_apply_when", texts()},
       {"confidence", score()},
       {"initial_salience", salience}});
  json::Value schema = closed_object({{"trace_id", id("trc")},
                                      {"episode_candidates", array_of(episode)},
                                      {"memory_candidates", array_of(memory)},
                                      {"contradictions", json::Object{{"type", "array"}}},
                                      {"doctrine_suggestions", json::Object{{"type", "array"}}}});
  schema.as_object()->set("$schema", "http://json-schema.org/draft-07/schema#");
  return schema;
}

}  // namespace cortex::reflect
