#include "app/reflection_keep.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "app/memory_work.h"
#include "base/text.h"
#include "core/event.h"
#include "crypto/digest.h"
#include "memory/principles.h"
#include "reflect/admission.h"
#include "store/audit_records.h"
#include "store/memories.h"
#include "store/memory_history.h"
#include "store/plain_rows.h"

namespace cortex::app {
namespace {

constexpr std::string_view kAdmission = "admission_rejected";
constexpr std::string_view kReflectedAuthority = "authority_rejected";
constexpr std::string_view kToolOnly = "reflection_authority.tool_origin_only_strategic_support";
constexpr std::string_view kLookupFailed = "reflection_authority.source_lookup_failed";

// The source types of those events that the store has, by id. One query.
Result<std::map<std::string, std::string>> sources_of(sqlite::Connection& db,
                                                      const reflect::SessionReflection& all) {
  std::set<std::string> ids;
  for (const reflect::EpisodeCandidate& one : all.episodes) {
    ids.insert(one.source_event_ids.begin(), one.source_event_ids.end());
  }
  CORTEX_ASSIGN(auto rows, db.prepare("SELECT id, json_extract(source_json, '$.type') FROM events"
                                      " WHERE id IN (SELECT value FROM json_each(?1))"));
  CORTEX_TRY(rows.bind(1, json::array_text(ids)));
  std::map<std::string, std::string> found;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return found;
    found.emplace(rows.column_text(0), rows.column_text(1));
  }
}

using Refusal = std::optional<Quarantine>;

Refusal refuse(std::string_view reason, std::string detail) {
  Quarantine out;
  out.reason = reason;
  out.detail = std::move(detail);
  return out;
}

// Nobody remembers what did not happen.
Refusal judge_sources(const reflect::SessionReflection& all,
                      const std::map<std::string, std::string>& known) {
  for (std::size_t i = 0; i < all.episodes.size(); ++i) {
    for (const std::string& id : all.episodes[i].source_event_ids) {
      if (known.contains(id)) continue;
      return refuse(kAdmission, cat("episode_candidates[", i, "] cites ", printable(id),
                                    ", which is no event of the ledger"));
    }
  }
  return std::nullopt;
}

// What tools alone said is no ground for a strategy.
Refusal judge_authority(const reflect::SessionReflection& all,
                        const std::map<std::string, std::string>& known) {
  for (std::size_t i = 0; i < all.memories.size(); ++i) {
    if (all.memories[i].type != "strategic") continue;
    const std::vector<std::string> events = all.events_of(all.memories[i]);
    const bool only_tools =
        std::ranges::all_of(events, [&](const std::string& id) { return known.at(id) == "tool"; });
    if (events.empty() || !only_tools) continue;
    return refuse(kReflectedAuthority, cat(kToolOnly, ": memory_candidates[", i, "]"));
  }
  return std::nullopt;
}

// A score as the ledger reads it back (docs/formats.md, 4.4).
double stable(double score) {
  constexpr double kSteps = 1e6;
  const json::Value value(score);
  return json::is_stable(*value.as_number()) ? score : std::round(score * kSteps) / kSteps;
}

std::string_view status_of(Proposed proposed) {
  switch (proposed) {
    case Proposed::kActive:
      return "active";
    case Proposed::kPending:
      return "pending_mcp_commit";
    case Proposed::kCandidate:
      return "candidate";
  }
  return "candidate";
}

// Builds the rows of one reflection.
class Keeping {
 public:
  Keeping(Services& services, sqlite::Connection& db, const CloseRequest& request,
          const reflect::SessionReflection& reflection, CloseReport& report)
      : services_(services),
        db_(db),
        request_(request),
        all_(reflection),
        report_(report),
        at_(column_time(services.clock.now())),
        extracted_by_(json::write_compact(json::Object{{"adapter_id", report.adapter_id},
                                                       {"label", request.label},
                                                       {"model", report.model},
                                                       {"raw_hash", report.raw_hash}})) {}

