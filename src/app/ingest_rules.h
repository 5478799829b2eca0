// What `ingest` demands of a session before the first row is written.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "app/session_file.h"
#include "base/result.h"
#include "base/ulid.h"
#include "core/event.h"
#include "ledger/session_reader.h"

namespace cortex::app {

using IdSet = std::unordered_set<Ulid, UlidHash>;

// What one reading of the whole session found.
struct Examination {
  IdSet ids;
  std::vector<std::string> user_events;
  // First event below tier "observed": with a key that attests for people, and without one.
  std::optional<std::string> below_minimum_attested, below_minimum;
  ledger::SessionSummary summary;
};

// Calls back with every event, in order; the same ones each time it is called.
using EventSource =
    std::function<Result<ledger::SessionSummary>(const ledger::SessionCallbacks& callbacks)>;
// Of a session file; the file must outlive the source.
EventSource events_of(SessionFile& session);

enum class Repeats : std::uint8_t { kRefused, kSkipped };

// Reads the source to its end. Errors, kUsage: text that is no session, an event that does not
// decode, a schema version other than 1 and 2, an id that occurs twice. kPrecondition: an operation
// of the store, or a boundary or rotation row that does not come from the runtime.
Result<Examination> examine_events(const EventSource& source, Repeats repeats);
Result<Examination> examine_session(SessionFile& session);

// An event that is to become a row of a ledger whose rows are signed. Readers take what is shaped
// like a rotation for one: the rows behind it would be checked with another key, or fail for ever.
// Error kPrecondition, whoever the event is from.
Status require_no_rotation(const core::Event& event);

// The policy of the command; `attested`: a key attests what people brought in. Error kPrecondition
// with the tokens of the rules that refuse.
Status apply_ingest_rules(const Examination& seen, bool attested = false);

}  // namespace cortex::app
