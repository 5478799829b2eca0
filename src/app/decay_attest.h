// `decay attest`: the attestation with which an operator allows a model to summarise one job.
#pragma once

#include <string>

#include "app/decay_summary.h"
#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

struct SummaryAttestRequest {
  std::string job_id, model_name;
  std::string key_path;     // seed file of the operator
  std::string output_path;  // must not exist
};
struct SummaryAttestReport {
  SummaryAttestation attestation;
  std::string output_path;
};
// Signs that this model may summarise this job with the prompt of summary_models.h. Errors: kUsage,
// kPrecondition (no such job, one without a model, key, output).
Result<SummaryAttestReport> attest_summary(Services& services, const Layout& layout,
                                           const SummaryAttestRequest& request);
json::Value to_json(const SummaryAttestReport& report);

}  // namespace cortex::app
