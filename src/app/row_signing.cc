#include "app/row_signing.h"

#include <utility>
#include <vector>

#include "base/fixed_bytes.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/key_file.h"
#include "json/value.h"
#include "store/open.h"
#include "store/timelines.h"
#include "trust/timeline.h"

namespace cortex::app {

Result<std::optional<std::string>> sign_rows(Services& services, const Layout& layout,
                                             ledger::AppendLog& log) {
  if (!layout.signing_seed) return std::optional<std::string>();
  CORTEX_ASSIGN(crypto::SigningKey key,
                crypto::read_signing_key(services.fs, *layout.signing_seed));
  std::string key_id = key.key_id();
  CORTEX_TRY(log.sign_with(std::move(key), services.clock));
  return std::optional(std::move(key_id));
}

Result<trust::Authority> signer_authority(sqlite::Connection& db, const std::string& key_id,
                                          Timestamp now) {
  CORTEX_ASSIGN(trust::KeyEvidence evidence, store::key_evidence(db, key_id, now, now));
  return trust::revalidate(std::move(evidence), trust::Tier::kVerified);
}

bool is_signed_by(std::string_view key_id, std::string_view signature, std::string_view message) {
  const auto key = fixed_bytes<crypto::PublicKey>(from_hex(key_id));
  const auto bytes = fixed_bytes<crypto::Signature>(from_base64(signature));
  return key && bytes && crypto::check_public_key(*key).ok() &&
         crypto::verify(*key, message, *bytes);
}

Result<std::string> key_standing(sqlite::Connection& db, const std::string& key_id) {
  CORTEX_ASSIGN(std::vector<std::string> names, store::ids_bound_to(db, key_id));
  names.push_back(key_id);
  json::Array rows;
  for (const std::string& name : names) {
    CORTEX_ASSIGN(const std::vector<store::KeyRow> of_name, store::key_rows(db, name));
    for (const store::KeyRow& row : of_name) {
      rows.emplace_back(json::Array{row.key_id, row.principal_id, trust::key_state_token(row.state),
                                    row.effective_at});
    }
  }
  return crypto::blake3_hex(json::write_compact(std::move(rows)));
}

Status check_signer(Services& services, sqlite::Connection& db,
                    const std::optional<std::string>& key_id) {
  if (!key_id) return {};
  CORTEX_ASSIGN(const trust::Authority authority,
                signer_authority(db, *key_id, services.clock.now()));
  if (authority.outcome() == trust::Outcome::kAllow) return {};
  return make_error(Code::kPrecondition,
                    cat("the key ", *key_id, " may not sign rows: ", authority.joined_reasons()),
                    "nothing was written",
                    "see `cortex key list`; register it with `cortex key register`",
                    kSignerNotEntitledToken);
}

Result<std::optional<std::string>> sign_entitled(Services& services, const Layout& layout,
                                                 ledger::AppendLog& log) {
  CORTEX_ASSIGN(const std::optional<std::string> signer, sign_rows(services, layout, log));
  if (!signer) return signer;
  CORTEX_TRY(store::inspect(services.fs, layout.db_path, [&](sqlite::Connection& db) -> Status {
    return check_signer(services, db, signer);
  }));
  return signer;
}

}  // namespace cortex::app
