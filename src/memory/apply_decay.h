// What the operations on decay jobs and episodes do to the tables (docs/formats.md, "Decay
// operations"). The rules of memory/apply.h hold.
#pragma once

#include "base/result.h"
#include "sqlite/connection.h"
#include "store/operation.h"

namespace cortex::memory {

// {at, job, from?, audit_id, audit_reason, memory?, retired?, review?}: decay.schedule, claim,
// complete, fail, cancel, recover. `job` is the row as it is afterwards; `memory` the summary,
// which gets an edge to each source; `retired` the ids of memories that it takes out of use;
// `review` the findings about a principle.
Status apply_decay(sqlite::Connection& db, const store::OperationRow& row);

// {trace: row, episode: row, events?: [ids]}: episode.add. What is there keeps its values.
Status apply_episode(sqlite::Connection& db, const store::OperationRow& row);

}  // namespace cortex::memory
