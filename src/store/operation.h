// Operations: changes of the store that stand in the ledger (docs/formats.md, "Operations").
//
// An operation is a row of the ledger, source runtime, type system_note, whose payload has the
// member `cortex_operation`. The tables it changes are its projection: whoever mirrors the row
// applies it, in the same transaction, exactly once. What was applied is remembered in the private
// table cortex_operations.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/event.h"
#include "json/value.h"
#include "sqlite/connection.h"

namespace cortex::store {

inline constexpr std::string_view kOperationMember = "cortex_operation";
inline constexpr std::uint16_t kOperationVersion = 1;

// What is to be done. `args` holds everything that applying it needs, ids and times included, and
// becomes part of the ledger: an array or object of plain values.
struct Operation {
  std::string name;  // "memory.note"
  json::Object args;
  // Payload of a system_note row of its own that follows in the ledger: what other formats define
  // and readers without operations look for. Empty: none.
  std::string companion{};
};

// On whose behalf.
struct Caller {
  std::string actor = "operator";  // "operator", "agent" or "runtime"
  std::string client{};            // program that asked, e.g. "cortex-cli 0.2.0"
  std::optional<std::string> session{};
  std::string reason{};  // free text, may be empty
};

// An operation as the ledger holds it.
struct OperationRow {
  std::string event_id;
  Timestamp recorded_at;
  std::string name;
  json::Object args;
  Caller caller;

  // The member of `args`, or a null value. For appliers: args were made by our own planner, yet a
  // ledger may be anybody's, so nothing about them may be assumed.
  const json::Value& arg(std::string_view key) const;
  Result<std::string> text_arg(std::string_view key) const;  // kIntegrity when it is no string
};

// The canonical payload of the row.
std::string operation_payload(const Operation& operation, const Caller& caller);

// True when the row may be an operation: a search for the member's name, wherever it stands. Cheap.
// `payload`: canonical, or as a session has it.
bool looks_like_operation(const core::Event& event, std::string_view payload);
// Empty when the payload has no such member at its top. Errors: kIntegrity when it has, and is not
// that of an operation of a version known here.
Result<std::optional<OperationRow>> decode_operation(const core::Event& event,
                                                     std::string_view payload);

// What applies operations to the tables. Implementations are functions of the row and the store
// alone: no clock, no randomness, no environment, so that every replay ends in the same tables.
class Projector {
 public:
  virtual ~Projector() = default;
  // False: the name is not known here (a newer program wrote it); nothing was changed.
  virtual Result<bool> apply(sqlite::Connection& db, const OperationRow& row) = 0;
};

// Applies the operation unless cortex_operations says that it was. A failure of the projector
// undoes what it did and is recorded there with its reason, as is a name that it does not know: the
// mirror goes on, `doctor` and `audit verify --mirror` report it. Needs an open write transaction.
Status project(sqlite::Connection& db, Projector& projector, const core::Event& event,
               std::string_view payload);

// As project() for an operation that is being recorded now: the error of the projector is the
// result, and the caller rolls back.
Status project_new(sqlite::Connection& db, Projector& projector, const OperationRow& row);

}  // namespace cortex::store
