// From a model's answer to what is kept of it: the checks, and the operation that holds the rows.
#pragma once

#include <string>

#include "app/session_close.h"
#include "sqlite/connection.h"

namespace cortex::app {

// Reads and judges an answer. Nothing: it may be kept, and `reflection` is it.
std::optional<Quarantine> judge_answer(sqlite::Connection& db, const std::string& trace_id,
                                       std::string_view adapter_id, const llm::Response& response,
                                       reflect::SessionReflection& reflection);

store::Operation quarantine_operation(Services& services, Quarantine& quarantine);

// Memories, episodes, principles and the trace of a reflection as one operation; counts what it
// keeps in `report`. No operation when all of it is kept already.
Result<std::vector<store::Operation>> keep_operations(Services& services, sqlite::Connection& db,
                                                      const CloseRequest& request,
                                                      const reflect::SessionReflection& reflection,
                                                      CloseReport& report);

}  // namespace cortex::app
