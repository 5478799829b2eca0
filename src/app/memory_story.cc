#include "app/memory_story.h"

#include <span>
#include <utility>

#include "app/checked_store.h"
#include "app/memory_work.h"
#include "app/time_flag.h"
#include "base/text.h"
#include "memory/salience.h"
#include "trust/semantic.h"

namespace cortex::app {
namespace {

std::string story_source(std::string_view source_json) {
  const auto parsed = json::parse(source_json);
  if (!parsed.ok()) return {};
  std::string out;
  for (const std::string_view key : {"type", "name", "model"}) {
    const json::Value* part = parsed->find(key);
    if (part == nullptr || part->as_string() == nullptr) continue;
    out += cat(out.empty() ? "" : ":", *part->as_string());
  }
  return out;
}

Result<std::vector<SourceEvent>> events_of(sqlite::Connection& db,
                                           const std::vector<std::string>& ids) {
  CORTEX_ASSIGN(auto rows,
                db.prepare("SELECT e.id, e.observed_at, e.event_type, e.source_json, e.event_hash"
                           " FROM json_each(?1) j JOIN events e ON e.id = j.value ORDER BY j.key"));
  CORTEX_TRY(rows.bind(1, json::array_text(ids)));
  std::vector<SourceEvent> events;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return events;
    events.push_back({std::string(rows.column_text(0)), std::string(rows.column_text(1)),
                      std::string(rows.column_text(2)), story_source(rows.column_text(3)),
                      std::string(rows.column_text(4))});
  }
}

json::Array edges_json(const trust::Closure& closure) {
  json::Array edges;
  for (const trust::VerifiedEdge& edge : closure.verified) {
    edges.emplace_back(json::Object{{"evidence_ref", edge.evidence_ref},
                                    {"from_ref", edge.from_ref},
                                    {"kind", trust::edge_kind_token(edge.kind)},
                                    {"state", "verified"},
                                    {"to_ref", edge.to_ref}});
  }
  for (const trust::FailingEdge& edge : closure.failing) {
    edges.emplace_back(json::Object{{"from_ref", edge.from_ref},
                                    {"kind", trust::edge_kind_token(edge.kind)},
                                    {"reason", edge.reason},
                                    {"state", trust::edge_failure_token(edge.failure)},
                                    {"to_ref", edge.to_ref}});
  }
  return edges;
}

json::Array versions_json(const std::vector<store::MemoryVersion>& versions) {
  json::Array rows;
  for (const store::MemoryVersion& one : versions) {
    rows.emplace_back(json::Object{{"actor", one.actor},
                                   {"domains", one.domains},
                                   {"event_id", one.event_id},
                                   {"known_at", one.known_at},
                                   {"operation", one.operation},
                                   {"reason", one.reason},
                                   {"status", one.status},
                                   {"superseded_by", one.other_id},
                                   {"use_count", one.use_count},
                                   {"valid_from", json::or_null(one.valid.from)},
                                   {"valid_until", json::or_null(one.valid.until)},
                                   {"validation_epoch", one.validation_epoch}});
  }
  return rows;
}

json::Array contradictions_json(const std::vector<store::Contradiction>& all) {
  json::Array rows;
  for (const store::Contradiction& one : all) {
    rows.emplace_back(json::Object{{"contradiction_id", one.id},
                                   {"interpretation", json::or_null(one.interpretation)},
                                   {"left_ref", one.left_ref},
                                   {"right_ref", one.right_ref},
                                   {"status", one.status}});
  }
  return rows;
}

json::Array outcomes_json(const std::vector<store::OutcomeReport>& all) {
  json::Array rows;
  for (const store::OutcomeReport& one : all) {
    rows.emplace_back(json::Object{{"event_id", one.event_id},
                                   {"note", json::or_null(one.note)},
                                   {"recorded_at", one.recorded_at},
                                   {"result", one.result},
                                   {"session_id", one.session_id}});
  }
  return rows;
}

std::string state_token(const MemoryStory& story) {
  return std::string(trust::proof_state_token(story.proof.closure.state()));
}

std::optional<Timestamp> time_of(const std::optional<std::string>& column) {
  return column ? parse_relaxed_rfc3339(*column) : std::nullopt;
}

// What its use and its outcomes say, each for itself; at a moment, of what was known by then.
void judge_use(Timestamp now, MemoryStory& story) {
  const store::Memory& memory = story.then.memory;
  const auto is_known = [&story](const std::string& column) {
    return !story.as_of || column <= *story.as_of;
  };
  const auto known_time = [&is_known](const std::optional<std::string>& column) {
    return column && is_known(*column) ? time_of(column) : std::nullopt;
  };
  const memory::Uses uses{memory.cross_session_use_count.value_or(0),
                          known_time(memory.last_cross_session_use_at),
                          known_time(memory.last_validation_at), time_of(memory.blessed_until)};
  story.penalty_applies = memory::penalty_applies(uses, now, memory::kPenaltyWindowSeconds);
  story.use_penalty = memory::use_penalty(uses, now, memory::kPenaltyWindowSeconds,
                                          memory::kUseThreshold, memory::kUsePenalty);
  story.quarantine_due =
      memory::should_quarantine(uses, now, memory::kPenaltyWindowSeconds, memory::kQuarantineFrom);
  story.truth = memory::truth_token(memory::truth_of(memory, story.proof.usable()));
  for (const store::OutcomeReport& one : story.outcomes) {
    if (!is_known(one.recorded_at)) continue;
    if (one.result == "helpful") {
      story.usefulness = memory::usefulness_after(story.usefulness, memory::Utility::kSucceeded);
    } else if (one.result == "not-helpful") {
      story.usefulness = memory::usefulness_after(story.usefulness, memory::Utility::kFailed);
    }
  }
}

Reason authority_reason(const MemoryStory& story) {
  const store::Memory& memory = story.then.memory;
  const bool noted_by_agent = !story.versions.empty() && story.versions.front().actor == "agent" &&
                              story.versions.front().operation == "memory.note";
  if (noted_by_agent) {
    return {cat("authority.", trust::kAgentAuthority), false, "an agent noted it, not a person"};
  }
  return {cat("authority.", memory.authority),
          memory.authority == "user" || memory.authority == "operator",
          cat("it speaks with the authority \"", memory.authority, "\"")};
}

}  // namespace