  Result<std::vector<store::Operation>> operations() {
    report_.proposed += all_.memories.size();
    CORTEX_TRY(add_memories());
    CORTEX_TRY(add_episodes());
    CORTEX_TRY(add_principles());
    if (memories_.empty() && episodes_.empty() && principles_.empty()) {
      return std::vector<store::Operation>();
    }
    json::Object trace{{"id", all_.trace_id},     {"schema_version", core::kSchemaVersion},
                       {"opened_at", at_},        {"closed_at", at_},
                       {"trace_type", "session"}, {"status", "closed"}};
    return std::vector<store::Operation>{{"session.close",
                                          {{"at", at_},
                                           {"label", request_.label},
                                           {"adapter_id", report_.adapter_id},
                                           {"raw_hash", report_.raw_hash},
                                           {"trace", std::move(trace)},
                                           {"memories", std::move(memories_)},
                                           {"episodes", std::move(episodes_)},
                                           {"principles", std::move(principles_)}}}};
  }

 private:
  // A candidate with its claim as it may be kept: that is what the store has of it.
  struct Kept {
    const reflect::MemoryCandidate& candidate;
    std::string claim;
  };

  // Those of their claims that the store has, with their source events: whatever became of them,
  // they are not proposed again.
  Result<std::set<std::pair<std::string, std::string>>> known_claims(
      const std::vector<Kept>& candidates) {
    std::vector<std::string> claims;
    claims.reserve(candidates.size());
    for (const Kept& one : candidates) claims.push_back(one.claim);
    CORTEX_ASSIGN(auto rows,
                  db_.prepare("SELECT claim, source_events_json FROM memories WHERE claim IN"
                              " (SELECT value FROM json_each(?1))"));
    CORTEX_TRY(rows.bind(1, json::array_text(claims)));
    std::set<std::pair<std::string, std::string>> known;
    for (;;) {
      CORTEX_ASSIGN(const bool more, rows.step());
      if (!more) return known;
      known.emplace(rows.column_text(0), rows.column_text(1));
    }
  }

  Status add_memories() {
    std::vector<Kept> kept;
    for (const reflect::MemoryCandidate& one : all_.memories) {
      CORTEX_ASSIGN(auto claim, gated(one.claim));
      if (claim) kept.push_back({one, *std::move(claim)});
    }
    CORTEX_ASSIGN(auto known, known_claims(kept));
    for (const Kept& one : kept) {
      if (!known.emplace(one.claim, json::array_text(all_.events_of(one.candidate))).second) {
        ++report_.already_existed;
        continue;
      }
      const store::Memory row = memory_row(one.candidate, one.claim);
      report_.memory_ids.push_back(row.id);
      memories_.emplace_back(store::memory_to_json(row));
    }
    return {};
  }

  // The claim as it may be kept; nothing, with a note, when it may not.
  Result<std::optional<std::string>> gated(const std::string& claim) {
    auto screened = memory::screen(claim, request_.policy);
    const Status fresh = memory::refuse_recalled(db_, claim, request_.policy);
    if (screened.ok() && fresh.ok()) return std::optional(std::move(screened->text));
    const Error& why = screened.ok() ? fresh.error() : screened.error();
    if (why.code != Code::kPrecondition) return why;
    report_.gated.push_back(why.message);
    return std::optional<std::string>();
  }

  store::Memory memory_row(const reflect::MemoryCandidate& one, const std::string& claim) {
    store::Memory row;
    row.id = new_id(services_, core::IdKind::kMemory);
    row.type = one.type;
    row.status = status_of(request_.proposed);
    row.claim = claim;
    row.source_episodes = json::Array();
    row.source_events = json::array_of(all_.events_of(one));
    row.domains = json::array_of(all_.domains_of(one));
    row.salience = reflect::to_json(
        reflect::InitialSalience{stable(one.salience.reusability), stable(one.salience.consequence),
                                 stable(one.salience.emotional_charge)});
    row.confidence = one.confidence;
    row.authority = "candidate";
    row.applies_when = json::array_of(one.applies_when);
    row.does_not_apply_when = json::array_of(one.does_not_apply_when);
    row.created_at = row.updated_at = at_;
    return row;
  }

