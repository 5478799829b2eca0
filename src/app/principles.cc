// `principles extract`, `principle falsify`, `principle list`.
#include "app/principles.h"

#include <algorithm>
#include <utility>

#include "app/checked_store.h"
#include "app/memory_work.h"
#include "base/text.h"
#include "memory/salience.h"
#include "store/plain_rows.h"

namespace cortex::app {
namespace {

using Operations = std::vector<store::Operation>;

constexpr std::string_view kModel = "replay";

// Which memories are looked at.
struct Window {
  std::optional<std::string> since;  // as columns hold times
  std::optional<std::vector<std::string>> ids;
  std::string note;
};

Result<Window> parse_window(const std::string& text, Timestamp now) {
  if (is_blank(text)) {
    return refusal(Code::kUsage, "--window must not be empty", "give a duration such as 7d");
  }
  Window window;
  if (const auto seconds = memory::parse_duration(text)) {
    now.seconds -= *seconds;
    window.since = column_time(now);
    return window;
  }
  std::vector<std::string> ids;
  for (const std::string_view part : split(text, ',')) {
    const auto id = core::parse_id(core::IdKind::kMemory, trim(part));
    if (!id) {
      if (trim(text) != "all") {
        window.note = cat("--window ", quoted(text),
                          " is no duration and no list of memories: all"
                          " active memories were looked at");
      }
      return window;
    }
    ids.push_back(core::id_text(core::IdKind::kMemory, *id));
  }
  window.ids = std::move(ids);
  return window;
}

bool has_domain(const store::Memory& memory, const std::vector<std::string>& domains) {
  if (domains.empty()) return true;
  return std::ranges::any_of(memory.tags(), [&](const std::string& tag) {
    return std::ranges::any_of(domains, [&](const std::string& domain) {
      return to_lower_ascii(trim(tag)) == to_lower_ascii(trim(domain));
    });
  });
}

Result<std::vector<store::Memory>> memories_in(sqlite::Connection& db, const Window& window,
                                               const std::vector<std::string>& domains) {
  std::vector<store::Memory> found;
  const auto keep = [&](const store::Memory& one) -> Status {
    if ((!window.since || one.updated_at >= *window.since) && has_domain(one, domains)) {
      found.push_back(one);
    }
    return {};
  };
  CORTEX_TRY(store::each_memory(db, {.statuses = {"active"}, .ids = window.ids}, keep));
  return found;
}

json::Object principle_row(Services& services, const memory::PrincipleCandidate& candidate,
                           const std::vector<store::Memory>& memories) {
  double validated = 0, bright = 0;
  for (const store::Memory& one : memories) {
    if (std::ranges::find(candidate.supporting, one.id) == candidate.supporting.end()) continue;
    validated += one.validated() ? 1 : 0;
    bright += static_cast<double>(memory::brightness(memory::salience_of(one, false)));
  }
  const auto count = static_cast<double>(candidate.supporting.size());
  json::Object created_by{{"kind", "extraction"}, {"model", kModel}};
  memory::set_falsification(created_by, {});
  const std::string now = column_time(services.clock.now());
  return {{"id", new_id(services, core::IdKind::kPrinciple)},
          {"statement", candidate.statement},
          {"status", "candidate"},
          {"supporting_memories_json", json::array_text(candidate.supporting)},
          {"contradicting_memories_json", "[]"},
          {"domains_observed_json", json::array_text(candidate.domains)},
          {"applies_when_json", json::array_text(candidate.applies_when)},
          {"does_not_apply_when_json", json::array_text(candidate.does_not_apply_when)},
          {"confidence", store::exact_real(candidate.confidence)},
          {"validation", store::exact_real(validated / count)},
          {"brightness", store::exact_real(bright / count)},
          {"created_by_json", json::write_compact(created_by, json::Keys::kSorted)},
          {"created_at", now},
          {"updated_at", now}};
}

// One row a candidate; one that is there already with the same support is not added again.
Result<Operations> persist(Services& services, sqlite::Connection& db, ExtractReport& report,
                           const std::vector<store::Memory>& memories) {
  Operations operations;
  for (const memory::PrincipleCandidate& candidate : report.candidates) {
    CORTEX_ASSIGN(const auto same, store::rows_where(db, "principles",
                                                     "WHERE supporting_memories_json = ?1 ORDER BY"
                                                     " id LIMIT 1",
                                                     json::array_text(candidate.supporting)));
    if (!same.empty()) {
      report.persisted.push_back(store::text_of(same.front(), "id"));
      continue;
    }
    json::Object row = principle_row(services, candidate, memories);
    report.persisted.push_back(store::text_of(row, "id"));
    ++report.added;
    const std::string at = store::text_of(row, "created_at");
    operations.push_back({"principle.candidate", {{"at", at}, {"principle", std::move(row)}}});
  }
  return operations;
}

Status fill(sqlite::Connection& db, const Window& window, const ExtractRequest& request,
            ExtractReport& report, std::vector<store::Memory>& memories) {
  CORTEX_ASSIGN(memories, memories_in(db, window, request.domains));
  report.candidates = memory::find_principles(memories);
  if (request.limit && report.candidates.size() > *request.limit) {
    report.candidates.resize(*request.limit);
  }
  return {};
}

Result<json::Object> required_principle(sqlite::Connection& db, const std::string& id) {
  CORTEX_ASSIGN(auto row, store::find_row(db, "principles", "id", id));
  if (row) return *std::move(row);
  return refusal(Code::kPrecondition, cat("there is no principle ", id),
                 "see `cortex principle list`", "principle.not_found");
}

Status check_texts(const std::vector<std::string>& texts, std::string_view what) {
  for (const std::string& text : texts) CORTEX_TRY(check_text(what, text));
  return {};
}

// The record after what is new in the request.
Result<memory::Falsification> amended(memory::Falsification record, const FalsifyRequest& request) {
  record.attempted = true;
  record.well_formed = true;
  for (const std::string& text : request.resolved) {
    if (std::erase(record.open_counterexamples, text) == 0) {
      return refusal(Code::kPrecondition, cat("no open counterexample says ", quoted(text)),
                     "give its text as it was recorded");
    }
    record.failed_attempts.push_back(text);
  }
  for (const std::string& text : request.failed_attempts) record.failed_attempts.push_back(text);
  for (const std::string& text : request.counterexamples) {
    record.open_counterexamples.push_back(text);
  }
  return record;
}

PrincipleRow listed_row(const json::Object& row) {
  PrincipleRow out{.id = store::text_of(row, "id"),
                   .statement = store::text_of(row, "statement"),
                   .status = store::text_of(row, "status"),
                   .confidence = store::real_of(row, "confidence").value_or(0)};
  const auto ids = json::parse(store::text_of(row, "supporting_memories_json"));
  if (!ids.ok() || ids->as_array() == nullptr) return out;
  for (const json::Value& id : *ids->as_array()) {
    if (id.as_string() != nullptr) out.supporting.push_back(*id.as_string());
  }
  return out;
}

Result<std::uint64_t> count_of(sqlite::Connection& db, std::string_view sql) {
  CORTEX_ASSIGN(const std::int64_t count, db.query_int(sql));
  return static_cast<std::uint64_t>(count);
}

}  // namespace

Result<ExtractReport> extract_principles(Services& services, const Layout& layout,
                                         const ExtractRequest& request) {
  if (request.model != kModel) {
    return refusal(Code::kUsage, cat("--model ", quoted(request.model), " is not ", kModel),
                   "give --model replay");
  }
  CORTEX_ASSIGN(const Window window, parse_window(request.window, services.clock.now()));
  ExtractReport report;
  report.note = window.note;
  std::vector<store::Memory> memories;
  if (!request.persist) {
    CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
    CORTEX_TRY(fill(store.connection, window, request, report, memories));
    return report;
  }
  const Plan plan = [&](sqlite::Connection& db) -> Result<Operations> {
    CORTEX_TRY(fill(db, window, request, report, memories));
    return persist(services, db, report, memories);
  };
  CORTEX_ASSIGN(const Recorded recorded, change_memories(services, layout, request.caller, plan));
  report.mirror_note = recorded.mirror_note;
  return report;
}

json::Value to_json(const ExtractReport& report) {
  json::Array candidates;
  for (std::size_t i = 0; i < report.candidates.size(); ++i) {
    json::Value one = memory::to_json(report.candidates[i]);
    if (i < report.persisted.size()) one.as_object()->add("principle_id", report.persisted[i]);
    candidates.push_back(std::move(one));
  }
  return json::Object{{"candidate_principles", std::move(candidates)}};
}

Result<FalsifyReport> falsify_principle(Services& services, const Layout& layout,
                                        const FalsifyRequest& request) {
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kPrinciple, request.principle_id));
  CORTEX_TRY(check_texts(request.failed_attempts, "attempt"));
  CORTEX_TRY(check_texts(request.counterexamples, "counterexample"));
  if (request.failed_attempts.empty() && request.counterexamples.empty() &&
      request.resolved.empty()) {
    return refusal(Code::kUsage, "there is nothing to record",
                   "give --failed-attempt, --counterexample or --resolved");
  }
  FalsifyReport report{.principle_id = id, .event_id = {}, .mirror_note = {}, .record = {}};
  const Plan plan = [&](sqlite::Connection& db) -> Result<Operations> {
    CORTEX_ASSIGN(json::Object row, required_principle(db, id));
    // Doctrine stays open to counterexamples: while one is, no context pack holds it.
    const std::string status = store::text_of(row, "status");
    if (status != "candidate" && status != "promoted_to_doctrine") {
      return refusal(Code::kPrecondition, cat("the principle ", id, " is ", printable(status)),
                     "only candidates and doctrine are put to the test");
    }
    auto created_by = json::parse(store::text_of(row, "created_by_json"));
    json::Object kept;
    if (created_by.ok() && created_by->as_object() != nullptr) kept = *created_by->as_object();
    CORTEX_ASSIGN(report.record, amended(memory::falsification_of(kept), request));
    memory::set_falsification(kept, report.record);
    const std::string at = column_time(services.clock.now());
    row.set("created_by_json", json::write_compact(std::move(kept), json::Keys::kSorted));
    row.set("updated_at", at);
    return Operations{{"principle.falsify", {{"at", at}, {"principle", std::move(row)}}}};
  };
  CORTEX_ASSIGN(const Recorded recorded, change_memories(services, layout, request.caller, plan));
  report.event_id = recorded.event_ids.back();
  report.mirror_note = recorded.mirror_note;
  return report;
}

