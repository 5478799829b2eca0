// The one way in which people and agents change the store: the change is written to the ledger
// first (docs/formats.md, "Operations"), and the tables follow it.
//
//   plan      under the append lock, inside the store's write transaction: checks every
//             precondition, draws ids and times, says what is to be done
//   append    one ledger row an operation, sealed onto the head
//   apply     the tables, in the same transaction
//   sync      one fdatasync: acknowledged
//   commit    the store; when this fails the ledger knows, and the next open applies it
//
// Nothing is changed when any step before the sync fails. O(operations), whatever the ledger's
// length.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "core/event.h"
#include "ledger/append_log.h"
#include "sqlite/connection.h"
#include "store/operation.h"

namespace cortex::app {

// Every rule that turns an operation into rows (operation_table.cc). Stateless.
store::Projector& projector();

// Behind why the store lags, for people.
inline constexpr std::string_view kFollowsLater =
    "; the ledger has it all, the next change or `cortex doctor --repair` brings the store along";

struct Recorded {
  std::vector<std::string> event_ids;  // of the operations, in order
  std::uint64_t rows = 0;              // of the ledger: those, and the companions of some
  std::string mirror_note;             // why the store lags behind the ledger, or empty
  std::optional<ledger::TornTail> torn_tail;
};

// Sees the store up to date with the ledger. No operations: nothing is written, which is no error.
using Plan = std::function<Result<std::vector<store::Operation>>(sqlite::Connection& db)>;

// Whether columns, anchors and attestations can hold it: columns are compared as text, so that all
// years, 0 to 9999, have four digits.
bool can_be_kept(Timestamp time);
// kPrecondition for a clock whose time cannot be kept.
Status require_usable_clock(Clock& clock);

// Errors: require_usable_clock(); kPrecondition when there is no store; those of opening ledger and
// store; what `plan` or an applier returned. A missing ledger is created.
Result<Recorded> perform(Services& services, const Layout& layout, const store::Caller& caller,
                         const Plan& plan);

// The same for one event that is no operation: what an agent did. `check` runs under the append
// lock, inside the store's write transaction, with the store up to date: it says whether both are
// as they must be. `event` comes back sealed, and signed as every row is. Errors: as perform(), and
// kPrecondition when the id is known.
using Check = std::function<Status(sqlite::Connection& db, ledger::AppendLog& log)>;
Result<Recorded> append_event(Services& services, const Layout& layout, core::Event& event,
                              const Check& check);

}  // namespace cortex::app
