// Summaries by a model that runs: `decay run --ollama-summary` and `--claude-summary`.
#pragma once

#include <memory>
#include <string>

#include "app/decay_summary.h"
#include "app/layout.h"
#include "app/llm_settings.h"
#include "app/services.h"
#include "base/result.h"

namespace cortex::app {

// "blake3:" and the digest of what is asked: what an attestation must name.
std::string summary_prompt_pin();

// Ollama as configured, or Claude. The attested model must be the one that answers: the configured
// pinned reference, or the name that Claude gives. Error: kPrecondition with the token
// decay.ollama_summary.backend_not_configured or decay.run.claude_summary_backend_not_configured.
// `warn` sees what people should know, here and when the model is asked. `services` must outlive
// it.
Result<std::unique_ptr<SummaryBackend>> model_summaries(Services& services,
                                                        const Environment& environment,
                                                        LlmBackend backend, const Warn& warn);

}  // namespace cortex::app
