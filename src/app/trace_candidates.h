// Candidate memories that came from a trace: what a person may accept after a session.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"

namespace cortex::app {

struct TraceCandidate {
  std::string memory_id, claim, memory_type;
  double confidence = 0;
  std::vector<std::string> domains;
};

// `trace_id` absent: the trace that was opened last. An unknown trace has none. Two queries.
Result<std::vector<TraceCandidate>> trace_candidates(Services& services, const Layout& layout,
                                                     const std::optional<std::string>& trace_id);

}  // namespace cortex::app
