// Who proposes memories when a session is closed: recorded answers, or the configured model.
#pragma once

#include <optional>
#include <string>

#include "app/layout.h"
#include "app/llm_settings.h"
#include "app/services.h"
#include "app/session_close.h"

namespace cortex::app {

// Recorded answers in the folder that the flag or the environment names (fixtures.h). `otherwise`:
// what else may propose, for who has none ("close it again with --extract"). `services` must
// outlive it.
Proposer replay_proposer(Services& services, const Environment& environment,
                         std::optional<std::string> fixtures_dir, std::string otherwise);

// The configured model, with the events of the trace (reflect/live.h); asked once more when its
// first answer cannot be read. Opening fails when none is configured or it cannot be asked, unless
// `otherwise` is given: then that proposes instead. `warn` sees what people should know.
// `services` must outlive it.
Proposer live_proposer(Services& services, const Environment& environment,
                       const std::optional<Proposer>& otherwise, const Warn& warn);

}  // namespace cortex::app
