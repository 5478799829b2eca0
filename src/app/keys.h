// `key`: Ed25519 keys and the authority timelines that say whose they are, with how much trust, and
// from when to when (docs/formats.md, 18).
//
// A seed stands in a file of 32 raw bytes (0600) and nowhere else: it is on no command line, in no
// message, and in no row. Every change is one operation of the ledger. The timelines only grow: a
// change takes effect when it is made, or earlier, and never before the one it follows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "memory/write_gate.h"
#include "store/operation.h"
#include "store/timelines.h"
#include "trust/timeline.h"

namespace cortex::app {

// Why a change of the timelines is refused, all kPrecondition.
inline constexpr std::string_view kKeyUnknownToken = "key.unknown";
inline constexpr std::string_view kKeyRegisteredToken = "key.registered";
inline constexpr std::string_view kKeyRevokedToken = "key.revoked";
inline constexpr std::string_view kKeyNotEntitledToken = "key.not_entitled";
inline constexpr std::string_view kKeyTimeToken = "key.time_out_of_order";
inline constexpr std::string_view kKeyPrincipalToken = "key.principal";
inline constexpr std::string_view kKeyFileExistsToken = "key.file_exists";

// One key as the timelines have it now.
struct KeyStanding {
  std::string key_id;
  std::optional<std::string> public_key{};  // lower-case hex; absent: not bound
  std::vector<store::KeyRow> rows{};        // oldest first; empty: not registered
  trust::Authority authority{};             // now, at tier verified or better

  const store::KeyRow* last() const { return rows.empty() ? nullptr : &rows.back(); }
};

// Every registered key, by key id. Looks only. Errors: kPrecondition without a store, kIntegrity
// for rows that cannot be read.
Result<std::vector<KeyStanding>> list_keys(Services& services, const Layout& layout);

// Exactly one of them.
struct KeyName {
  std::optional<std::string> key_id{};
  std::optional<std::string> public_key_path{};  // 32 raw bytes
  std::optional<std::string> seed_path{};        // 32 raw bytes
};
// A key that is named by a file needs not be registered; a key id must be (kKeyUnknownToken).
Result<KeyStanding> show_key(Services& services, const Layout& layout, const KeyName& name);

// What every change says about itself.
struct KeyChangeRequest {
  Layout layout{};
  memory::GatePolicy policy{};  // for the reason
  std::string reason{};
  std::optional<std::string> effective_at{};  // not in the future; absent: now
};

struct RegisterKeyRequest {
  KeyChangeRequest change;
  std::string principal_id;
  std::optional<std::string> tier{};    // "verified" or "operator"; needed for a new principal
  std::optional<std::string> key_id{};  // absent: hex of the public key
  bool signs_its_row = false;           // generate_key(): the ledger is signed by it from here on
};

// What was done. `public_key_path` and `seed_path` are files that were written.
struct KeyChange {
  std::string operation{}, event_id{};
  std::string key_id{}, principal_id{}, public_key{};
  trust::KeyState state = trust::KeyState::kActive;
  std::string effective_at{};
  std::optional<std::string> retired_key_id{};  // rotation
  std::optional<std::string> seed_path{}, public_key_path{};
  std::string mirror_note{};
};

// A new key in `seed_path`, which must not exist, its public key in `<seed_path>.pub`, and both
// registered. With an error neither file is left behind.
Result<KeyChange> generate_key(Services& services, const RegisterKeyRequest& request,
                               const std::string& seed_path);
// A key that exists already, by its public key.
Result<KeyChange> register_key(Services& services, const RegisterKeyRequest& request,
                               const std::string& public_key_path);
// A new key for the principal of an active one, which is retired: what it signed stays valid. The
// old key signs the new one, and so must be at hand. Where the old key signs the ledger, the new
// one does so from the next row on.
struct RotateKeyRequest {
  KeyChangeRequest change;
  std::string old_seed_path;
  std::string new_seed_path;            // must not exist
  std::optional<std::string> key_id{};  // of the old key, when it is not its hex
};
Result<KeyChange> rotate_key(Services& services, const RotateKeyRequest& request);
// Nothing that the key signed counts any more: not what follows `effective_at`, and what went
// before only as history. Final.
Result<KeyChange> revoke_key(Services& services, const KeyChangeRequest& request,
                             const std::string& key_id);

// The operations authority.key.register, .rotate and .revoke.
Status apply_key_change(sqlite::Connection& db, const store::OperationRow& row);

json::Value to_json(const KeyStanding& standing);
json::Value to_json(const KeyChange& change);

}  // namespace cortex::app
