// `memory forget ID --erase`: what a memory said is taken out of everything that Cortex keeps, and
// the ledger still proves that nothing else was changed (docs/formats.md, 6.10).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "memory/write_gate.h"
#include "store/operation.h"

namespace cortex::app {

struct EraseRequest {
  Layout layout;
  memory::GatePolicy policy{};
  std::string memory_id;
  std::string confirm;  // the id again: nothing is erased by accident
  std::string reason;   // required; must not hold what is erased
};

struct EraseReport {
  std::string memory_id, event_id, erasure;
  std::uint64_t rows = 0;                // of the ledger
  std::uint64_t values = 0;              // of the store
  std::vector<std::string> memories{};   // whose claims held it
  std::vector<std::string> remaining{};  // files of the data folder that hold it still
  bool resumed = false;                  // an earlier run had recorded it and was interrupted
};

// In this order: the operation is recorded (ledger and store), the ledger is rewritten, the store
// is cleaned and compacted. Interrupted in between, the same command ends it. The claim goes
// wherever it stands as a part of a text, in rows of sessions too; a claim of less than 12 bytes
// only where it is a whole text. Copies elsewhere (bundles made before, evidence files) are not
// touched; those in the data folder are named. O(ledger and store). Errors: kUsage (ids,
// confirmation, reason), kPrecondition (unknown memory, erased already).
Result<EraseReport> erase_memory(Services& services, const EraseRequest& request);
json::Value to_json(const EraseReport& report);

inline constexpr std::string_view kErasureUnfinishedToken = "memory.erase.unfinished";

// The first memory whose erasure the ledger records while the store still holds its text, because a
// crash came in between; empty when there is none. One pass over the ledger.
Result<std::string> interrupted_erasure(sqlite::Connection& db, fs::File& ledger,
                                        std::uint64_t size_bytes);
// What ends it.
std::string next_of_erasure(const std::string& memory_id);

// The operation memory.erase: the memory is no longer used. Its text went with the rows.
Status apply_erase(sqlite::Connection& db, const store::OperationRow& row);

}  // namespace cortex::app
