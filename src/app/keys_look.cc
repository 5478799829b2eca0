// The looking half of `key`: list and show.
#include <utility>

#include "app/keys.h"
#include "app/memory_work.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "store/open.h"
#include "trust/timelines.h"

namespace cortex::app {
namespace {

KeyStanding standing_of(const trust::Timelines& timelines, std::string key_id, Timestamp now) {
  KeyStanding out{.key_id = std::move(key_id)};
  if (const std::string* bound = timelines.bound_key(out.key_id)) out.public_key = *bound;
  out.authority =
      trust::revalidate(timelines.evidence(out.key_id, now, now), trust::Tier::kVerified);
  return out;
}

// The key id that a file of a key stands for: the one it is bound to, else its own hex.
Result<std::string> registered_id(sqlite::Connection& db, const std::string& public_key) {
  CORTEX_ASSIGN(std::vector<std::string> bound, store::ids_bound_to(db, public_key));
  return bound.empty() ? public_key : std::move(bound.front());
}

Result<std::optional<crypto::PublicKey>> key_of_file(Services& services, const KeyName& name) {
  if (name.seed_path) {
    CORTEX_ASSIGN(const crypto::SigningKey key,
                  crypto::read_signing_key(services.fs, *name.seed_path));
    return std::optional(key.public_key());
  }
  if (!name.public_key_path) return std::optional<crypto::PublicKey>();
  CORTEX_ASSIGN(const crypto::PublicKey key,
                crypto::read_public_key(services.fs, *name.public_key_path));
  return std::optional(key);
}

Result<KeyStanding> look_up(sqlite::Connection& db, const KeyName& name,
                            const std::optional<crypto::PublicKey>& key, Timestamp now) {
  std::string key_id = name.key_id.value_or("");
  if (key) {
    CORTEX_ASSIGN(key_id, registered_id(db, crypto::key_id(*key)));
  }
  CORTEX_ASSIGN(const trust::Timelines timelines, store::read_timelines(db));
  KeyStanding out = standing_of(timelines, key_id, now);
  CORTEX_ASSIGN(out.rows, store::key_rows(db, key_id));
  if (key) out.public_key = crypto::key_id(*key);
  if (!key && out.rows.empty()) {
    return refusal(Code::kPrecondition, cat("the key ", quoted(key_id), " is not registered"),
                   "see the registered ones with `cortex key list`", std::string(kKeyUnknownToken));
  }
  return out;
}

}  // namespace

Result<std::vector<KeyStanding>> list_keys(Services& services, const Layout& layout) {
  const Timestamp now = services.clock.now();
  std::vector<KeyStanding> out;
  const auto look = [&](sqlite::Connection& db) -> Status {
    out.clear();
    CORTEX_ASSIGN(const trust::Timelines timelines, store::read_timelines(db));
    CORTEX_ASSIGN(std::vector<store::KeyRow> rows, store::key_rows(db));
    for (store::KeyRow& row : rows) {
      if (out.empty() || out.back().key_id != row.key_id) {
        out.push_back(standing_of(timelines, row.key_id, now));
      }
      out.back().rows.push_back(std::move(row));
    }
    return {};
  };
  CORTEX_TRY(store::inspect(services.fs, layout.db_path, look));
  return out;
}

Result<KeyStanding> show_key(Services& services, const Layout& layout, const KeyName& name) {
  const Timestamp now = services.clock.now();
  CORTEX_ASSIGN(const std::optional<crypto::PublicKey> key, key_of_file(services, name));
  KeyStanding out;
  CORTEX_TRY(store::inspect(services.fs, layout.db_path, [&](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(out, look_up(db, name, key, now));
    return {};
  }));
  return out;
}

json::Value to_json(const KeyStanding& standing) {
  json::Array history;
  for (const store::KeyRow& row : standing.rows) {
    history.emplace_back(json::Object{{"effective_at", row.effective_at},
                                      {"principal_id", row.principal_id},
                                      {"reason", json::or_null(row.reason)},
                                      {"state", trust::key_state_token(row.state)}});
  }
  json::Array reasons;
  for (const std::string_view reason : standing.authority.reasons) reasons.emplace_back(reason);
  const store::KeyRow* last = standing.last();
  const auto tier = standing.authority.evidence.current_tier;
  return json::Object{
      {"entitled_now", standing.authority.valid_now},
      {"history", std::move(history)},
      {"key_id", standing.key_id},
      {"principal_id", last == nullptr ? json::Value(nullptr) : json::Value(last->principal_id)},
      {"public_key", json::or_null(standing.public_key)},
      {"reasons", std::move(reasons)},
      {"registered", last != nullptr},
      {"state",
       last == nullptr ? json::Value(nullptr) : json::Value(trust::key_state_token(last->state))},
      {"trust_tier", tier ? json::Value(trust::tier_token(*tier)) : json::Value(nullptr)}};
}

}  // namespace cortex::app
