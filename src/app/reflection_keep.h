// From a model's answer to what is kept of it: the checks, and the operation that holds the rows.
#pragma once

#include <string>
#include <string_view>

#include "app/services.h"
#include "app/session_close.h"
#include "base/result.h"
#include "llm/message.h"

namespace cortex::app {

// Reads and judges the answer about a trace, and keeps what is in it by the rules of the request:
// memories, episodes, principles and the trace as one operation, none when all of it is kept
// already. An answer that is refused leaves one audit record and is the `quarantine` of the result,
// which says what this answer brought.
Result<CloseReport> keep_answer(Services& services, const CloseRequest& request,
                                const std::string& trace_id, std::string_view adapter_id,
                                const llm::Response& answer);

}  // namespace cortex::app
