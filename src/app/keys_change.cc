// The changing half of `key`: generate, register, rotate, revoke.
#include <algorithm>
#include <functional>
#include <utility>

#include "app/keys.h"
#include "app/memory_work.h"
#include "app/row_signing.h"
#include "app/time_flag.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "ledger/append_log.h"
#include "ledger/row_signer.h"
#include "ledger/signed_row.h"
#include "ledger/tail.h"

namespace cortex::app {
namespace {

using Operations = std::vector<store::Operation>;
using trust::KeyState;
using trust::Tier;

constexpr std::int64_t kClockToleranceSeconds = 60;
constexpr std::uint32_t kMicrosecond = 1000;

Error key_refused(std::string_view token, std::string message, std::string next) {
  return refusal(Code::kPrecondition, std::move(message), std::move(next), std::string(token));
}

// A key's end begins after the moment of the change, in the resolution of signatures: the row that
// records it may be signed by the key itself.
Timestamp just_after(Timestamp time) {
  time.nanos += kMicrosecond;
  if (time.nanos < kNanosPerSecond) return time;
  return {time.seconds + 1, time.nanos - kNanosPerSecond};
}

// What the operation takes effect at. `at_once`: when nothing was asked for.
Result<Timestamp> effective_time(const KeyChangeRequest& request, Timestamp now,
                                 Timestamp at_once) {
  if (!request.effective_at) return at_once;
  CORTEX_ASSIGN(const Timestamp time,
                time_flag("effective-at", *request.effective_at, {.is_kept = true}));
  if (time.seconds <= now.seconds + kClockToleranceSeconds) return time;
  return key_refused(kKeyTimeToken, cat("--effective-at ", column_time(time), " is in the future"),
                     "give a time that has come, or leave it out");
}

Status require_clock(const std::vector<store::KeyRow>& rows, Timestamp now) {
  for (const store::KeyRow& row : rows) {
    const auto time = parse_strict_rfc3339(row.effective_at);
    if (!time || *time <= just_after(now)) continue;
    return key_refused(
        kKeyTimeToken,
        cat("the clock says ", column_time(now), ", but the key ", quoted(row.key_id), " was made ",
            trust::key_state_token(row.state), " at ", row.effective_at),
        "set the clock of this machine, then run it again");
  }
  return {};
}

json::Value key_json(const store::KeyRow& row) {
  json::Object out{{"key_id", row.key_id},
                   {"principal_id", row.principal_id},
                   {"state", trust::key_state_token(row.state)},
                   {"effective_at", row.effective_at}};
  if (row.reason) out.add("reason", *row.reason);
  return out;
}

std::optional<std::string> some(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

Result<Tier> tier_argument(const std::string& text) {
  const auto tier = trust::parse_tier(text);
  if (tier && *tier >= Tier::kVerified) return *tier;
  return refusal(Code::kUsage, cat("--tier ", quoted(text), " is no trust that a key may have"),
                 "give verified or operator");
}

// The principal as it has to be for an active key: known and trusted, or new with a tier. Adds its
// row to `args` when it is new.
Status settle_principal(sqlite::Connection& db, const RegisterKeyRequest& request,
                        Timestamp effective, json::Object& args) {
  CORTEX_ASSIGN(const auto known, store::last_principal_row(db, request.principal_id));
  const std::string who = cat("the principal ", quoted(request.principal_id));
  if (!known && !request.tier) {
    return key_refused(kKeyPrincipalToken, cat(who, " is not known"),
                       "say how far it is trusted, with --tier verified or --tier operator");
  }
  std::optional<Tier> tier;
  if (request.tier) {
    CORTEX_ASSIGN(tier, tier_argument(*request.tier));
  }
  if (!known) {
    args.add("principals", json::Array{json::Object{{"principal_id", request.principal_id},
                                                    {"trust_tier", trust::tier_token(*tier)},
                                                    {"effective_at", column_time(effective)}}});
    return {};
  }
  const std::string since =
      cat(who, " is ", trust::tier_token(known->tier), " since ", known->effective_at);
  if (tier && *tier != known->tier) {
    return key_refused(kKeyPrincipalToken, since, "leave --tier out, or name another principal");
  }
  if (known->tier < Tier::kVerified || known->removed_at) {
    return key_refused(kKeyPrincipalToken,
                       known->removed_at ? cat(who, " was removed at ", *known->removed_at) : since,
                       "an active key needs a principal that is verified or operator");
  }
  if (known->effective_at > column_time(effective)) {
    return key_refused(kKeyTimeToken, cat(since, ", after the key would be active"),
                       "let the key be active from then on, with --effective-at");
  }
  return {};
}

// A key is registered once, under one id: a revoked one cannot come back under another name.
Status require_new(sqlite::Connection& db, const std::string& key_id,
                   const std::string& public_key) {
  CORTEX_ASSIGN(std::vector<std::string> ids, store::ids_bound_to(db, public_key));
  ids.push_back(key_id);
  ids.push_back(public_key);
  for (const std::string& id : ids) {
    CORTEX_ASSIGN(const std::vector<store::KeyRow> rows, store::key_rows(db, id));
    if (rows.empty()) continue;
    const bool revoked = std::ranges::any_of(
        rows, [](const store::KeyRow& row) { return row.state == KeyState::kRevoked; });
    return key_refused(
        revoked ? kKeyRevokedToken : kKeyRegisteredToken,
        cat("the key is registered already, as ", quoted(id), revoked ? ", and was revoked" : ""),
        cat("see it with `cortex key show --key-id ", id, "`"));
  }
  return {};
}

Status require_text(std::string_view what, const std::string& text) {
  constexpr std::size_t kIdBytesMax = 256;
  CORTEX_TRY(check_text(what, text));
  if (text.size() <= kIdBytesMax && printable(text) == text) return {};
  return refusal(Code::kUsage, cat("the ", what, " is no name"),
                 cat("give at most ", kIdBytesMax, " bytes without control characters"));
}

// What the operation and its report have in common.
struct Draft {
  json::Object args;
  KeyChange change;
  std::string companion{};  // the row that readers of signed ledgers look for
};

Result<Draft> draft_registration(Services& services, sqlite::Connection& db,
                                 const RegisterKeyRequest& request, const std::string& public_key,
                                 const std::string& reason) {
  const Timestamp now = services.clock.now();
  Draft out{.args = {{"at", column_time(now)}}, .change = {.operation = "authority.key.register"}};
  KeyChange& change = out.change;
  change.key_id = request.key_id.value_or(public_key);
  change.principal_id = request.principal_id;
  change.public_key = public_key;
  CORTEX_TRY(require_text("key id", change.key_id));
  CORTEX_TRY(require_text("principal", change.principal_id));
  CORTEX_ASSIGN(const Timestamp effective, effective_time(request.change, now, now));
  change.effective_at = column_time(effective);
  CORTEX_TRY(require_new(db, change.key_id, public_key));
  CORTEX_TRY(settle_principal(db, request, effective, out.args));
  out.args.add("keys", json::Array{key_json({change.key_id, change.principal_id, KeyState::kActive,
                                             change.effective_at, some(reason)})});
  out.args.add("bindings",
               json::Array{json::Object{{"key_id", change.key_id}, {"public_key", public_key}}});
  return out;
}

using MakeDraft = std::function<Result<Draft>(sqlite::Connection& db, const std::string& reason)>;

Result<KeyChange> record(Services& services, const KeyChangeRequest& request,
                         const MakeDraft& make) {
  CORTEX_ASSIGN(const std::string reason, kept_reason(request.policy, request.reason));
  KeyChange change;
  const Plan plan = [&](sqlite::Connection& db) -> Result<Operations> {
    CORTEX_ASSIGN(Draft draft, make(db, reason));
    change = std::move(draft.change);
    return Operations{{change.operation, std::move(draft.args), std::move(draft.companion)}};
  };
  CORTEX_ASSIGN(const Recorded recorded,
                change_memories(services, request.layout, cli_caller(reason), plan));
  change.event_id = recorded.event_ids.back();
  change.mirror_note = recorded.mirror_note;
  return change;
}

// --- new key files

struct NewKey {
  crypto::SigningKey key;
  std::string seed_path, public_key_path;
};

Status require_free(Services& services, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info info, services.fs.lstat(path));
  if (info.kind == fs::Kind::kMissing) return {};
  return key_refused(kKeyFileExistsToken, cat(quoted(path), " exists already"),
                     cat("a key is never replaced: choose another path with --output; whether that"
                         " one is registered tells `cortex key show --seed FILE`"));
}

Status write_files(Services& services, const NewKey& made, const crypto::Seed& seed) {
  CORTEX_TRY(crypto::write_seed(services.fs, made.seed_path, seed));
  const Status written =
      crypto::write_public_key(services.fs, made.public_key_path, made.key.public_key());
  if (!written.ok()) static_cast<void>(services.fs.remove_file(made.seed_path));  // told below
  return written;
}

Result<NewKey> make_key(Services& services, const std::string& seed_path) {
  const std::string public_key_path = cat(seed_path, ".pub");
  CORTEX_TRY(require_free(services, seed_path));
  CORTEX_TRY(require_free(services, public_key_path));
  crypto::Seed seed{};
  services.random.fill(seed);
  NewKey made{crypto::SigningKey(seed), seed_path, public_key_path};
  const Status written = write_files(services, made, seed);
  crypto::wipe(seed);
  if (!written.ok()) return written.error();
  return made;
}

// Files of a key that nobody knows are taken away, unless its row may be in the ledger after all.
Result<KeyChange> with_files(Services& services, const NewKey& made, Result<KeyChange> done) {
  if (done.ok()) {
    done->seed_path = made.seed_path;
    done->public_key_path = made.public_key_path;
    return done;
  }
  if (done.error().token == ledger::kNotSyncedToken) return done;
  for (const std::string& path : {made.seed_path, made.public_key_path}) {
    if (const Status removed = services.fs.remove_file(path); !removed.ok()) {
      return with_context(std::move(done).error(), cat(quoted(path), " could not be removed"));
    }
  }
  return done;
}

// --- changes of a registered key

Result<std::vector<store::KeyRow>> required_rows(sqlite::Connection& db, const std::string& key_id,
                                                 Timestamp now) {
  CORTEX_ASSIGN(std::vector<store::KeyRow> rows, store::key_rows(db, key_id));
  if (rows.empty()) {
    return key_refused(kKeyUnknownToken, cat("the key ", quoted(key_id), " is not registered"),
                       "see the registered ones with `cortex key list`");
  }
  CORTEX_TRY(require_clock(rows, now));
  for (const store::KeyRow& row : rows) {
    if (row.state != KeyState::kRevoked) continue;
    return key_refused(kKeyRevokedToken,
                       cat("the key ", quoted(key_id), " was revoked at ", row.effective_at),
                       "a revocation is final; nothing is left to do");
  }
  return rows;
}

Status require_entitled(sqlite::Connection& db, const std::string& key_id, Timestamp now) {
  CORTEX_ASSIGN(const trust::Authority authority, signer_authority(db, key_id, now));
  if (authority.outcome() == trust::Outcome::kAllow) return {};
  return key_refused(
      kKeyNotEntitledToken,
      cat("the key ", quoted(key_id), " may not sign now: ", authority.joined_reasons()),
      "register a new key with `cortex key generate`");
}

Result<std::string> id_of_key(sqlite::Connection& db, const RotateKeyRequest& request,
                              const std::string& public_key) {
  CORTEX_ASSIGN(const std::vector<std::string> bound, store::ids_bound_to(db, public_key));
  const std::string key_id = request.key_id.value_or(bound.empty() ? public_key : bound.front());
  const bool fits = bound.empty() ? key_id == public_key : std::ranges::count(bound, key_id) > 0;
  if (fits) return key_id;
  return key_refused(kKeyUnknownToken,
                     cat("the key id ", quoted(key_id), " is not bound to the key of that seed"),
                     "see which it is with `cortex key show --seed FILE`");
}

// A ledger that the old key signs is signed on by the new one: the rotation stands in a row of its
// own, too, and both rows are signed by the old key. It signs what it signed last, and what the
// configuration lets it sign, by whatever path.
Result<bool> signs_the_ledger(Services& services, const Layout& layout, const std::string& key_id) {
  if (layout.signing_seed) {
    const auto configured = crypto::read_signing_key(services.fs, *layout.signing_seed);
    if (configured.ok() && configured->key_id() == key_id) return true;
  }
  auto file = services.fs.open(layout.event_log_path, fs::Open::kRead);
  if (!file.ok()) return false;  // perform() says what is wrong with it
  CORTEX_ASSIGN(const std::uint64_t size, ledger::settled_size(**file));
  CORTEX_ASSIGN(const ledger::Tail tail, ledger::read_tail(**file, size));
  CORTEX_ASSIGN(const ledger::LastSigned last, ledger::find_last_signed(**file, tail.size_bytes));
  return last.active_key_id == key_id;
}

struct Rotation {
  const crypto::SigningKey& old_key;
  const crypto::PublicKey& new_key;
  bool of_ledger = false;  // the old key signs it
};

Result<Draft> draft_rotation(Services& services, sqlite::Connection& db,
                             const RotateKeyRequest& request, const Rotation& rotation,
                             const std::string& reason) {
  const Timestamp now = services.clock.now();
  const auto& [old_key, new_key, of_ledger] = rotation;
  CORTEX_ASSIGN(const std::string old_id, id_of_key(db, request, old_key.key_id()));
  CORTEX_ASSIGN(const auto rows, required_rows(db, old_id, now));
  CORTEX_TRY(require_entitled(db, old_id, now));
  Draft out{.args = {{"at", column_time(now)}}, .change = {.operation = "authority.key.rotate"}};
  KeyChange& change = out.change;
  change.public_key = change.key_id = crypto::key_id(new_key);
  change.principal_id = rows.back().principal_id;
  change.retired_key_id = old_id;
  change.effective_at = column_time(just_after(now));
  out.args.add("keys", json::Array{key_json({old_id, change.principal_id, KeyState::kRetired,
                                             change.effective_at, some(reason)}),
                                   key_json({change.key_id, change.principal_id, KeyState::kActive,
                                             change.effective_at, some(reason)})});
  out.args.add(
      "bindings",
      json::Array{json::Object{{"key_id", old_id}, {"public_key", old_key.key_id()}},
                  json::Object{{"key_id", change.key_id}, {"public_key", change.public_key}}});
  out.args.add("rotation", ledger::rotation_envelope(old_key, new_key, now));
  if (of_ledger) out.companion = ledger::rotation_payload(old_key, new_key, now);
  return out;
}

Result<Draft> draft_revocation(Services& services, sqlite::Connection& db,
                               const KeyChangeRequest& request, const std::string& key_id,
                               const std::string& reason) {
  const Timestamp now = services.clock.now();
  CORTEX_ASSIGN(const auto rows, required_rows(db, key_id, now));
  CORTEX_ASSIGN(const Timestamp effective, effective_time(request, now, just_after(now)));
  Draft out{.args = {{"at", column_time(now)}}, .change = {.operation = "authority.key.revoke"}};
  KeyChange& change = out.change;
  change.key_id = key_id;
  change.principal_id = rows.back().principal_id;
  change.state = KeyState::kRevoked;
  change.effective_at = column_time(effective);
  if (change.effective_at < rows.front().effective_at) {
    return key_refused(kKeyTimeToken,
                       cat("the key ", quoted(key_id), " is registered from ",
                           rows.front().effective_at, " on, not yet at ", change.effective_at),
                       "to let nothing of it count, give that time with --effective-at");
  }
  CORTEX_ASSIGN(const auto bound, store::bound_public_key(db, key_id));
  change.public_key = bound.value_or("");
  out.args.add("keys", json::Array{key_json({key_id, change.principal_id, KeyState::kRevoked,
                                             change.effective_at, some(reason)})});
  return out;
}

}  // namespace

Result<KeyChange> register_key(Services& services, const RegisterKeyRequest& request,
                               const std::string& public_key_path) {
  CORTEX_ASSIGN(const crypto::PublicKey key, crypto::read_public_key(services.fs, public_key_path));
  return record(services, request.change, [&](sqlite::Connection& db, const std::string& reason) {
    return draft_registration(services, db, request, crypto::key_id(key), reason);
  });
}

Result<KeyChange> generate_key(Services& services, const RegisterKeyRequest& request,
                               const std::string& seed_path) {
  CORTEX_ASSIGN(const NewKey made, make_key(services, seed_path));
  KeyChangeRequest change = request.change;
  if (request.signs_its_row) change.layout.signing_seed = seed_path;
  return with_files(
      services, made,
      record(services, change, [&](sqlite::Connection& db, const std::string& reason) {
        return draft_registration(services, db, request, made.key.key_id(), reason);
      }));
}

Result<KeyChange> rotate_key(Services& services, const RotateKeyRequest& request) {
  CORTEX_ASSIGN(const crypto::SigningKey old_key,
                crypto::read_signing_key(services.fs, request.old_seed_path));
  KeyChangeRequest change = request.change;
  CORTEX_ASSIGN(const bool signs, signs_the_ledger(services, change.layout, old_key.key_id()));
  if (signs) change.layout.signing_seed = request.old_seed_path;
  CORTEX_ASSIGN(const NewKey made, make_key(services, request.new_seed_path));
  const Rotation rotation{old_key, made.key.public_key(), signs};
  return with_files(
      services, made,
      record(services, change, [&](sqlite::Connection& db, const std::string& reason) {
        return draft_rotation(services, db, request, rotation, reason);
      }));
}

Result<KeyChange> revoke_key(Services& services, const KeyChangeRequest& request,
                             const std::string& key_id) {
  return record(services, request, [&](sqlite::Connection& db, const std::string& reason) {
    return draft_revocation(services, db, request, key_id, reason);
  });
}

json::Value to_json(const KeyChange& change) {
  json::Object out{{"effective_at", change.effective_at},
                   {"event_id", change.event_id},
                   {"key_id", change.key_id},
                   {"operation", change.operation},
                   {"principal_id", change.principal_id},
                   {"public_key", change.public_key.empty() ? json::Value(nullptr)
                                                            : json::Value(change.public_key)},
                   {"state", trust::key_state_token(change.state)}};
  if (change.retired_key_id) out.add("retired_key_id", *change.retired_key_id);
  if (change.seed_path) out.add("seed_path", *change.seed_path);
  if (change.public_key_path) out.add("public_key_path", *change.public_key_path);
  if (!change.mirror_note.empty()) out.add("mirror_note", change.mirror_note);
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
