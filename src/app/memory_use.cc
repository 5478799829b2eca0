#include "app/memory_use.h"

#include <algorithm>
#include <utility>

#include "app/row_signing.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "memory/rows.h"
#include "memory/salience.h"
#include "store/outcomes.h"
#include "store/timelines.h"
#include "trust/policy.h"
#include "trust/timeline.h"

namespace cortex::app {
namespace {

using Operations = std::vector<store::Operation>;
using trust::Outcome;

struct ResultRow {
  std::string_view result, relation;
};
constexpr ResultRow kResults[] = {
    {"helpful", "used"}, {"not-helpful", "rejected"}, {"validated", "validated"}};

Error not_found(std::string_view id) {
  return refusal(Code::kPrecondition,
                 cat("memory.outcome.memory_not_found: there is no active memory ", id),
                 "outcomes are recorded for active memories; see `cortex memory list`");
}

Error unauthorized(std::string_view why) {
  return refusal(Code::kPrecondition, cat(memory::kUtilityToTruthInvariant, ": ", why),
                 "give --scope, --evidence and --attestation with a registered key");
}

// What a validation rests on, once the votes let it through.
struct Validation {
  std::string principal;
  trust::Decision decision;
  std::string key_id, signature;
};

trust::Contribution use_vote(std::string_view rule, bool holds, std::string reason) {
  return {cat("memory.outcome.", rule), holds ? Outcome::kAllow : Outcome::kReject,
          std::move(reason)};
}

// What the key signs: the members joined by line ends, none of which can hold one.
std::string statement(std::string_view memory_id, const std::string& session,
                      const std::string& scope, const std::string& evidence, std::string_view at) {
  return cat("cortex.memory.outcome.validated.v1\n", memory_id, "\n",
             json::write_compact(json::Value(session)), "\n",
             json::write_compact(json::Value(scope)), "\n",
             json::write_compact(json::Value(evidence)), "\n", at);
}

Result<Validation> validate(Services& services, sqlite::Connection& db,
                            const OutcomeRequest& request, Timestamp now) {
  CORTEX_ASSIGN(const crypto::SigningKey key,
                crypto::read_signing_key(services.fs, *request.attestation_path));
  CORTEX_ASSIGN(const trust::Authority authority, signer_authority(db, key.key_id(), now));
  CORTEX_ASSIGN(const auto bound, store::bound_public_key(db, key.key_id()));
  const bool known = authority.valid_now && (!bound || *bound == key.key_id());
  Validation out;
  out.principal = authority.evidence.principal_id.value_or("");
  out.key_id = key.key_id();
  out.decision = trust::compose(
      {use_vote("validation_scope", !is_blank(request.scope.value_or("")), "the scope is named"),
       use_vote("validating_principal_tier", known && !out.principal.empty(),
                known ? "the principal behind the key is at least verified"
                      : cat("the key is not valid now: ", authority.joined_reasons())),
       use_vote("evidence_ref", !is_blank(request.evidence.value_or("")),
                "the evidence is named")});
  if (out.decision.blocked()) {
    return unauthorized(
        cat("the validation was refused: ", out.decision.contributing.front().rule_id, ": ",
            out.decision.contributing.front().reason));
  }
  const crypto::Signature signature =
      key.sign(statement(request.memory_id, request.session, request.scope.value_or(""),
                         request.evidence.value_or(""), column_time(now)));
  out.signature = to_base64(signature);
  return out;
}

// The columns of the memory after one more use in a session.
store::UseTotals totals_after(const std::vector<store::SessionUse>& uses,
                              const store::SessionUse& changed, const store::Memory& memory,
                              const std::string& at, bool validated) {
  store::UseTotals totals{.uses = changed.use_count,
                          .first_used_at = changed.first_used_at,
                          .last_used_at = changed.last_used_at,
                          .validation_epoch = memory.validation_epoch.value_or(0),
                          .last_validation_at = memory.last_validation_at};
  for (const store::SessionUse& use : uses) {
    if (use.session_id == changed.session_id) continue;
    totals.uses += use.use_count;
    totals.first_used_at = std::min(totals.first_used_at, use.first_used_at);
    totals.last_used_at = std::max(totals.last_used_at, use.last_used_at);
  }
  if (validated) {
    ++totals.validation_epoch;
    totals.last_validation_at = at;
  }
  return totals;
}

// Checks that need no store, and the texts as they may be kept.
Status prepare(OutcomeRequest& request, const memory::GatePolicy& policy) {
  if (!is_valid_utf8(request.session) || is_blank(request.session)) {
    return refusal(Code::kUsage, "the session must not be empty",
                   "name the session with --session");
  }
  CORTEX_ASSIGN(request.memory_id, id_argument(core::IdKind::kMemory, request.memory_id));
  for (auto* text : {&request.note, &request.scope, &request.evidence}) {
    if (!*text) continue;
    if (!is_valid_utf8(**text) || (*text)->size() > kClaimBytesMax) {
      return refusal(Code::kUsage, "a text of the outcome is too long or not UTF-8",
                     "give shorter texts in UTF-8");
    }
    CORTEX_ASSIGN(memory::Screened kept, memory::screen(**text, policy));
    **text = std::move(kept.text);
  }
  CORTEX_ASSIGN(memory::Screened session, memory::screen(request.session, policy));
  request.session = std::move(session.text);
  const bool validated = request.result == "validated";
  const bool whole = request.scope && request.evidence && request.attestation_path;
  const bool any = request.scope || request.evidence || request.attestation_path;
  if (validated ? !whole : any) {
    return refusal(Code::kUsage,
                   cat(memory::kUtilityToTruthInvariant, ": --scope, --evidence and --attestation",
                       " belong to --result validated, all three of them"),
                   "give all three with --result validated, else none");
  }
  return {};
}

memory::OutcomeRows rows_of(const OutcomeRequest& request, const store::Memory& memory,
                            const std::vector<store::SessionUse>& uses, const std::string& at,
                            const std::optional<Validation>& validation) {
  const auto* row = std::ranges::find(kResults, request.result, &ResultRow::result);
  memory::OutcomeRows rows;
  rows.use = {memory.id, request.session, at, at, 1};
  for (const store::SessionUse& use : uses) {
    if (use.session_id != request.session) continue;
    rows.use.first_used_at = use.first_used_at;
    rows.use.last_used_at = std::max(at, use.last_used_at);
    rows.use.use_count = use.use_count + 1;
  }
  rows.relation = {
      .outcome_ref = cat("outcome:", request.session, ":", memory.id, ":", request.result),
      .memory_id = memory.id,
      .relation = std::string(row->relation),
      .recorded_at = at};
  if (request.note_in_ref && request.note && !request.note->empty()) {
    rows.relation.outcome_ref += cat(":note:", *request.note);
  }
  if (validation) {
    rows.relation.validation_scope = request.scope;
    rows.relation.validating_principal_id = validation->principal;
    rows.relation.evidence_ref = request.evidence;
  }
  rows.report = {"", memory.id, request.session, request.result, at, request.note};
  rows.totals = totals_after(uses, rows.use, memory, at, validation.has_value());
  return rows;
}

}  // namespace

Result<TagReport> change_tag(Services& services, const Layout& layout, const Author& author,
                             bool add, const std::string& memory_id, const std::string& tag) {
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kMemory, memory_id));
  TagReport report{.memory_id = id, .tag = tag, .add = add};
  if (!is_valid_utf8(tag) || is_blank(tag) || tag.size() > kClaimBytesMax) {
    return refusal(Code::kPrecondition, "the tag must not be empty, too long or other than UTF-8",
                   "name a tag");
  }
  if (add) {  // a tag that slipped in before can always be taken out
    CORTEX_ASSIGN(memory::Screened kept, memory::screen(tag, author.policy));
    report.tag = std::move(kept.text);
  }
  const Plan plan = [&](sqlite::Connection& db) -> Result<Operations> {
    CORTEX_ASSIGN(const store::Memory memory, required_memory(db, id));
    const json::Array* domains = memory.domains.as_array();
    if (domains == nullptr || memory.tags().size() != domains->size()) {
      return refusal(Code::kPrecondition, cat("the domains of ", id, " are no array of texts"),
                     "repair domains_json of that row");
    }
    const std::vector<std::string> tags = memory.tags();
    const bool present = std::ranges::find(tags, report.tag) != tags.end();
    report.changed = present != add;
    Operations operations;
    if (!report.changed) return operations;
    CORTEX_TRY(adopt(db, memory, operations));
    operations.push_back(
        {add ? "memory.tag.add" : "memory.tag.remove",
         json::Object{
             {"at", column_time(services.clock.now())}, {"memory_id", id}, {"tag", report.tag}}});
    return operations;
  };
  CORTEX_ASSIGN(const Recorded recorded, change_memories(services, layout, author.caller, plan));
  if (report.changed) report.event_id = recorded.event_ids.back();
  return report;
}

