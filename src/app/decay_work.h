// What the use cases of decay have in common.
#pragma once

#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "base/time.h"
#include "memory/decay.h"
#include "store/decay_jobs.h"
#include "store/operation.h"

namespace cortex::app {

// kPrecondition, token decay.job_not_found, when there is none.
Result<store::DecayJob> required_job(sqlite::Connection& db, const std::string& id);

// The operation that says what became of a job. `from` is empty for a new one; `more` are members
// of its own.
store::Operation decay_operation(Services& services, std::string_view verb,
                                 const store::DecayJob& job, std::string_view from,
                                 std::string reason, json::Object more = {});

// The job changes its state now. Nobody works on it any more, unless it goes on being in progress.
void move_job(store::DecayJob& job, memory::JobState to, Timestamp now);

// {id, kind, summary_method, state, source_ids, ...} as listings show a job.
json::Object listed_job(const store::DecayJob& job, const store::SummarySources& superseded);

}  // namespace cortex::app