  Status add_episodes() {
    CORTEX_ASSIGN(const auto known,
                  store::rows_where(db_, "episodes", "WHERE trace_id = ?1", all_.trace_id));
    std::set<std::pair<std::string, std::string>> seen;
    for (const json::Object& row : known) {
      seen.emplace(store::text_of(row, "summary"), store::text_of(row, "source_events_json"));
    }
    for (const reflect::EpisodeCandidate& one : all_.episodes) {
      CORTEX_ASSIGN(const auto summary, gated(one.summary));
      if (!summary || !seen.emplace(*summary, json::array_text(one.source_event_ids)).second)
        continue;
      episodes_.emplace_back(
          json::Object{{"id", new_id(services_, core::IdKind::kEpisode)},
                       {"trace_id", all_.trace_id},
                       {"source_events_json", json::array_text(one.source_event_ids)},
                       {"summary", *summary},
                       {"domains_json", json::array_text(one.domains)},
                       {"entities_json", json::array_text(one.entities)},
                       {"candidate_meaning", json::or_null(one.meaning)},
                       {"extracted_by_json", extracted_by_},
                       {"confidence", store::exact_real(one.confidence)},
                       {"status", "candidate"}});
      ++report_.episodes;
    }
    return {};
  }

  // The text of a suggestion: itself, or its member `statement` or `rule`.
  static std::string statement_of(const json::Value& suggestion) {
    if (const std::string* text = suggestion.as_string()) return std::string(trim(*text));
    for (const char* member : {"statement", "rule"}) {
      if (const std::string* text = suggestion.find_text(member)) return std::string(trim(*text));
    }
    return {};
  }

  Status add_principles() {
    std::set<std::string> seen;
    for (const json::Value& suggestion : all_.doctrine_suggestions) {
      const std::string text = statement_of(suggestion);
      if (text.empty()) continue;
      CORTEX_ASSIGN(const auto statement, gated(text));
      if (!statement || !seen.insert(*statement).second) continue;
      CORTEX_ASSIGN(const auto same, store::find_row(db_, "principles", "statement", *statement));
      if (same) continue;
      principles_.emplace_back(principle_row(*statement));
      ++report_.principles;
    }
    return {};
  }

  json::Object principle_row(const std::string& statement) {
    std::set<std::string> domains;
    double confidence = all_.memories.empty() ? 0.0 : 1.0;
    for (const reflect::MemoryCandidate& one : all_.memories) {
      confidence = std::min(confidence, one.confidence);
      for (std::string& domain : all_.domains_of(one)) domains.insert(std::move(domain));
    }
    json::Object created_by;
    memory::set_falsification(created_by, {});
    created_by.add("kind", "reflection");
    created_by.add("raw_hash", report_.raw_hash);
    return {{"id", new_id(services_, core::IdKind::kPrinciple)},
            {"statement", statement},
            {"status", "candidate"},
            {"supporting_memories_json", json::array_text(report_.memory_ids)},
            {"contradicting_memories_json", "[]"},
            {"domains_observed_json", json::array_text(domains)},
            {"applies_when_json", "[]"},
            {"does_not_apply_when_json", "[]"},
            {"confidence", store::exact_real(confidence)},
            {"validation", store::exact_real(0.0)},
            {"brightness", store::exact_real(0.0)},
            {"created_by_json", json::write_compact(created_by, json::Keys::kSorted)},
            {"created_at", at_},
            {"updated_at", at_}};
  }

