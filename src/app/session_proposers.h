// Who proposes memories when a session is closed: recorded answers, or the configured model.
#pragma once

#include <optional>
#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "app/session_close.h"

namespace cortex::app {

// Recorded answers in the folder that the flag or the environment names (fixtures.h). `services`
// must outlive it.
Proposer replay_proposer(Services& services, const Environment& environment,
                         std::optional<std::string> fixtures_dir);

}  // namespace cortex::app
