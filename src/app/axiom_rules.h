// Rules that the command and the tool of axiom admission share.
#pragma once

#include "app/layout.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

// kQuarantined, token axiom_execution_trust.tool_provenance.source_commit.stale, unless the commit
// of the tool is in CORTEX_AXIOM_ACCEPTED_SOURCE_COMMITS (empty accepts nothing), or, when that is
// not set, in the built-in list.
Status check_source_commit(const Environment& environment, const json::Value& execution);

}  // namespace cortex::app