Result<MemoryStory> memory_story(Services& services, const Layout& layout,
                                 const std::string& memory_id,
                                 const std::optional<std::string>& as_of, store::ProofDepth depth) {
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kMemory, memory_id));
  MemoryStory story;
  if (as_of) {
    CORTEX_ASSIGN(story.as_of, column_time_flag("as-of", *as_of));
  }
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  CORTEX_ASSIGN(story.then.memory, required_memory(db, id));
  CORTEX_ASSIGN(story.versions, store::versions_of(db, id));
  if (!story.versions.empty()) story.then.valid = story.versions.back().valid;
  if (story.as_of) {
    CORTEX_ASSIGN(auto then, store::memory_as_of(db, id, *story.as_of));
    if (!then) {
      return refusal(Code::kPrecondition,
                     cat("the memory ", id, " was not known at ", *story.as_of),
                     cat("it is known since ", story.then.memory.created_at));
    }
    story.then = *std::move(then);
  }
  CORTEX_ASSIGN(auto proofs, store::prove_lineages(db, std::span(&id, 1), depth));
  story.proof = std::move(proofs.front());
  CORTEX_ASSIGN(story.events, events_of(db, story.proof.event_ids));
  CORTEX_ASSIGN(story.contradictions, store::list_contradictions(db, store::Which::kAll, id));
  CORTEX_ASSIGN(story.outcomes, store::reports_of(db, id));
  CORTEX_ASSIGN(story.uses, store::session_uses_of(db, id));
  CORTEX_ASSIGN(const auto open, store::open_contradictions(db, std::span(&id, 1), story.as_of));
  for (const store::Contradiction& one : open) story.open_then.insert(one.id);
  const store::Memory& memory = story.then.memory;
  story.brightness = memory::brightness(memory::salience_of(memory, !story.open_then.empty()));
  story.use_signal = memory::use_signal_token(memory::use_signal(
      memory.cross_session_use_count.value_or(0), memory.validation_epoch.value_or(0)));
  judge_use(time_of(story.as_of).value_or(services.clock.now()), story);
  return story;
}

