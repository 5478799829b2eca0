// The rule of the operations authority.key.register, .rotate and .revoke: rows of the timelines,
// and the public keys that the ids are bound to.
#include <functional>
#include <utility>

#include "app/keys.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "ledger/signed_row.h"

namespace cortex::app {
namespace {

Result<std::string> member_text(const json::Value& value, std::string_view key) {
  if (const std::string* text = value.find_text(key)) return *text;
  return make_error(Code::kIntegrity, cat("a row of the authority timelines has no ", key));
}

std::optional<std::string> optional_text(const json::Value& value, std::string_view key) {
  const std::string* text = value.find_text(key);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

Status apply_principal(sqlite::Connection& db, const json::Value& value) {
  store::PrincipalRow row;
  CORTEX_ASSIGN(row.principal_id, member_text(value, "principal_id"));
  CORTEX_ASSIGN(const std::string tier, member_text(value, "trust_tier"));
  CORTEX_ASSIGN(row.effective_at, member_text(value, "effective_at"));
  const auto parsed = trust::parse_tier(tier);
  if (!parsed) return make_error(Code::kIntegrity, cat("unknown trust tier ", quoted(tier)));
  row.tier = *parsed;
  return store::add_principal_row(db, row);
}

Status apply_key(sqlite::Connection& db, const json::Value& value) {
  store::KeyRow row;
  CORTEX_ASSIGN(row.key_id, member_text(value, "key_id"));
  CORTEX_ASSIGN(row.principal_id, member_text(value, "principal_id"));
  CORTEX_ASSIGN(const std::string state, member_text(value, "state"));
  CORTEX_ASSIGN(row.effective_at, member_text(value, "effective_at"));
  row.reason = optional_text(value, "reason");
  const auto parsed = trust::parse_key_state(state);
  if (!parsed) return make_error(Code::kIntegrity, cat("unknown key state ", quoted(state)));
  row.state = *parsed;
  return store::add_key_row(db, row);
}

Status apply_each(const store::OperationRow& row, std::string_view member,
                  const std::function<Status(const json::Value&)>& apply) {
  const json::Array* values = row.arg(member).as_array();
  if (values == nullptr) return {};
  for (const json::Value& value : *values) CORTEX_TRY(apply(value));
  return {};
}

// A rotation counts when the old key signed it: whoever can append rows is not enough.
Status check_rotation(const store::OperationRow& row) {
  const auto rotation = ledger::parse_rotation_envelope(row.arg("rotation"));
  const auto fault = rotation ? ledger::rotation_fault(*rotation, rotation->old_key)
                              : std::optional<std::string>("there is none, or it is malformed");
  if (fault) return make_error(Code::kIntegrity, cat("the rotation does not hold: ", *fault));
  const json::Array* bindings = row.arg("bindings").as_array();
  if (bindings != nullptr && bindings->size() == 2) {
    const std::string* from = bindings->front().find_text("public_key");
    const std::string* to = bindings->back().find_text("public_key");
    if (from != nullptr && to != nullptr && *from == crypto::key_id(rotation->old_key) &&
        *to == crypto::key_id(rotation->new_key)) {
      return {};
    }
  }
  return make_error(Code::kIntegrity, "the rotation is one of other keys");
}

}  // namespace

Status apply_key_change(sqlite::Connection& db, const store::OperationRow& row) {
  if (row.name == "authority.key.rotate") CORTEX_TRY(check_rotation(row));
  CORTEX_TRY(apply_each(row, "principals",
                        [&](const json::Value& value) { return apply_principal(db, value); }));
  CORTEX_TRY(
      apply_each(row, "keys", [&](const json::Value& value) { return apply_key(db, value); }));
  const std::string bound_at = format_rfc3339(row.recorded_at, Offset::kPlus00);
  return apply_each(row, "bindings", [&](const json::Value& value) -> Status {
    CORTEX_ASSIGN(const std::string key_id, member_text(value, "key_id"));
    CORTEX_ASSIGN(const std::string public_key, member_text(value, "public_key"));
    return store::bind_public_key(db, key_id, public_key, bound_at);
  });
}

}  // namespace cortex::app
