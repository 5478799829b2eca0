#include "app/decay_attest.h"

#include <utility>

#include "app/checked_store.h"
#include "app/decay_work.h"
#include "app/memory_work.h"
#include "app/summary_models.h"
#include "base/fs/trees.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "memory/decay.h"

namespace cortex::app {
Result<SummaryAttestReport> attest_summary(Services& services, const Layout& layout,
                                           const SummaryAttestRequest& request) {
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kDecayJob, request.job_id));
  CORTEX_TRY(check_text("model", request.model_name));
  CORTEX_ASSIGN(const crypto::SigningKey key,
                crypto::read_signing_key(services.fs, request.key_path));
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  CORTEX_ASSIGN(const store::DecayJob job, required_job(store.connection, id));
  if (job.method != memory::method_token(memory::SummaryMethod::kModel)) {
    return refusal(Code::kPrecondition,
                   cat("the job ", id, " has summary_method=", job.method, " and needs none"),
                   "run it with `cortex decay run`");
  }
  SummaryAttestReport report;
  report.output_path = request.output_path;
  report.attestation = {.key_hex = key.key_id(),
                        .key_id = key.key_id(),
                        .signed_at = format_rfc3339(services.clock.now(), Offset::kZ),
                        .job_id = id,
                        .model_name = request.model_name,
                        .prompt_template = summary_prompt_pin()};
  report.attestation.signature_hex =
      to_hex(key.sign(summary_attestation_preimage(report.attestation)));
  const Status written =
      fs::publish_new(services.fs, request.output_path,
                      json::write_pretty(to_json(report.attestation)) + "\n", 0644);
  if (written.ok()) return report;
  return refusal(
      Code::kPrecondition,
      cat("the file ", quoted(request.output_path),
          " cannot be made: ", fs::describe(written.error())),
      written.error().next.empty() ? "name a file that is not there yet" : written.error().next);
}

json::Value to_json(const SummaryAttestReport& report) {
  return json::Object{{"job_id", report.attestation.job_id},
                      {"model_name", report.attestation.model_name},
                      {"operator_key_id", report.attestation.key_id},
                      {"output", report.output_path},
                      {"prompt_template_blake3", report.attestation.prompt_template}};
}

}  // namespace cortex::app