json::Value to_json(const TagReport& report) {
  json::Object out{{report.add ? "added" : "removed", report.changed},
                   {"memory_id", report.memory_id},
                   {"persisted", report.changed},
                   {"tag", report.tag}};
  if (!report.event_id.empty()) out.add("event_id", report.event_id);
  out.sort();
  return out;
}

Result<OutcomeReport> record_outcome(Services& services, const Layout& layout, const Author& author,
                                     OutcomeRequest request, std::string* looked_at) {
  CORTEX_TRY(prepare(request, author.policy));
  OutcomeReport report;
  const Plan plan = [&](sqlite::Connection& db) -> Result<Operations> {
    if (looked_at != nullptr) *looked_at = request.memory_id;
    CORTEX_ASSIGN(const auto memory, store::find_memory(db, request.memory_id));
    if (!memory || memory->status != "active") return not_found(request.memory_id);
    const Timestamp now = services.clock.now();
    std::optional<Validation> validation;
    if (request.result == "validated") {
      CORTEX_ASSIGN(validation, validate(services, db, request, now));
    }
    CORTEX_ASSIGN(const auto uses, store::session_uses_of(db, memory->id));
    const memory::OutcomeRows rows = rows_of(request, *memory, uses, column_time(now), validation);
    json::Object args = memory::to_args(rows);
    if (validation) {
      args.add("attestation",
               json::Object{{"key_id", validation->key_id}, {"signature", validation->signature}});
      args.add("policy", trust::to_json(validation->decision));
      report.policy = json::sorted(trust::to_json(validation->decision));
    }
    report.outcome_ref = rows.relation.outcome_ref;
    report.use_count = rows.use.use_count;
    report.validation_epoch = rows.totals.validation_epoch;
    Operations operations;
    CORTEX_TRY(adopt(db, *memory, operations));
    operations.push_back({"memory.outcome", std::move(args)});
    return operations;
  };
  store::Caller caller = author.caller;
  caller.session = request.session;
  CORTEX_ASSIGN(const Recorded recorded, change_memories(services, layout, caller, plan));
  report.memory_id = request.memory_id;
  report.session = request.session;
  report.result = request.result;
  report.note = request.note;
  report.event_id = recorded.event_ids.back();
  return report;
}

