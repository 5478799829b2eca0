// One function a command; each lives in the file cmd_<command>.cc. They translate flags into a
// request, call the use case, and render its report.
#pragma once

#include <string_view>

#include "cli/context.h"

namespace cortex::cli {

Outcome run_init(const Context& context);
Outcome run_status(const Context& context);
Outcome run_ingest(const Context& context);
Outcome run_log(const Context& context);
Outcome run_show(const Context& context);
Outcome run_recall(const Context& context);
Outcome run_audit_verify(const Context& context);
Outcome run_sign(const Context& context);
Outcome run_key_generate(const Context& context);
Outcome run_key_register(const Context& context);
Outcome run_key_show(const Context& context);
Outcome run_key_list(const Context& context);
Outcome run_key_rotate(const Context& context);
Outcome run_key_revoke(const Context& context);
Outcome run_repair_tail(const Context& context);
Outcome run_audit_checkpoint(const Context& context);
Outcome run_audit_prove(const Context& context);
Outcome run_check_proof(const Context& context);
Outcome run_audit_anchor(const Context& context);
Outcome run_audit_export(const Context& context);
Outcome run_upgrade_receipts(const Context& context);
Outcome run_refresh_trust(const Context& context);
Outcome run_ledger_drill(const Context& context);
Outcome run_doctor(const Context& context);
Outcome run_backup(const Context& context);
Outcome run_backup_verify(const Context& context);
Outcome run_backup_compact(const Context& context);
Outcome run_backup_list(const Context& context);
Outcome run_backup_prune(const Context& context);
Outcome run_verify_backup(const Context& context);
Outcome run_memory_search(const Context& context);
Outcome run_memory_embed(const Context& context);
Outcome run_context_build(const Context& context);
Outcome run_proof_memory(const Context& context);
Outcome run_admit_axiom(const Context& context);
Outcome run_migrate_v2(const Context& context);
Outcome run_sign_attestation(const Context& context);
Outcome run_seed_operator(const Context& context);
Outcome run_restore_snapshot(const Context& context);
Outcome run_semantic_diff(const Context& context);
Outcome run_post_migrate_manifest(const Context& context);
Outcome run_restore_preflight(const Context& context);
Outcome run_restore_stage(const Context& context);
Outcome run_serve(const Context& context);
Outcome run_mcp_install(const Context& context);
Outcome run_apply_stage(const Context& context);
Outcome run_recover_apply(const Context& context);
Outcome run_restore_resume(const Context& context);
Outcome run_intent_build(const Context& context);
Outcome run_restore_apply(const Context& context);
Outcome run_restore_run(const Context& context);
Outcome run_completions(const Context& context);
Outcome run_memory_note(const Context& context);
Outcome run_memory_forget(const Context& context);
Outcome run_memory_accept(const Context& context);
Outcome run_memory_list(const Context& context);
Outcome run_memory_candidates(const Context& context);
Outcome run_memory_show(const Context& context);
Outcome run_memory_why(const Context& context);
Outcome run_memory_history(const Context& context);
Outcome run_memory_diff(const Context& context);
Outcome run_memory_reject(const Context& context);
Outcome run_memory_supersede(const Context& context);
Outcome run_memory_correct(const Context& context);
Outcome run_memory_restore(const Context& context);
Outcome run_memory_tag_add(const Context& context);
Outcome run_memory_tag_remove(const Context& context);
Outcome run_memory_outcome_record(const Context& context);
Outcome run_memory_health(const Context& context);
Outcome run_contradiction_add(const Context& context);
Outcome run_contradiction_list(const Context& context);
Outcome run_contradiction_interpret(const Context& context);
Outcome run_contradiction_resolve(const Context& context);
Outcome run_decay_schedule(const Context& context);
Outcome run_decay_run(const Context& context);
Outcome run_decay_list(const Context& context);
Outcome run_decay_status(const Context& context);
Outcome run_decay_cancel(const Context& context);
Outcome run_decay_attest(const Context& context);
Outcome run_decay_recover(const Context& context);
Outcome run_principles_extract(const Context& context);
Outcome run_principle_list(const Context& context);
Outcome run_principle_falsify(const Context& context);
Outcome run_principle_promote(const Context& context);
Outcome run_verify_promotion(const Context& context);
Outcome run_session_close(const Context& context);
Outcome run_session_import(const Context& context);
Outcome run_export(const Context& context);
Outcome run_hook_install(const Context& context);
Outcome run_hook_uninstall(const Context& context);
Outcome run_hook_call(const Context& context);
Outcome run_reflect(const Context& context);
Outcome run_release_readiness(const Context& context);
Outcome run_compliance_evidence(const Context& context);
Outcome run_run(const Context& context);
Outcome run_fixtures_sign(const Context& context);
Outcome run_models_list(const Context& context);
Outcome run_print_config(const Context& context);

using Handler = Outcome (*)(const Context&);

// Where a command's JSON goes.
enum class JsonForm {
  kEnvelope,
  kReport,          // its report is its output in both modes, without an envelope
  kProtocol,        // as kReport; what it says on stdout is for another program
  kEnvelopeAlways,  // an envelope in both modes
  // As kReport when it has text for stdout; a refusal has none and comes in an envelope.
  kReportOrEnvelope,
};

struct HandlerRow {
  std::string_view path;      // of the command table
  std::string_view envelope;  // name of the command in its envelope: "cortex.audit.verify"
  Handler run;
  JsonForm form = JsonForm::kEnvelope;
};

// Null when the command table knows a command that cannot be run, which a test excludes.
const HandlerRow* find_handler(std::string_view path);

}  // namespace cortex::cli