  Services& services_;
  sqlite::Connection& db_;
  const CloseRequest& request_;
  const reflect::SessionReflection& all_;
  CloseReport& report_;
  std::string at_, extracted_by_;
  json::Array memories_, episodes_, principles_;
};

Status put_rows(sqlite::Connection& db, const store::OperationRow& row, std::string_view member,
                std::string_view table) {
  const json::Array* rows = row.arg(member).as_array();
  if (rows == nullptr) return {};
  for (const json::Value& one : *rows) {
    if (one.as_object() == nullptr) {
      return make_error(Code::kIntegrity,
                        cat(row.name, " ", row.event_id, " has no usable ", member));
    }
    CORTEX_TRY(store::put_row(db, table, "id", *one.as_object(), store::IfThere::kKeep));
  }
  return {};
}

// The document that a response is, as its hash is taken: the parsed JSON, compact and sorted, or
// the text.
std::string output_of(const llm::Response& response) {
  if (!response.parsed_json) return response.text;
  return json::write_compact(*response.parsed_json, json::Keys::kSorted);
}

// Nothing: it may be kept, and `reflection` is it.
std::optional<Quarantine> judge_answer(sqlite::Connection& db, const std::string& trace_id,
                                       std::string_view adapter_id, const llm::Response& response,
                                       reflect::SessionReflection& reflection) {
  const std::string output = output_of(response);
  const auto judge = [&]() -> std::optional<Quarantine> {
    auto read = reflect::parse_reflection(output);
    if (!read.ok()) return refuse(read.error().token, read.error().message);
    reflection = *std::move(read);
    if (reflection.trace_id != trace_id) {
      return refuse(reflect::kInvalidSchema, cat("trace_id is not ", trace_id));
    }
    for (std::size_t i = 0; i < reflection.memories.size(); ++i) {
      const reflect::Judgement one =
          reflect::judge_memory(reflection, i, {adapter_id, response.raw_hash});
      if (!one.admitted()) return refuse(kAdmission, one.detail());
    }
    const auto known = sources_of(db, reflection);
    if (!known.ok())
      return refuse(kReflectedAuthority, cat(kLookupFailed, ": ", known.error().message));
    if (auto found = judge_sources(reflection, *known)) return found;
    return judge_authority(reflection, *known);
  };
  auto found = judge();
  if (found) found->output_hash = crypto::blake3_hex(output);
  return found;
}

store::Operation quarantine_operation(Services& services, Quarantine& quarantine) {
  quarantine.audit_id = new_id(services, core::IdKind::kAuditRecord);
  return {"reflection.quarantine",
          {{"at", column_time(services.clock.now())},
           {"audit_id", quarantine.audit_id},
           {"detail", quarantine.detail},
           {"output_hash", quarantine.output_hash},
           {"reason", quarantine.reason}}};
}

}  // namespace

Result<CloseReport> keep_answer(Services& services, const CloseRequest& request,
                                const std::string& trace_id, std::string_view adapter_id,
                                const llm::Response& answer) {
  CloseReport kept;
  const Plan plan = [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
    kept = {};
    kept.adapter_id = adapter_id;
    kept.model = answer.model;
    kept.raw_hash = answer.raw_hash;
    reflect::SessionReflection reflection;
    kept.quarantine = judge_answer(db, trace_id, adapter_id, answer, reflection);
    if (kept.quarantine) return std::vector{quarantine_operation(services, *kept.quarantine)};
    return Keeping(services, db, request, reflection, kept).operations();
  };
  CORTEX_ASSIGN(const Recorded recorded,
                change_memories(services, request.layout, request.caller, plan));
  if (!recorded.mirror_note.empty()) kept.notes.push_back(recorded.mirror_note);
  return kept;
}

Status apply_session_close(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const std::string at, row.text_arg("at"));
  const json::Object* trace = row.arg("trace").as_object();
  const json::Array* memories = row.arg("memories").as_array();
  if (trace == nullptr || memories == nullptr) {
    return make_error(Code::kIntegrity,
                      cat(row.name, " ", row.event_id, " has no usable trace or memories"));
  }
  CORTEX_TRY(store::put_row(db, "traces", "id", *trace, store::IfThere::kKeep));
  CORTEX_TRY(put_rows(db, row, "episodes", "episodes"));
  for (const json::Value& value : *memories) {
    CORTEX_ASSIGN(const store::Memory memory, store::memory_from_json(value));
    CORTEX_TRY(store::insert_memory(db, memory));
    CORTEX_TRY(store::record_version(db, row, memory.id, at, std::nullopt, ""));
  }
  return put_rows(db, row, "principles", "principles");
}

Status apply_quarantine(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const std::string at, row.text_arg("at"));
  CORTEX_ASSIGN(const std::string id, row.text_arg("audit_id"));
  CORTEX_ASSIGN(const std::string hash, row.text_arg("output_hash"));
  CORTEX_ASSIGN(const std::string reason, row.text_arg("reason"));
  return store::add_audit_record(
      db, {.id = id,
           .operation = "reflection_quarantine",
           .target_ref = cat("reflection_output:", hash),
           .before_hash = {},
           .after_hash = hash,
           .reason = reason,
           .actor = json::Object{{"component", "parser"}, {"kind", "cortex_reflect"}},
           .source_refs = json::Object{{"output_hash", hash}, {"reason", reason}},
           .created_at = at});
}

}  // namespace cortex::app
