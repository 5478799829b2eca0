#include "store/v2_checks.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/join.h"
#include "base/text.h"
#include "base/time.h"
#include "core/ids.h"
#include "crypto/digest.h"
#include "json/value.h"
#include "ledger/chain.h"
#include "sqlite/statement.h"
#include "store/schema_query.h"
#include "store/summary_spans.h"

namespace cortex::store {
namespace {

struct Column {
  std::string_view table;
  std::string_view name;
};
constexpr Column kV2Columns[] = {
    {"events", "source_attestation_json"}, {"episodes", "summary_spans_json"},
    {"memories", "summary_spans_json"},    {"memories", "cross_session_use_count"},
    {"memories", "first_used_at"},         {"memories", "last_cross_session_use_at"},
    {"memories", "last_validation_at"},    {"memories", "validation_epoch"},
    {"memories", "blessed_until"},         {"context_packs", "consumer_advisory_json"}};
constexpr std::string_view kV2Tables[] = {"memory_session_uses", "outcome_memory_relations"};

Result<std::vector<std::string>> missing_parts(sqlite::Connection& db) {
  std::vector<std::string> missing;
  for (const Column& column : kV2Columns) {
    CORTEX_ASSIGN(const bool present, column_exists(db, column.table, column.name));
    if (!present) missing.push_back(cat(column.table, ".", column.name));
  }
  for (const std::string_view table : kV2Tables) {
    CORTEX_ASSIGN(const bool present, object_exists(db, "table", table));
    if (!present) missing.emplace_back(table);
  }
  return missing;
}

// Why the row that `row` stands on is not sound, or empty. Column 0 names it.
using RowRule = std::string (*)(sqlite::Statement& row);

struct Check {
  std::string_view invariant;  // behind "schema_v2_default_persistence."
  std::string_view select;
  RowRule rule;
};

std::optional<json::Value> object_in(sqlite::Statement& row, int column) {
  auto value = json::parse(row.column_text(column));
  if (!value.ok() || value->as_object() == nullptr) return std::nullopt;
  return std::move(value).value();
}

std::string any_row(sqlite::Statement&) { return "has no source attestation"; }

std::string attestation_rule(sqlite::Statement& row) {
  const auto value = object_in(row, 1);
  const std::string* state = value ? value->find_text("state") : nullptr;
  if (state == nullptr) return "has an attestation that is none";
  const json::Value* inner = value->find("value");
  if (*state == "verified") {
    return inner != nullptr && inner->as_object() != nullptr ? "" : "has no attestation object";
  }
  if (*state == "legacy_unattested") {
    const bool whole = inner != nullptr && inner->find_text("imported_at") != nullptr &&
                       inner->find_text("original_recorded_at") != nullptr;
    return whole ? "" : "has a legacy attestation without its times";
  }
  return *state == "missing" ? "" : cat("has an attestation in state ", quoted(*state));
}

std::string spans_rule(sqlite::Statement& row) {
  std::vector<SummarySpan> spans;
  const auto value = json::parse(row.column_text(1));
  if (!value.ok() || !read_spans(*value, spans)) return "has summary spans that are none";
  if (row.is_null(2)) return "";  // of a memory: its shape only
  return std::string(span_failure(row.column_text(2), spans));
}

std::string advisory_rule(sqlite::Statement& row) {
  const auto value = object_in(row, 1);
  if (!value) return "has an advisory that is none";
  const json::Value* flags = value->find("flags");
  const bool whole = value->find_text("render_trust") != nullptr &&
                     value->find_text("execution_trust") != nullptr &&
                     value->find_text("advisory_text") != nullptr && flags != nullptr &&
                     flags->as_array() != nullptr;
  return whole ? "" : "has an advisory that lacks members";
}

bool is_time(sqlite::Statement& row, int column) {
  return parse_strict_rfc3339(row.column_text(column)).has_value();
}

std::string salience_rule(sqlite::Statement& row) {
  for (int column = 1; column <= 4; ++column) {
    if (!row.is_null(column) && !is_time(row, column)) return "has a time that is none";
  }
  return row.is_null(5) || row.is_null(6) ? "has no use count or no validation epoch" : "";
}

std::string session_use_rule(sqlite::Statement& row) {
  if (!core::parse_id(core::IdKind::kMemory, row.column_text(0))) return "is no memory id";
  if (is_blank(row.column_text(1))) return "is used by a session without a name";
  if (row.column_int(2) <= 0) return "has a use count of 0";
  const auto first = parse_strict_rfc3339(row.column_text(3));
  const auto last = parse_strict_rfc3339(row.column_text(4));
  if (!first || !last) return "has a time of use that is none";
  return *last < *first ? "was last used before it was first used" : "";
}

std::string relation_rule(sqlite::Statement& row) {
  constexpr std::array<std::string_view, 5> kRelations = {"validated", "used", "contradicted",
                                                          "superseded", "rejected"};
  if (!core::parse_id(core::IdKind::kMemory, row.column_text(0))) return "is no memory id";
  if (is_blank(row.column_text(1))) return "has an outcome without a reference";
  const std::string_view relation = row.column_text(2);
  if (std::ranges::find(kRelations, relation) == kRelations.end()) {
    return cat("has an outcome relation ", quoted(relation));
  }
  const bool scoped = !row.is_null(3) && !row.is_null(4) && !row.is_null(5);
  const bool bare = row.is_null(3) && row.is_null(4) && row.is_null(5);
  if (relation == "validated") return scoped ? "" : "is validated without scope and principal";
  return bare ? "" : "has a validation scope without being validated";
}

std::string framing_rule(sqlite::Statement& row) {
  const std::string payload_hash(row.column_text(2));
  if (crypto::blake3_hex(row.column_text(1)) != payload_hash) {
    return "has a payload hash that does not recompute";
  }
  std::optional<std::string> prev;
  if (!row.is_null(3)) prev = std::string(row.column_text(3));
  return ledger::event_hash(prev, payload_hash) == row.column_text(4)
             ? ""
             : "has an event hash that does not recompute";
}

constexpr Check kChecks[] = {
    {"source_attestation.present",
     "SELECT id FROM events WHERE source_attestation_json IS NULL LIMIT 1", any_row},
    {"source_attestation.valid",
     "SELECT id, source_attestation_json FROM events WHERE source_attestation_json IS NOT NULL",
     attestation_rule},
    {"summary_spans.valid",
     "SELECT id, coalesce(summary_spans_json, 'null'), summary FROM episodes UNION ALL"
     " SELECT id, coalesce(summary_spans_json, 'null'), NULL FROM memories",
     spans_rule},
    {"context_pack_advisory.valid",
     "SELECT id, coalesce(consumer_advisory_json, 'null') FROM context_packs", advisory_rule},
    {"cross_session_salience.valid",
     "SELECT id, first_used_at, last_cross_session_use_at, last_validation_at, blessed_until,"
     " cross_session_use_count, validation_epoch FROM memories",
     salience_rule},
    {"memory_session_uses.valid",
     "SELECT memory_id, session_id, use_count, first_used_at, last_used_at"
     " FROM memory_session_uses",
     session_use_rule},
    {"outcome_memory_relations.valid",
     "SELECT memory_id, outcome_ref, relation, validation_scope, validating_principal_id,"
     " evidence_ref FROM outcome_memory_relations",
     relation_rule},
    {"event_framing.valid",
     "SELECT id, payload_json, payload_hash, prev_event_hash, event_hash FROM events"
     " WHERE schema_version = 2",
     framing_rule},
};

Status run_check(sqlite::Connection& db, const Check& check, std::vector<SchemaFailure>& failures) {
  CORTEX_ASSIGN(auto row, db.prepare(check.select));
  for (;;) {
    CORTEX_ASSIGN(const bool found, row.step());
    if (!found) return {};
    const std::string why = check.rule(row);
    if (why.empty()) continue;
    failures.push_back({cat("schema_v2_default_persistence.", check.invariant),
                        cat(printable(row.column_text(0)), " ", why)});
    return {};
  }
}

}  // namespace

Result<std::vector<SchemaFailure>> check_v2_shape(sqlite::Connection& db) {
  CORTEX_ASSIGN(const auto missing, missing_parts(db));
  std::vector<SchemaFailure> failures;
  if (!missing.empty() && missing.size() < std::size(kV2Columns) + std::size(kV2Tables)) {
    failures.push_back({"schema_v2_expand_shape.complete",
                        cat("parts of migration 003 are missing: ", join(missing, ", "))});
  }
  return failures;
}

Result<std::vector<SchemaFailure>> check_v2_persistence(sqlite::Connection& db) {
  std::vector<SchemaFailure> failures;
  CORTEX_ASSIGN(const auto missing, missing_parts(db));
  if (!missing.empty()) {
    failures.push_back({"schema_v2_default_persistence.s2_9_shape.complete",
                        cat("missing: ", join(missing, ", "))});
    return failures;
  }
  for (const Check& check : kChecks) CORTEX_TRY(run_check(db, check, failures));
  return failures;
}

}  // namespace cortex::store
