// Brings a store file to the schema of this program.
//
// A file of 0 bytes is a valid store with nothing applied. Each migration is one transaction that
// takes the write lock first, looks again whether the migration is recorded, and records it
// together with its changes: any number of processes may open a fresh store at once, and a crash
// leaves a prefix of the migrations, complete. Objects that are already there are kept as they are.
// Names that this program does not know are never written; schema_check.h reports them.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

// The names recorded in table _migrations, in the order of application.
inline constexpr std::array<std::string_view, 10> kMigrationNames = {
    "001_init",
    "002_authority_timeline",
    "003_schema_v2_expand",
    "004_principle_promotion_policy_record",
    "005_outcome_relation_scope",
    "006_fts5_memories",
    "007_embeddings",
    "008_decay_jobs",
    "009_decay_supersessions",
    "010_pending_mcp_commit",
};

// Known names that are not recorded, in order. Reads only.
Result<std::vector<std::string>> pending(sqlite::Connection& connection);

// Switches to WAL mode, then applies what is pending. Returns the names that this call applied
// (what another process applied meanwhile is not among them). Nothing is written when nothing is
// pending. On failure the migrations before the failed one stay applied; the failed one changed
// nothing.
Result<std::vector<std::string>> apply_pending(sqlite::Connection& connection);

}  // namespace cortex::store