json::Value to_json(const FalsifyReport& report) {
  return json::Object{
      {"principle_id", report.principle_id},
      {"failed_attempts", json::array_of(report.record.failed_attempts)},
      {"unresolved_high_risk_counterexamples", json::array_of(report.record.open_counterexamples)},
      {"holds", report.record.holds()},
      {"event_id", report.event_id}};
}

Result<PrincipleStatus> principle_status(Services& services, const Layout& layout,
                                         const std::optional<std::string>& principle_id) {
  std::optional<std::string> id;
  if (principle_id && !is_blank(*principle_id)) {
    CORTEX_ASSIGN(id, id_argument(core::IdKind::kPrinciple, trim(*principle_id)));
  }
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  PrincipleStatus status;
  CORTEX_ASSIGN(status.active_memories,
                count_of(db, "SELECT count(*) FROM memories WHERE status = 'active'"));
  CORTEX_ASSIGN(status.candidates,
                count_of(db, "SELECT count(*) FROM principles WHERE status = 'candidate'"));
  CORTEX_ASSIGN(status.doctrine, count_of(db, "SELECT count(*) FROM doctrine"));
  CORTEX_ASSIGN(const auto rows, store::rows_where(db, "principles",
                                                   id ? "WHERE id = ?1"
                                                      : "WHERE status = ?1 ORDER BY created_at, id",
                                                   id ? *id : std::string("candidate")));
  for (const json::Object& row : rows) status.principles.push_back(listed_row(row));
  return status;
}