json::Value show_json(const MemoryStory& story) {
  const store::Memory& memory = story.then.memory;
  json::Array events;
  for (const SourceEvent& one : story.events) {
    events.emplace_back(json::Object{{"event_hash", one.event_hash},
                                     {"event_id", one.id},
                                     {"event_type", one.type},
                                     {"observed_at", one.observed_at},
                                     {"source", one.source}});
  }
  json::Object out{
      {"as_of", json::or_null(story.as_of)},
      {"brightness", static_cast<double>(story.brightness)},
      {"contradictions", contradictions_json(story.contradictions)},
      {"cross_session", json::Object{{"penalty", static_cast<double>(story.use_penalty)},
                                     {"penalty_applies", story.penalty_applies},
                                     {"quarantine_due", story.quarantine_due}}},
      {"edges", edges_json(story.proof.closure)},
      {"epistemic", json::Object{{"proof", state_token(story)},
                                 {"truth", story.truth},
                                 {"usefulness", static_cast<double>(story.usefulness)}}},
      {"events", std::move(events)},
      {"memory", json::sorted(store::memory_to_json(memory))},
      {"memory_id", memory.id},
      {"operations", versions_json(story.versions)},
      {"outcomes", outcomes_json(story.outcomes)},
      {"proof_state", state_token(story)},
      {"use_signal", story.use_signal},
      {"valid_from", json::or_null(story.then.valid.from)},
      {"valid_until", json::or_null(story.then.valid.until)}};
  return out;
}

json::Value history_json(const MemoryStory& story) {
  return json::Object{
      {"claim", story.then.memory.claim},         {"created_at", story.then.memory.created_at},
      {"memory_id", story.then.memory.id},        {"outcomes", outcomes_json(story.outcomes)},
      {"recorded", !story.versions.empty()},      {"status", story.then.memory.status},
      {"versions", versions_json(story.versions)}};
}

std::vector<Reason> reasons_of(const MemoryStory& story) {
  const store::Memory& memory = story.then.memory;
  std::vector<Reason> reasons;
  reasons.push_back({cat("status.", memory.status), memory.status == "active",
                     cat("it is ", memory.status, " since ", memory.updated_at)});
  reasons.push_back(authority_reason(story));
  const bool proven = story.proof.usable();
  reasons.push_back(
      {cat("proof.", state_token(story)), proven,
       proven ? cat("its lineage holds: ", counted(story.proof.closure.verified.size(), "link"))
              : cat("its lineage does not hold: ",
                    counted(story.proof.closure.failing.size(), "failing link"))});
  for (const store::Contradiction& one : story.contradictions) {
    if (story.as_of && one.created_at > *story.as_of) continue;  // nobody knew of it
    const bool was_open = story.open_then.contains(one.id);
    const std::string_view then = was_open == one.open() ? ""
                                  : was_open             ? " was open then,"
                                                         : " was not open then,";
    reasons.push_back({cat("contradiction.", one.status), !was_open,
                       cat(one.id, " between ", printable(one.left_ref), " and ",
                           printable(one.right_ref), then, " is ", one.status)});
  }
  const bool validated = memory.validation_epoch.value_or(0) > 0;
  reasons.push_back(
      {validated ? "validation.validated" : "validation.never", validated,
       validated ? cat("it was validated ",
                       counted(static_cast<std::uint64_t>(*memory.validation_epoch), "time"))
                 : std::string("nobody has validated it")});
  const std::int64_t uses = memory.cross_session_use_count.value_or(0);
  reasons.push_back({cat("use.", story.use_signal), story.use_signal != "weak_negative",
                     cat("it was used ", counted(static_cast<std::uint64_t>(uses), "time"), " in ",
                         counted(story.uses.size(), "session"))});
  if (story.quarantine_due) {
    reasons.push_back({"use.quarantine_due", false,
                       "it is used again and again, and nobody validated it lately"});
  }
  if (!story.versions.empty() && !story.versions.back().other_id.empty() &&
      memory.status == "superseded") {
    reasons.push_back(
        {"superseded_by", false, cat(story.versions.back().other_id, " took its place")});
  }
  return reasons;
}

json::Value why_json(const MemoryStory& story) {
  json::Array rows;
  for (const Reason& one : reasons_of(story)) {
    rows.emplace_back(
        json::Object{{"reason", one.text}, {"speaks_for", one.speaks_for}, {"token", one.token}});
  }
  const bool usable =
      story.then.memory.status == "active" && story.proof.usable() && story.open_then.empty();
  return json::Object{{"brightness", static_cast<double>(story.brightness)},
                      {"claim", story.then.memory.claim},
                      {"memory_id", story.then.memory.id},
                      {"proof_state", state_token(story)},
                      {"reasons", std::move(rows)},
                      {"usable_by_default", usable}};
}

}  // namespace cortex::app
