// The authority timelines: who held which key, with how much trust, from when to when. Append only.
// Every time is written with "+00:00" (docs/formats.md, 9.5): reference 0.1.2 compares them as
// text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sqlite/connection.h"
#include "trust/timeline.h"
#include "trust/timelines.h"

namespace cortex::store {

// What the timelines say of the key at `event_time` and `now`, for trust::revalidate(): by its id,
// or by the public key that a registered id is bound to. A store without the tables knows no key.
// Errors: kIntegrity for a tier or time that cannot be read.
Result<trust::KeyEvidence> key_evidence(sqlite::Connection& db, std::string_view key_id,
                                        Timestamp event_time, Timestamp now);

// All of them at once, bindings included, for judging many signatures. O(rows). A store without the
// tables has none. Errors: kIntegrity for a state, tier or time that cannot be read.
Result<trust::Timelines> read_timelines(sqlite::Connection& db);

struct KeyRow {
  std::string key_id;
  std::string principal_id;
  trust::KeyState state = trust::KeyState::kActive;
  std::string effective_at;  // as the column holds it
  std::optional<std::string> reason;
};

// Whether the timeline has a row of the key at exactly that time.
Result<bool> has_key_row(sqlite::Connection& db, std::string_view key_id,
                         std::string_view effective_at);

struct PrincipalRow {
  std::string principal_id;
  trust::Tier tier = trust::Tier::kOperator;
  std::string effective_at;
  std::optional<std::string> trust_review_due_at, removed_at;
};

// The rows of a key, or of all keys: by key id, then oldest first. None without the tables.
Result<std::vector<KeyRow>> key_rows(sqlite::Connection& db,
                                     std::optional<std::string_view> key_id = {});
// The row of the principal that took effect last, whatever the clock says.
Result<std::optional<PrincipalRow>> last_principal_row(sqlite::Connection& db,
                                                       std::string_view principal_id);
// The key ids that are bound to a public key.
Result<std::vector<std::string>> ids_bound_to(sqlite::Connection& db,
                                              std::string_view public_key_hex);

// Inserts the row; one that is there already with the same values is fine. Error kPrecondition when
// the primary key is taken by other values.
Status add_key_row(sqlite::Connection& db, const KeyRow& row);
Status add_principal_row(sqlite::Connection& db, const PrincipalRow& row);

// The public key that belongs to a key id, as lower-case hex (private table cortex_authority_keys;
// reference 0.1.2 knows no such thing). Empty: the id is not bound. Binding again to the same key
// is fine, to another one is kPrecondition.
Result<std::optional<std::string>> bound_public_key(sqlite::Connection& db,
                                                    std::string_view key_id);
Status bind_public_key(sqlite::Connection& db, std::string_view key_id,
                       std::string_view public_key_hex, std::string_view bound_at);

}  // namespace cortex::store
