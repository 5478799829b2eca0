// Signed rows: which key signs what is appended, and whether it may (docs/formats.md, 6.3).
#pragma once

#include <optional>
#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "ledger/append_log.h"
#include "sqlite/connection.h"
#include "trust/timeline.h"

namespace cortex::app {

// The key of the signer is not an active one of somebody who is at least verified.
inline constexpr std::string_view kSignerNotEntitledToken =
    "ledger.append_signed.key_state_current_use";

// Lets `log` sign with the seed of Layout::signing_seed and returns its key id; nothing without
// one. Errors: those of reading the seed, and of AppendLog::sign_with().
Result<std::optional<std::string>> sign_rows(Services& services, const Layout& layout,
                                             ledger::AppendLog& log);

// What the timelines say of a key that signs rows or attestations, now, by whatever name they know
// it, at tier verified or better.
Result<trust::Authority> signer_authority(sqlite::Connection& db, const std::string& key_id,
                                          Timestamp now);

// Whether `signature`, in Base64, is one of the key with this id over `message`. No look at who
// holds the key.
bool is_signed_by(std::string_view key_id, std::string_view signature, std::string_view message);

// A digest of all that the timeline of keys says of it: another one once it was registered under
// one more name, rotated, retired or revoked.
Result<std::string> key_standing(sqlite::Connection& db, const std::string& key_id);

// Whether the timelines let the key sign now, at tier verified or better. Nobody signs: fine.
// Error: kPrecondition with the reasons.
Status check_signer(Services& services, sqlite::Connection& db,
                    const std::optional<std::string>& key_id);

// Both, by the store of the layout, which is only looked at.
Result<std::optional<std::string>> sign_entitled(Services& services, const Layout& layout,
                                                 ledger::AppendLog& log);

}  // namespace cortex::app
