// `principle promote` and `principle verify-promotion`.
#include <utility>

#include "app/checked_store.h"
#include "app/memory_work.h"
#include "app/principles.h"
#include "app/promotion_attestation.h"
#include "app/promotion_policy.h"
#include "app/row_signing.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "store/plain_rows.h"
#include "trust/timeline.h"

namespace cortex::app {
namespace {

using Operations = std::vector<store::Operation>;

constexpr std::string_view kAuditOperation = "doctrine_promotion";

Error failed_closed(std::string_view what) {
  return make_error(Code::kPrecondition, cat(what, " preflight failed closed"),
                    "no state was changed", "see what the policy says below");
}

// Nothing when the key may promote now.
Result<std::optional<json::Value>> key_refusal(sqlite::Connection& db, const std::string& key_id,
                                               Timestamp now) {
  CORTEX_ASSIGN(const trust::Authority authority, signer_authority(db, key_id, now));
  if (authority.outcome() == trust::Outcome::kAllow) return std::optional<json::Value>();
  json::Array reasons;
  for (const std::string_view reason : authority.reasons) reasons.emplace_back(reason);
  const auto& principal = authority.evidence.principal_id;
  json::Object detail{{"error", "temporal_authority_preflight_failed"},
                      {"invalidated_after",
                       authority.invalidated_after
                           ? json::Value(format_rfc3339(*authority.invalidated_after, Offset::kZ))
                           : json::Value(nullptr)},
                      {"key_id", key_id},
                      {"policy_outcome", trust::outcome_token(authority.outcome())},
                      {"principal_id", json::or_null(principal)},
                      {"reasons", std::move(reasons)},
                      {"valid_at_event_time", authority.valid_at_event},
                      {"valid_now", authority.valid_now}};
  return std::optional(json::sorted(std::move(detail)));
}

Result<std::uint64_t> promotions_so_far(sqlite::Connection& db) {
  CORTEX_ASSIGN(const std::int64_t count,
                db.query_int(cat("SELECT count(*) FROM audit_records WHERE operation = '",
                                 kAuditOperation, "'")));
  return static_cast<std::uint64_t>(count);
}

// The rows that say so: the principle afterwards, the doctrine and the audit record.
store::Operation promotion_operation(Services& services, json::Object principle,
                                     const Promotion& promotion, const json::Value& promoted_by,
                                     const trust::Decision& decision, PromoteReport& report) {
  report.doctrine_id = new_id(services, core::IdKind::kDoctrine);
  report.audit_id = new_id(services, core::IdKind::kAuditRecord);
  const std::string at = column_time(services.clock.now());
  json::Value policy = trust::to_json(decision);
  policy.as_object()->set("break_glass", nullptr);
  json::Object doctrine{{"id", report.doctrine_id},
                        {"source_principle", promotion.principle_id},
                        {"rule", store::text_of(principle, "statement")},
                        {"force", promotion.force},
                        {"promotion_reason", promotion.reason},
                        {"promoted_by_json", json::canonical(promoted_by)},
                        {"created_at", at},
                        {"composed_policy_decision_json", json::canonical(policy)}};
  const json::Array refs{promotion.principle_id, report.doctrine_id, promotion.force};
  json::Object audit{
      {"id", report.audit_id},
      {"operation", kAuditOperation},
      {"target_ref", promotion.principle_id},
      {"before_hash", "principle:status:candidate"},
      {"after_hash", cat("doctrine:", report.doctrine_id, ":force:", promotion.force)},
      {"reason", promotion.reason},
      {"actor_json", json::canonical(promoted_by)},
      {"source_refs_json", json::write_compact(refs)},
      {"created_at", at}};
  principle.set("status", "promoted_to_doctrine");
  principle.set("updated_at", at);
  return {"principle.promote",
          {{"at", at},
           {"principle", std::move(principle)},
           {"doctrine", std::move(doctrine)},
           {"audit", std::move(audit)}}};
}

Result<Operations> plan_promotion(Services& services, sqlite::Connection& db,
                                  const crypto::SigningKey& key, const Promotion& promotion,
                                  PromoteReport& report) {
  CORTEX_ASSIGN(auto principle, store::find_row(db, "principles", "id", promotion.principle_id));
  CORTEX_ASSIGN(const trust::Decision decision,
                promotion_votes(db, principle ? &*principle : nullptr, promotion.principle_id));
  report.refusal_detail = promotion_refusal(decision);
  if (!report.refusal_detail.is_null()) {
    report.refused = failed_closed("promotion");
    return Operations();
  }
  const Timestamp now = services.clock.now();
  CORTEX_ASSIGN(auto refused, key_refusal(db, key.key_id(), now));
  if (refused) {
    report.refusal_detail = *std::move(refused);
    report.refused = failed_closed("temporal authority");
    return Operations();
  }
  CORTEX_TRY(check_promotable(*principle));
  CORTEX_ASSIGN(const std::uint64_t position, promotions_so_far(db));
  const json::Value promoted_by = attest_promotion(key, promotion, position, now);
  return Operations{promotion_operation(services, *std::move(principle), promotion, promoted_by,
                                        decision, report)};
}

Error unproven(std::string_view what) {
  return refusal(Code::kPrecondition, cat("the promotion is not proven: ", what),
                 "compare doctrine and audit records with a backup",
                 "principle.promotion.not_proven");
}

Result<json::Value> json_column(const json::Object& row, std::string_view column) {
  auto value = json::parse(store::text_of(row, column));
  if (value.ok()) return value;
  return unproven(cat(column, " is no JSON"));
}

Result<std::string> check_pair(const json::Object& doctrine, const json::Object& audit,
                               const std::string& id) {
  CORTEX_ASSIGN(const json::Value promoted_by, json_column(doctrine, "promoted_by_json"));
  CORTEX_ASSIGN(const json::Value actor, json_column(audit, "actor_json"));
  CORTEX_ASSIGN(const json::Value refs, json_column(audit, "source_refs_json"));
  const std::string doctrine_id = store::text_of(doctrine, "id");
  const Promotion promotion{.principle_id = id,
                            .force = store::text_of(doctrine, "force"),
                            .reason = store::text_of(doctrine, "promotion_reason")};
  if (json::canonical(promoted_by) != json::canonical(actor)) {
    return unproven("the audit record names another actor than the doctrine");
  }
  if (store::text_of(audit, "reason") != promotion.reason) {
    return unproven("the audit record has another reason than the doctrine");
  }
  if (store::text_of(audit, "after_hash") !=
      cat("doctrine:", doctrine_id, ":force:", promotion.force)) {
    return unproven("after_hash of the audit record is not that of the doctrine");
  }
  if (json::write_compact(refs) !=
      json::write_compact(json::Array{id, doctrine_id, promotion.force})) {
    return unproven("the audit record refers to something else");
  }
  return check_promotion(promoted_by, promotion);
}

}  // namespace

Result<PromoteReport> promote_principle(Services& services, const Layout& layout,
                                        const PromoteRequest& request) {
  if (is_blank(request.reason) || !is_valid_utf8(request.reason)) {
    return refusal(Code::kUsage, "the reason must not be empty", "say why with --reason");
  }
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kPrinciple, request.principle_id));
  CORTEX_TRY(require_store(services, layout));
  if (!request.attestation) {
    return refusal(Code::kPrecondition, "a promotion needs the key of the operator",
                   "give --attestation with a file of exactly 32 raw bytes",
                   "principle.promotion.attestation_required");
  }
  CORTEX_ASSIGN(const crypto::SigningKey key,
                crypto::read_signing_key(services.fs, *request.attestation));
  PromoteReport report;
  report.principle_id = id;
  const Promotion promotion{.principle_id = id,
                            .force = std::string(memory::force_name(request.force)),
                            .reason = request.reason};
  const Plan plan = [&](sqlite::Connection& db) {
    return plan_promotion(services, db, key, promotion, report);
  };
  CORTEX_ASSIGN(const Recorded recorded, change_memories(services, layout, request.caller, plan));
  if (!recorded.event_ids.empty()) report.event_id = recorded.event_ids.back();
  report.mirror_note = recorded.mirror_note;
  return report;
}

