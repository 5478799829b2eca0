// The switch that replays what reference 0.1.2 answered where this program answers better on
// purpose.
#pragma once

#include "app/layout.h"

namespace cortex::app {

// CORTEX_SCORE_VERSION=1 asks for the scores, the order and the depth of proof of reference 0.1.2.
inline bool is_compatible(const Environment& environment) {
  return environment.get("CORTEX_SCORE_VERSION") == "1";
}

}  // namespace cortex::app
