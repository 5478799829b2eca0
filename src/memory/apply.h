// What the operations on memories do to the tables (docs/formats.md, "Memory operations").
//
// Appliers are functions of the row and the store alone. They set states, they do not add to them:
// replayed over a store that holds their effect already, in the order of the ledger, they end in
// the same tables. Errors: kIntegrity when the row does not say what it must, kPrecondition when
// the memory that it speaks of is not there.
#pragma once

#include "base/result.h"
#include "sqlite/connection.h"
#include "store/operation.h"

namespace cortex::memory {

// {at, memory: row, valid_from?, valid_until?}: memory.note, memory.candidate. An id that is there
// already keeps its row.
Status apply_add(sqlite::Connection& db, const store::OperationRow& row);
// {memory: row, uses: [...], relations: [...]}: memory.adopt, a memory that another program made,
// written down when it is first changed. A store that has it keeps it.
Status apply_adopt(sqlite::Connection& db, const store::OperationRow& row);
// {at, memory_id, from, to, audit_id?}: memory.accept, reject, restore, pend, commit.
Status apply_transition(sqlite::Connection& db, const store::OperationRow& row);
// {at, memory_id, by, from, to, valid_from, valid_until}: memory.supersede.
Status apply_supersede(sqlite::Connection& db, const store::OperationRow& row);
// {at, memory_id, tag}
Status apply_tag_add(sqlite::Connection& db, const store::OperationRow& row);
Status apply_tag_remove(sqlite::Connection& db, const store::OperationRow& row);
// {at, memory_id, session_id, result, relation, outcome_ref, note, use, totals, scope?, principal?,
// evidence?}
Status apply_outcome(sqlite::Connection& db, const store::OperationRow& row);
// {at, contradiction: {...}, winner?, loser?}: contradiction.add, interpret, resolve.
Status apply_contradiction(sqlite::Connection& db, const store::OperationRow& row);

}  // namespace cortex::memory
