#include "store/timelines.h"

#include <set>
#include <utility>

#include "base/text.h"
#include "store/schema_query.h"

namespace cortex::store {
namespace {

Result<std::optional<Timestamp>> time_column(const sqlite::Statement& row, int column) {
  if (row.is_null(column)) return std::optional<Timestamp>();
  const auto time = parse_strict_rfc3339(row.column_text(column));
  if (time) return time;
  return make_error(Code::kIntegrity, cat("the authority timeline has a time that is none: ",
                                          quoted(row.column_text(column))));
}

Result<trust::Tier> tier_column(const sqlite::Statement& row, int column) {
  const auto tier = trust::parse_tier(row.column_text(column));
  if (tier) return *tier;
  return make_error(Code::kIntegrity, cat("the authority timeline has an unknown trust tier ",
                                          quoted(row.column_text(column))));
}

Result<trust::KeyState> state_column(const sqlite::Statement& row, int column) {
  const auto state = trust::parse_key_state(row.column_text(column));
  if (state) return *state;
  return make_error(Code::kIntegrity, cat("the authority timeline has an unknown key state ",
                                          quoted(row.column_text(column))));
}

std::optional<std::string> text_or_null(const sqlite::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return std::string(row.column_text(column));
}

Error taken(std::string_view what, std::string_view id, std::string_view at) {
  Error error = make_error(Code::kPrecondition, cat("the authority timeline has another row for ",
                                                    what, " ", quoted(id), " at ", at));
  error.unchanged = "no state was changed";
  return error;
}

// Runs an INSERT that ignores conflicts, then sees whether the row is what it should be.
Status insert_or_same(sqlite::Connection& db, sqlite::Statement insert, sqlite::Statement same,
                      Error conflict) {
  CORTEX_TRY(insert.run());
  if (db.changes() == 1) return {};
  CORTEX_ASSIGN(const bool identical, same.step());
  if (identical) return {};
  return conflict;
}

}  // namespace

Result<bool> has_key_row(sqlite::Connection& db, std::string_view key_id,
                         std::string_view effective_at) {
  CORTEX_ASSIGN(auto select, db.prepare("SELECT 1 FROM authority_key_timeline WHERE key_id = ?1"
                                        " AND effective_at = ?2"));
  CORTEX_TRY(select.bind_all(key_id, effective_at));
  return select.step();
}

namespace {

Result<Timestamp> required_time(const sqlite::Statement& row, int column) {
  CORTEX_ASSIGN(const std::optional<Timestamp> time, time_column(row, column));
  if (time) return *time;
  return make_error(Code::kIntegrity, "the authority timeline has a row without a time");
}

// ?1: a key, or NULL for all of them and all principals.
constexpr std::string_view kKeys =
    "SELECT key_id, principal_id, state, effective_at, reason FROM authority_key_timeline"
    " WHERE ?1 IS NULL OR key_id = ?1";
constexpr std::string_view kPrincipals =
    "SELECT trust_tier, effective_at, removed_at, trust_review_due_at, principal_id"
    " FROM authority_principal_timeline WHERE ?1 IS NULL OR principal_id IN"
    " (SELECT principal_id FROM authority_key_timeline WHERE key_id = ?1)";

using OneKey = std::optional<std::string_view>;

Status read_keys(sqlite::Connection& db, OneKey key_id, trust::Timelines& out) {
  CORTEX_ASSIGN(auto row, db.prepare(kKeys));
  CORTEX_TRY(row.bind(1, key_id));
  for (;;) {
    CORTEX_ASSIGN(const bool found, row.step());
    if (!found) return {};
    CORTEX_ASSIGN(const trust::KeyState state, state_column(row, 2));
    CORTEX_ASSIGN(const Timestamp effective_at, required_time(row, 3));
    out.add_key(std::string(row.column_text(0)),
                {std::string(row.column_text(1)), state, effective_at});
  }
}

Status read_principals(sqlite::Connection& db, OneKey key_id, trust::Timelines& out) {
  CORTEX_ASSIGN(auto row, db.prepare(kPrincipals));
  CORTEX_TRY(row.bind(1, key_id));
  for (;;) {
    CORTEX_ASSIGN(const bool found, row.step());
    if (!found) return {};
    trust::PrincipalEntry entry;
    CORTEX_ASSIGN(entry.tier, tier_column(row, 0));
    CORTEX_ASSIGN(entry.effective_at, required_time(row, 1));
    CORTEX_ASSIGN(entry.removed_at, time_column(row, 2));
    CORTEX_ASSIGN(entry.review_due_at, time_column(row, 3));
    out.add_principal(std::string(row.column_text(4)), entry);
  }
}

Status read_bindings(sqlite::Connection& db, trust::Timelines& out) {
  CORTEX_ASSIGN(const bool present, object_exists(db, "table", "cortex_authority_keys"));
  if (!present) return {};
  CORTEX_ASSIGN(auto row, db.prepare("SELECT key_id, public_key FROM cortex_authority_keys"));
  for (;;) {
    CORTEX_ASSIGN(const bool found, row.step());
    if (!found) return {};
    out.bind(std::string(row.column_text(0)), std::string(row.column_text(1)));
  }
}

}  // namespace

Result<std::vector<KeyRow>> key_rows(sqlite::Connection& db,
                                     std::optional<std::string_view> key_id) {
  std::vector<KeyRow> out;
  CORTEX_ASSIGN(const bool present, object_exists(db, "table", "authority_key_timeline"));
  if (!present) return out;
  CORTEX_ASSIGN(auto row, db.prepare(cat(kKeys, " ORDER BY key_id, effective_at, state")));
  CORTEX_TRY(row.bind(1, key_id));
  for (;;) {
    CORTEX_ASSIGN(const bool found, row.step());
    if (!found) return out;
    CORTEX_ASSIGN(const trust::KeyState state, state_column(row, 2));
    out.push_back({std::string(row.column_text(0)), std::string(row.column_text(1)), state,
                   std::string(row.column_text(3)), text_or_null(row, 4)});
  }
}

Result<std::optional<PrincipalRow>> last_principal_row(sqlite::Connection& db,
                                                       std::string_view principal_id) {
  CORTEX_ASSIGN(auto row,
                db.prepare("SELECT trust_tier, effective_at, trust_review_due_at, removed_at FROM"
                           " authority_principal_timeline WHERE principal_id = ?1"
                           " ORDER BY effective_at DESC LIMIT 1"));
  CORTEX_TRY(row.bind(1, principal_id));
  CORTEX_ASSIGN(const bool found, row.step());
  if (!found) return std::optional<PrincipalRow>();
  CORTEX_ASSIGN(const trust::Tier tier, tier_column(row, 0));
  return std::optional(PrincipalRow{std::string(principal_id), tier,
                                    std::string(row.column_text(1)), text_or_null(row, 2),
                                    text_or_null(row, 3)});
}

Result<std::vector<std::string>> ids_bound_to(sqlite::Connection& db,
                                              std::string_view public_key_hex) {
  std::vector<std::string> out;
  CORTEX_ASSIGN(const bool present, object_exists(db, "table", "cortex_authority_keys"));
  if (!present) return out;
  CORTEX_ASSIGN(auto row, db.prepare("SELECT key_id FROM cortex_authority_keys WHERE"
                                     " public_key = ?1 ORDER BY key_id"));
  CORTEX_TRY(row.bind(1, public_key_hex));
  for (;;) {
    CORTEX_ASSIGN(const bool found, row.step());
    if (!found) return out;
    out.emplace_back(row.column_text(0));
  }
}

Result<trust::Timelines> read_timelines(sqlite::Connection& db) {
  trust::Timelines out;
  CORTEX_ASSIGN(const bool present, object_exists(db, "table", "authority_key_timeline"));
  if (!present) return out;
  CORTEX_TRY(read_keys(db, std::nullopt, out));
  CORTEX_TRY(read_principals(db, std::nullopt, out));
  CORTEX_TRY(read_bindings(db, out));
  return out;
}

namespace {

Status read_one(sqlite::Connection& db, std::string_view key_id, trust::Timelines& out) {
  CORTEX_TRY(read_keys(db, key_id, out));
  return read_principals(db, key_id, out);
}

// The key under every id that is bound to its public key, `key_id` itself included.
Status read_names(sqlite::Connection& db, std::string_view key_id, trust::Timelines& out) {
  CORTEX_ASSIGN(const auto bound, bound_public_key(db, key_id));
  const std::string public_key = bound.value_or(std::string(key_id));
  CORTEX_ASSIGN(const std::vector<std::string> ids, ids_bound_to(db, public_key));
  for (const std::string& id : ids) out.bind(id, public_key);
  std::set<std::string> names(ids.begin(), ids.end());
  names.insert({public_key, std::string(key_id)});
  for (const std::string& name : names) CORTEX_TRY(read_one(db, name, out));
  return {};
}

}  // namespace

Result<trust::KeyEvidence> key_evidence(sqlite::Connection& db, std::string_view key_id,
                                        Timestamp event_time, Timestamp now) {
  trust::Timelines timelines;
  CORTEX_ASSIGN(const bool present, object_exists(db, "table", "authority_key_timeline"));
  if (present) CORTEX_TRY(read_names(db, key_id, timelines));
  return timelines.evidence(key_id, event_time, now);
}

Status add_key_row(sqlite::Connection& db, const KeyRow& row) {
  CORTEX_ASSIGN(auto insert, db.prepare("INSERT INTO authority_key_timeline(key_id, principal_id,"
                                        " state, effective_at, reason) VALUES(?1, ?2, ?3, ?4, ?5)"
                                        " ON CONFLICT DO NOTHING"));
  CORTEX_ASSIGN(auto same, db.prepare("SELECT 1 FROM authority_key_timeline WHERE key_id = ?1 AND"
                                      " principal_id = ?2 AND state = ?3 AND effective_at = ?4 AND"
                                      " reason IS ?5"));
  const auto state = trust::key_state_token(row.state);
  for (sqlite::Statement* statement : {&insert, &same}) {
    CORTEX_TRY(
        statement->bind_all(row.key_id, row.principal_id, state, row.effective_at, row.reason));
  }
  return insert_or_same(db, std::move(insert), std::move(same),
                        taken("key", row.key_id, row.effective_at));
}

Status add_principal_row(sqlite::Connection& db, const PrincipalRow& row) {
  CORTEX_ASSIGN(auto insert,
                db.prepare("INSERT INTO authority_principal_timeline(principal_id, trust_tier,"
                           " effective_at, trust_review_due_at, removed_at)"
                           " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING"));
  CORTEX_ASSIGN(auto same,
                db.prepare("SELECT 1 FROM authority_principal_timeline WHERE principal_id = ?1 AND"
                           " trust_tier = ?2 AND effective_at = ?3 AND trust_review_due_at IS ?4"
                           " AND removed_at IS ?5"));
  const auto tier = trust::tier_token(row.tier);
  for (sqlite::Statement* statement : {&insert, &same}) {
    CORTEX_TRY(statement->bind_all(row.principal_id, tier, row.effective_at,
                                   row.trust_review_due_at, row.removed_at));
  }
  return insert_or_same(db, std::move(insert), std::move(same),
                        taken("principal", row.principal_id, row.effective_at));
}

Result<std::optional<std::string>> bound_public_key(sqlite::Connection& db,
                                                    std::string_view key_id) {
  CORTEX_ASSIGN(const bool present, object_exists(db, "table", "cortex_authority_keys"));
  if (!present) return std::optional<std::string>();
  CORTEX_ASSIGN(auto select,
                db.prepare("SELECT public_key FROM cortex_authority_keys WHERE key_id = ?1"));
  CORTEX_TRY(select.bind(1, key_id));
  CORTEX_ASSIGN(const bool found, select.step());
  if (!found) return std::optional<std::string>();
  return std::optional<std::string>(select.column_text(0));
}

Status bind_public_key(sqlite::Connection& db, std::string_view key_id,
                       std::string_view public_key_hex, std::string_view bound_at) {
  CORTEX_ASSIGN(const auto bound, bound_public_key(db, key_id));
  if (bound == public_key_hex) return {};
  if (bound) {
    return make_error(Code::kPrecondition,
                      cat("key id ", quoted(key_id), " belongs to another public key, ", *bound),
                      "no state was changed", "register the new key under an id of its own");
  }
  CORTEX_ASSIGN(auto insert, db.prepare("INSERT INTO cortex_authority_keys(key_id, public_key,"
                                        " bound_at) VALUES(?1, ?2, ?3)"));
  CORTEX_TRY(insert.bind_all(key_id, public_key_hex, bound_at));
  return insert.run();
}

}  // namespace cortex::store
