// Memories that agents left pending, and their commit (docs/mcp.md). Pending memories are hidden
// from everything that reads until a person has them committed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "store/operation.h"

namespace cortex::app {

struct CommitRequest {
  std::optional<std::vector<std::string>> memory_ids{};  // absent: everything that is pending
  store::Caller caller{};
};

struct CommitReport {
  std::string receipt_id;  // a ULID, kept in the audit rows and in the ledger
  std::vector<std::string> committed;
};

// Makes pending memories active, all or none, by one operation with an audit row a memory. Nothing
// pending is a success that writes nothing. Errors: kUsage (an id that is none), kPrecondition (an
// id that is not pending).
Result<CommitReport> commit_pending(Services& services, const Layout& layout,
                                    const CommitRequest& request);

// Of the operation "session.commit": for the table of rules.
Status apply_session_commit(sqlite::Connection& db, const store::OperationRow& row);

struct PendingMemory {
  std::string id, claim, type, authority, created_at;
};
// Newest first, `limit` at most. One query.
Result<std::vector<PendingMemory>> list_pending(Services& services, const Layout& layout,
                                                std::size_t limit, std::size_t offset);

}  // namespace cortex::app