json::Value to_json(const PrincipleStatus& status) {
  json::Array rows;
  for (const PrincipleRow& row : status.principles) {
    rows.emplace_back(json::Object{{"id", row.id},
                                   {"claim", row.statement},
                                   {"status", row.status},
                                   {"confidence", row.confidence}});
  }
  return json::Object{{"active_count", status.active_memories},
                      {"candidate_count", status.candidates},
                      {"doctrine_count", status.doctrine},
                      {"principles", std::move(rows)}};
}

Status apply_principle(sqlite::Connection& db, const store::OperationRow& row) {
  const json::Object* principle = row.arg("principle").as_object();
  if (principle == nullptr) {
    return make_error(Code::kIntegrity, cat(row.name, " ", row.event_id, " has no principle"));
  }
  CORTEX_TRY(store::put_row(db, "principles", "id", *principle, store::IfThere::kReplace));
  if (const json::Object* doctrine = row.arg("doctrine").as_object()) {
    CORTEX_TRY(store::put_row(db, "doctrine", "id", *doctrine, store::IfThere::kKeep));
  }
  const json::Object* audit = row.arg("audit").as_object();
  if (audit == nullptr) return {};
  return store::put_row(db, "audit_records", "id", *audit, store::IfThere::kKeep);
}

}  // namespace cortex::app
