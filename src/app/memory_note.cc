#include "app/memory_note.h"

#include <utility>

#include "app/time_flag.h"
#include "base/text.h"
#include "memory/lifecycle.h"
#include "store/memory_history.h"

namespace cortex::app {
namespace {

// The request as it may be kept: trimmed, checked, screened.
struct Screened {
  NoteRequest request;
  std::vector<memory::Finding> findings;
};

Status check(const NoteRequest& request) {
  CORTEX_TRY(check_text("claim", request.claim));
  if (!request.reason.empty()) CORTEX_TRY(check_text("reason", request.reason));
  for (const std::string& tag : request.domains) {
    if (!is_valid_utf8(tag)) {
      return refusal(Code::kUsage, cat("the domain ", quoted(tag), " is not UTF-8"),
                     "give domains in UTF-8");
    }
  }
  // Written so that NaN is refused.
  if (!(request.confidence >= 0.0 && request.confidence <= 1.0)) {
    return refusal(Code::kUsage, "the confidence must be from 0 to 1",
                   "give --confidence a number such as 0.9");
  }
  return {};
}

Status require_valid_some_time(const std::optional<std::string>& from,
                               const std::optional<std::string>& until) {
  if (!from || !until || *from < *until) return {};
  return refusal(Code::kUsage,
                 "the claim would never be valid: --valid-until is not after"
                 " --valid-from",
                 "give a later --valid-until");
}

Result<Screened> screen(NoteRequest request, const memory::GatePolicy& policy) {
  request.claim = std::string(trim(request.claim));
  CORTEX_TRY(check(request));
  Screened out;
  for (std::string* text : {&request.claim, &request.reason}) {
    CORTEX_ASSIGN(memory::Screened kept, memory::screen(*text, policy));
    *text = std::move(kept.text);
    out.findings.insert(out.findings.end(), kept.findings.begin(), kept.findings.end());
  }
  for (std::string& tag : request.domains) {
    CORTEX_ASSIGN(memory::Screened kept, memory::screen(tag, policy));
    tag = std::move(kept.text);
    out.findings.insert(out.findings.end(), kept.findings.begin(), kept.findings.end());
  }
  if (request.valid_from) {
    CORTEX_ASSIGN(request.valid_from, column_time_flag("valid-from", *request.valid_from));
  }
  if (request.valid_until) {
    CORTEX_ASSIGN(request.valid_until, column_time_flag("valid-until", *request.valid_until));
  }
  CORTEX_TRY(require_valid_some_time(request.valid_from, request.valid_until));
  out.request = std::move(request);
  return out;
}

store::Memory row_of(const NoteReport& report, const std::string& at) {
  store::Memory row;
  row.id = report.memory_id;
  row.type = "operator_note";
  row.status = report.status;
  row.claim = report.claim;
  row.source_episodes = row.source_events = json::Array();
  row.domains = json::array_of(report.domains);
  row.salience = json::Object();
  row.confidence = report.confidence;
  row.authority = "operator";
  row.created_at = row.updated_at = at;
  return row;
}

// The gate that needs the store: nearly the same claim, or text that was recalled from it.
Status pass_store_gate(sqlite::Connection& db, const memory::GatePolicy& policy,
                       const NoteRequest& request, NoteReport& report) {
  CORTEX_TRY(memory::refuse_recalled(db, request.claim, policy));
  if (policy.duplicates == memory::GateAction::kOff) return {};
  CORTEX_ASSIGN(report.near_duplicates, memory::near_duplicates(db, request.claim));
  std::erase_if(report.near_duplicates,
                [&](const memory::NearDuplicate& one) { return one.memory_id == report.corrects; });
  if (report.near_duplicates.empty() || request.allow_duplicate ||
      policy.duplicates != memory::GateAction::kRefuse) {
    return {};
  }
  const memory::NearDuplicate& first = report.near_duplicates.front();
  return refusal(Code::kPrecondition,
                 cat("the memory ", first.memory_id, " says nearly the same (",
                     static_cast<int>(first.similarity * 100), " of 100 word triples)"),
                 "record an outcome of that memory, or give --allow-duplicate",
                 "memory.write_gate.near_duplicate");
}

store::Operation note_operation(const NoteReport& report, const NoteRequest& request,
                                const std::string& at) {
  json::Object args{{"at", at}, {"memory", store::memory_to_json(row_of(report, at))}};
  if (request.valid_from) args.add("valid_from", *request.valid_from);
  if (request.valid_until) args.add("valid_until", *request.valid_until);
  if (!report.corrects.empty()) args.add("corrects", report.corrects);
  return {"memory.note", std::move(args)};
}

NoteReport report_of(Services& services, const Screened& screened) {
  NoteReport report;
  report.memory_id = new_id(services, core::IdKind::kMemory);
  report.claim = screened.request.claim;
  report.domains = screened.request.domains;
  if (report.domains.empty() && !screened.request.untagged) report.domains = {"operator_note"};
  report.confidence = screened.request.confidence;
  if (screened.request.pending) report.status = memory::state_token(memory::State::kPending);
  report.redactions = screened.findings;
  return report;
}

// The wrong memory ends where it began: at no moment was it valid.
Result<store::Operation> replaced(sqlite::Connection& db, const store::Memory& old,
                                  const std::string& by, const std::string& at,
                                  NoteRequest& request) {
  if (!memory::next_state(memory::Verb::kSupersede,
                          memory::parse_state(old.status).value_or(memory::State::kRejected))) {
    return refusal(Code::kPrecondition,
                   cat("the memory ", old.id, " is ", old.status, ", not active"),
                   "correct the memory that took its place");
  }
  CORTEX_ASSIGN(const auto last, store::last_version(db, old.id));
  const store::ValidTime valid = last ? last->valid : store::ValidTime();
  if (!request.valid_from) request.valid_from = valid.from;
  if (!request.valid_until) request.valid_until = valid.until;
  CORTEX_TRY(require_valid_some_time(request.valid_from, request.valid_until));
  const std::string never = valid.from.value_or(old.created_at);
  return store::Operation{"memory.supersede", json::Object{{"at", at},
                                                           {"memory_id", old.id},
                                                           {"by", by},
                                                           {"from", old.status},
                                                           {"to", "superseded"},
                                                           {"valid_from", never},
                                                           {"valid_until", never}}};
}

}  // namespace

Result<NoteReport> note(Services& services, const Layout& layout, const Author& author,
                        NoteRequest request) {
  CORTEX_ASSIGN(const Screened screened, screen(std::move(request), author.policy));
  NoteReport report;
  const Plan plan = [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
    report = report_of(services, screened);
    CORTEX_TRY(pass_store_gate(db, author.policy, screened.request, report));
    return std::vector{note_operation(report, screened.request, column_time(services.clock.now()))};
  };
  CORTEX_ASSIGN(
      const Recorded recorded,
      change_memories(services, layout, author.with_reason(screened.request.reason), plan));
  report.event_id = recorded.event_ids.front();
  report.mirror_note = recorded.mirror_note;
  return report;
}

Result<NoteReport> correct(Services& services, const Layout& layout, const Author& author,
                           const std::string& memory_id, NoteRequest request) {
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kMemory, memory_id));
  CORTEX_ASSIGN(Screened screened, screen(std::move(request), author.policy));
  NoteReport report;
  const Plan plan = [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
    CORTEX_ASSIGN(const store::Memory old, required_memory(db, id));
    report = report_of(services, screened);
    report.corrects = id;
    if (screened.request.domains.empty()) report.domains = old.tags();
    CORTEX_TRY(pass_store_gate(db, author.policy, screened.request, report));
    const std::string at = column_time(services.clock.now());
    std::vector<store::Operation> operations;
    CORTEX_TRY(adopt(db, old, operations));
    NoteRequest dated = screened.request;
    CORTEX_ASSIGN(store::Operation end, replaced(db, old, report.memory_id, at, dated));
    operations.push_back(note_operation(report, dated, at));
    operations.push_back(std::move(end));
    return operations;
  };
  CORTEX_ASSIGN(
      const Recorded recorded,
      change_memories(services, layout, author.with_reason(screened.request.reason), plan));
  report.event_id = recorded.event_ids.back();
  report.mirror_note = recorded.mirror_note;
  return report;
}

json::Value to_json(const NoteReport& report) {
  json::Array near;
  for (const memory::NearDuplicate& one : report.near_duplicates) {
    near.emplace_back(json::Object{{"memory_id", one.memory_id},
                                   {"same_text", one.same_text},
                                   {"similarity", one.similarity},
                                   {"status", one.status}});
  }
  json::Object out{{"claim", report.claim},
                   {"confidence", report.confidence},
                   {"domains", json::array_of(report.domains)},
                   {"event_id", report.event_id},
                   {"memory_id", report.memory_id},
                   {"near_duplicates", std::move(near)},
                   {"status", report.status},
                   {"write_gate", memory::to_json(report.redactions)}};
  if (!report.corrects.empty()) out.add("corrects", report.corrects);
  out.sort();
  return out;
}

}  // namespace cortex::app
