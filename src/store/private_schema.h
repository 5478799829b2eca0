// Tables and indexes of our own inside the store file. All names start with "cortex_", nothing is
// recorded in _migrations: reference 0.1.2 tolerates extra objects, but no name it does not know.
//
//   cortex_mirror            one row: how far the ledger has been mirrored into `events`
//   cortex_mirror_conflicts  store rows that the ledger contradicted, kept before being replaced
//   cortex_embedding_content from which text a stored vector was made (embeddings.h)
//   cortex_operations        which operations of the ledger were applied (operation.h)
//   cortex_authority_keys    the public key that belongs to a key id of the timelines
//   cortex_memory_history    every state of every memory that operations changed (memory_history.h)
//   cortex_outcomes          every report of how a memory did (outcomes.h)
//   cortex_precedence        which claim of a contradiction is preferred (contradictions.h)
//   cortex_decay_jobs        what the queue of decay jobs does not hold (decay_jobs.h)
//   cortex_claim_marks, cortex_claim_marks_done
//                            index of claims for near duplicates (claim_marks.h)
//   cortex_events_newer, cortex_traces_newer
//                            partial indexes over rows newer than this program (normally empty)
//   cortex_memories_listed   index: pages of memories, newest first, and counts by status
//   cortex_memory_tags       memories by tag, newest first, kept by triggers (followed_tables.h)
//   cortex_contradictions_*  indexes: contradictions by either side
//   cortex_memory_tally, cortex_memories_*
//                            counts of active memories by kind, kept by triggers, and indexes to
//                            find them (memory_tally.h)
//   cortex_events_again      trigger: inserting a row that is there already does nothing
//   cortex_events_deleted    trigger: a deleted event makes cortex_mirror forget how far it was
#pragma once

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

// Creates what is missing, in one transaction; writes nothing when all is there. Tables that follow
// others (followed_tables.h) are made anew where they are those of another version. An index over a
// table that the file does not have is left out, so that the schema check can report that table.
Status ensure_private_schema(sqlite::Connection& connection);
// Reads only.
Result<bool> is_private_schema_complete(sqlite::Connection& connection);

}  // namespace cortex::store
