#include "cli/handlers.h"

#include <algorithm>
#include <iterator>

namespace cortex::cli {
namespace {

constexpr HandlerRow kHandlers[] = {
    {"init", "cortex.init", run_init},
    {"status", "cortex.status", run_status},
    {"ingest", "cortex.ingest", run_ingest},
    {"log", "cortex.log", run_log},
    {"show", "cortex.show", run_show},
    {"recall", "cortex.recall", run_recall},
    {"audit verify", "cortex.audit.verify", run_audit_verify},
    {"sign", "cortex.sign", run_sign},
    {"key generate", "cortex.key.generate", run_key_generate},
    {"key register", "cortex.key.register", run_key_register},
    {"key show", "cortex.key.show", run_key_show},
    {"key list", "cortex.key.list", run_key_list},
    {"key rotate", "cortex.key.rotate", run_key_rotate},
    {"key revoke", "cortex.key.revoke", run_key_revoke},
    {"audit repair-tail", "cortex.audit.repair_tail", run_repair_tail},
    {"audit checkpoint", "cortex.audit.checkpoint", run_audit_checkpoint},
    {"audit prove", "cortex.audit.prove", run_audit_prove},
    {"audit check-proof", "cortex.audit.check_proof", run_check_proof},
    {"audit anchor", "cortex.audit.anchor", run_audit_anchor},
    {"audit upgrade-receipts", "cortex.audit.upgrade_receipts", run_upgrade_receipts},
    {"audit export", "cortex.audit.export", run_audit_export},
    {"audit refresh-trust", "cortex.audit.anchor.refresh_trust", run_refresh_trust},
    {"run-ledger-drill", "cortex.run_ledger_drill", run_ledger_drill},
    {"doctor", "cortex.doctor", run_doctor},
    {"backup", "cortex.backup", run_backup},
    {"backup verify", "cortex.backup.verify", run_backup_verify},
    {"backup list", "cortex.backup.list", run_backup_list},
    {"backup prune", "cortex.backup.prune", run_backup_prune},
    {"restore verify-backup", "", run_verify_backup, JsonForm::kReport},
    {"memory search", "cortex.memory.search", run_memory_search},
    {"memory embed", "cortex.memory.embed", run_memory_embed},
    {"context build", "cortex.context.build", run_context_build},
    {"proof memory", "cortex.proof.memory", run_proof_memory, JsonForm::kReportOrEnvelope},
    {"memory admit-axiom", "cortex.memory.admit_axiom", run_admit_axiom},
    {"migrate v2", "cortex.migrate.v2", run_migrate_v2},
    {"migrate sign-operator-attestation", "", run_sign_attestation, JsonForm::kReport},
    {"migrate seed-drill-operator", "cortex.migrate.seed_drill_operator", run_seed_operator},
    {"restore snapshot", "", run_restore_snapshot, JsonForm::kReport},
    {"restore semantic-diff", "", run_semantic_diff, JsonForm::kReport},
    {"restore verify-post-migrate-manifest", "cortex.restore.verify_post_migrate_manifest",
     run_post_migrate_manifest, JsonForm::kEnvelopeAlways},
    {"restore preflight", "", run_restore_preflight, JsonForm::kReport},
    {"restore stage", "", run_restore_stage, JsonForm::kReport},
    {"serve", "", run_serve, JsonForm::kReport},
    {"memory note", "cortex.memory.note", run_memory_note},
    {"memory accept", "cortex.memory.accept", run_memory_accept},
    {"memory list", "cortex.memory.list", run_memory_list},
    {"memory candidates", "cortex.memory.candidates", run_memory_candidates},
    {"memory show", "cortex.memory.show", run_memory_show},
    {"memory why", "cortex.memory.why", run_memory_why},
    {"memory history", "cortex.memory.history", run_memory_history},
    {"memory diff", "cortex.memory.diff", run_memory_diff},
    {"memory reject", "cortex.memory.reject", run_memory_reject},
    {"memory supersede", "cortex.memory.supersede", run_memory_supersede},
    {"memory correct", "cortex.memory.correct", run_memory_correct},
    {"memory restore", "cortex.memory.restore", run_memory_restore},
    {"memory tag add", "cortex.memory.tag.add", run_memory_tag_add},
    {"memory tag remove", "cortex.memory.tag.remove", run_memory_tag_remove},
    {"memory outcome record", "cortex.memory.outcome.record", run_memory_outcome_record},
    {"memory health", "cortex.memory.health", run_memory_health},
    {"memory contradiction add", "cortex.memory.contradiction.add", run_contradiction_add},
    {"memory contradiction list", "cortex.memory.contradiction.list", run_contradiction_list},
    {"memory contradiction interpret", "cortex.memory.contradiction.interpret",
     run_contradiction_interpret},
    {"memory contradiction resolve", "cortex.memory.contradiction.resolve",
     run_contradiction_resolve},
    {"restore apply-stage", "", run_apply_stage, JsonForm::kReport},
    {"restore recover-apply", "", run_recover_apply, JsonForm::kReport},
    {"restore intent build", "cortex.restore.intent.build", run_intent_build},
    {"restore apply", "", run_restore_apply, JsonForm::kReport},
    {"restore run", "cortex.restore.run", run_restore_run},
    {"restore resume", "cortex.restore.resume", run_restore_resume},
    {"completions", "cortex.completions", run_completions},
};

}  // namespace

const HandlerRow* find_handler(std::string_view path) {
  const auto* row = std::ranges::find(kHandlers, path, &HandlerRow::path);
  return row == std::end(kHandlers) ? nullptr : row;
}

}  // namespace cortex::cli