bool validation_holds(const store::OperationRow& row) {
  const json::Value& relation = row.arg("relation");
  const json::Value& attestation = row.arg("attestation");
  const std::string* memory_id = row.arg("memory_id").as_string();
  const std::string* session = row.arg("session_id").as_string();
  const std::string* at = row.arg("at").as_string();
  const std::string* scope = relation.find_text("validation_scope");
  const std::string* evidence = relation.find_text("evidence_ref");
  const std::string* key_id = attestation.find_text("key_id");
  const std::string* signature = attestation.find_text("signature");
  for (const std::string* member : {memory_id, session, at, scope, evidence, key_id, signature}) {
    if (member == nullptr) return false;
  }
  return is_signed_by(*key_id, *signature, statement(*memory_id, *session, *scope, *evidence, *at));
}

json::Value to_json(const OutcomeReport& report) {
  json::Object out{{"event_id", report.event_id},
                   {"memory_id", report.memory_id},
                   {"note", json::or_null(report.note)},
                   {"outcome_ref", report.outcome_ref},
                   {"persisted", true},
                   {"result", report.result},
                   {"session_id", report.session},
                   {"use_count", report.use_count},
                   {"validation_epoch", report.validation_epoch}};
  if (report.policy) out.add("policy_outcome", *report.policy);
  out.sort();
  return out;
}

}  // namespace cortex::app
