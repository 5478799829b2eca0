#include "memory/rows.h"

#include <optional>
#include <string>
#include <utility>

#include "base/text.h"

namespace cortex::memory {
namespace {

// Reads members of one object; the first one that does not fit is remembered.
class Members {
 public:
  explicit Members(const json::Value& value) : value_(value) {}

  std::string text(std::string_view key) {
    const json::Value* member = value_.find(key);
    if (member != nullptr && member->as_string() != nullptr) return *member->as_string();
    return bad(key);
  }
  std::optional<std::string> maybe(std::string_view key) {
    const json::Value* member = value_.find(key);
    if (member == nullptr || member->is_null()) return std::nullopt;
    return text(key);
  }
  std::int64_t count(std::string_view key) {
    const auto number = value_.find_unsigned(key);
    if (!number || !std::in_range<std::int64_t>(*number)) {
      bad(key);
      return 0;
    }
    return static_cast<std::int64_t>(*number);
  }
  Status done(const store::OperationRow& row) const {
    if (bad_.empty()) return {};
    return make_error(Code::kIntegrity,
                      cat(row.name, " ", row.event_id, " has no usable ", quoted(bad_)));
  }

 private:
  std::string bad(std::string_view key) {
    if (bad_.empty()) bad_ = key;
    return {};
  }

  const json::Value& value_;
  std::string bad_;
};

json::Object to_json(const store::SessionUse& use) {
  return {{"memory_id", use.memory_id},
          {"session_id", use.session_id},
          {"first_used_at", use.first_used_at},
          {"last_used_at", use.last_used_at},
          {"use_count", use.use_count}};
}

store::SessionUse use_of(Members& from) {
  return {from.text("memory_id"), from.text("session_id"), from.text("first_used_at"),
          from.text("last_used_at"), from.count("use_count")};
}

json::Object to_json(const store::OutcomeRelation& relation) {
  return {{"outcome_ref", relation.outcome_ref},
          {"memory_id", relation.memory_id},
          {"relation", relation.relation},
          {"recorded_at", relation.recorded_at},
          {"validation_scope", json::or_null(relation.validation_scope)},
          {"validating_principal_id", json::or_null(relation.validating_principal_id)},
          {"evidence_ref", json::or_null(relation.evidence_ref)}};
}

store::OutcomeRelation relation_of(Members& from) {
  return {from.text("outcome_ref"),       from.text("memory_id"),
          from.text("relation"),          from.text("recorded_at"),
          from.maybe("validation_scope"), from.maybe("validating_principal_id"),
          from.maybe("evidence_ref")};
}

}  // namespace

Error unfit(const store::OperationRow& row, std::string_view what) {
  return make_error(Code::kIntegrity, cat(row.name, " ", row.event_id, " has no usable ", what));
}

void add_to(json::Object& args, const Companions& companions) {
  json::Array uses, relations;
  for (const store::SessionUse& use : companions.uses) uses.emplace_back(to_json(use));
  for (const store::OutcomeRelation& one : companions.relations) {
    relations.emplace_back(to_json(one));
  }
  args.set("uses", std::move(uses));
  args.set("relations", std::move(relations));
}

Result<Companions> companions_from_json(const store::OperationRow& row) {
  Companions companions;
  if (const json::Array* uses = row.arg("uses").as_array()) {
    for (const json::Value& value : *uses) {
      Members from(value);
      companions.uses.push_back(use_of(from));
      CORTEX_TRY(from.done(row));
    }
  }
  if (const json::Array* relations = row.arg("relations").as_array()) {
    for (const json::Value& value : *relations) {
      Members from(value);
      companions.relations.push_back(relation_of(from));
      CORTEX_TRY(from.done(row));
    }
  }
  return companions;
}

json::Object to_args(const OutcomeRows& rows) {
  return {{"at", rows.report.recorded_at},
          {"memory_id", rows.use.memory_id},
          {"session_id", rows.use.session_id},
          {"result", rows.report.result},
          {"note", json::or_null(rows.report.note)},
          {"use", to_json(rows.use)},
          {"relation", to_json(rows.relation)},
          {"totals",
           json::Object{{"cross_session_use_count", rows.totals.uses},
                        {"first_used_at", rows.totals.first_used_at},
                        {"last_cross_session_use_at", rows.totals.last_used_at},
                        {"validation_epoch", rows.totals.validation_epoch},
                        {"last_validation_at", json::or_null(rows.totals.last_validation_at)}}}};
}

Result<OutcomeRows> outcome_from_json(const store::OperationRow& row) {
  Members use(row.arg("use")), relation(row.arg("relation")), totals(row.arg("totals"));
  const json::Value args(row.args);
  Members self(args);
  OutcomeRows rows{
      .use = use_of(use),
      .relation = relation_of(relation),
      .report = {row.event_id, self.text("memory_id"), self.text("session_id"), self.text("result"),
                 self.text("at"), self.maybe("note")},
      .totals = {totals.count("cross_session_use_count"), totals.text("first_used_at"),
                 totals.text("last_cross_session_use_at"), totals.count("validation_epoch"),
                 totals.maybe("last_validation_at")}};
  for (const Members* part : {&use, &relation, &totals, &self}) CORTEX_TRY(part->done(row));
  return rows;
}

json::Object to_args(const store::Contradiction& one) {
  return {{"at", one.updated_at},
          {"contradiction", json::Object{{"id", one.id},
                                         {"left_ref", one.left_ref},
                                         {"right_ref", one.right_ref},
                                         {"contradiction_type", one.type},
                                         {"status", one.status},
                                         {"interpretation", json::or_null(one.interpretation)},
                                         {"created_at", one.created_at},
                                         {"updated_at", one.updated_at}}}};
}

Result<store::Contradiction> contradiction_from_json(const store::OperationRow& row) {
  Members from(row.arg("contradiction"));
  store::Contradiction one{.id = from.text("id"),
                           .left_ref = from.text("left_ref"),
                           .right_ref = from.text("right_ref"),
                           .type = from.text("contradiction_type"),
                           .status = from.text("status"),
                           .interpretation = from.maybe("interpretation"),
                           .created_at = from.text("created_at"),
                           .updated_at = from.text("updated_at")};
  CORTEX_TRY(from.done(row));
  return one;
}

}  // namespace cortex::memory
