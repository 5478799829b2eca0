// `run`: a task is put to a model together with what is remembered for it, and the answer becomes
// an event of the ledger.
//
// Nothing is recorded unless everything holds: flags, keys and store are looked at before the model
// is asked, the ledger again, under its lock, before the row is written.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "core/event.h"
#include "json/value.h"
#include "llm/message.h"
#include "llm/model.h"
#include "trust/ceiling.h"

namespace cortex::app {

struct RunRequest {
  std::string task;
  std::string model = "replay";  // or "ollama:<name>@sha256:<digest>"
  bool trusted_history = false;
  std::optional<std::string> attestation{};  // seed file; with trusted_history
  std::optional<std::string> break_glass{};  // the authorisation as JSON
  bool offline_fallback = false;  // a model that cannot be set up is replaced by none at all
  bool strict = false;            // answers from other machines are refused, not only marked
  bool compatible = false;        // packs as reference 0.1.2 has them
  llm::OnDelta on_delta{};        // streams the answer, when given
};

struct RunReport {
  std::string correlation_id, context_pack_id, task;
  std::string adapter_id, prompt_hash;
  llm::Response response;
  trust::TruthCeiling truth;
  trust::ClaimCeiling ceiling = trust::ClaimCeiling::kDevOnly;
  std::vector<std::string> downgrade_reasons;
  bool trusted = false;
  std::uint64_t trusted_from_row = 0;  // trusted: the row that the signed history begins with
  std::string context_policy_outcome;
  std::size_t excluded_by_sensitivity = 0;
  core::Event event;                  // as it stands in the ledger
  std::vector<std::string> warnings;  // for stderr
};

// Errors: kUsage (blank task or model, flags that do not go together, a break-glass authorisation
// that does not parse), kPrecondition (all other refusals; `token` says which), kInternal.
Result<RunReport> run_task(Services& services, const Environment& environment, const Layout& layout,
                           const RunRequest& request);

// Members in the order of the format; `agent_response_event` as the row has it, without signature.
json::Value to_json(const RunReport& report);

}  // namespace cortex::app