Result<PromotionProof> verify_promotion(Services& services, const Layout& layout,
                                        const std::string& principle_id,
                                        bool require_registered_key) {
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kPrinciple, principle_id));
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  CORTEX_ASSIGN(const auto doctrine,
                store::rows_where(db, "doctrine", "WHERE source_principle = ?1", id));
  CORTEX_ASSIGN(
      const auto audits,
      store::rows_where(db, "audit_records",
                        cat("WHERE target_ref = ?1 AND operation = '", kAuditOperation, "'"), id));
  if (doctrine.size() != 1 || audits.size() != 1) {
    return unproven(cat(counted(doctrine.size(), "row"), " of doctrine and ",
                        counted(audits.size(), "audit record"), " for ", id,
                        ", there must be one of each"));
  }
  CORTEX_ASSIGN(const std::string key_id, check_pair(doctrine.front(), audits.front(), id));
  const Timestamp now = services.clock.now();
  CORTEX_ASSIGN(const trust::Authority authority, signer_authority(db, key_id, now));
  PromotionProof proof{
      .principle_id = id,
      .doctrine_id = store::text_of(doctrine.front(), "id"),
      .audit_id = store::text_of(audits.front(), "id"),
      .operator_key_state = authority.valid_now ? "valid" : authority.joined_reasons()};
  if (require_registered_key && !authority.valid_now) {
    return unproven(cat("the key may not promote: ", proof.operator_key_state));
  }
  return proof;
}

json::Value to_json(const PromotionProof& proof) {
  return json::Object{{"audit_id", proof.audit_id},
                      {"doctrine_id", proof.doctrine_id},
                      {"operator_key_state", proof.operator_key_state},
                      {"principle_id", proof.principle_id},
                      {"promotion_attestation_replay_verified", true}};
}

}  // namespace cortex::app
