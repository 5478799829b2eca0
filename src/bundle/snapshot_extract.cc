// A snapshot from the tables of a store.
#include <cmath>
#include <utility>

#include "base/text.h"
#include "bundle/snapshot.h"
#include "sqlite/transaction.h"
#include "store/open.h"
#include "store/schema_check.h"

namespace cortex::bundle {
namespace {

Error unreadable(std::string_view table, std::string_view id, std::string_view why) {
  return make_error(Code::kPrecondition, cat("row ", quoted(id), " of `", table, "` ", why),
                    "no state was changed", "look at the store with `cortex doctor --deep`");
}

// Runs `on_row` for every row.
template <class OnRow>
Status each_row(sqlite::Connection& db, std::string_view sql, OnRow on_row) {
  CORTEX_ASSIGN(auto rows, db.prepare(sql));
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return {};
    CORTEX_TRY(on_row(rows));
  }
}

std::string text(const sqlite::Statement& row, int column) {
  return std::string(row.column_text(column));
}

Status read_principles(sqlite::Connection& db, Snapshot& out) {
  return each_row(db,
                  "SELECT id, statement, supporting_memories_json FROM principles"
                  " WHERE status IN ('active', 'promoted_to_doctrine')",
                  [&out](const sqlite::Statement& row) -> Status {
                    PrincipleState principle{.title = text(row, 1)};
                    const auto support = json::parse(row.column_text(2));
                    const json::Array* list = support.ok() ? support->as_array() : nullptr;
                    if (list == nullptr) {
                      return unreadable("principles", row.column_text(0),
                                        "has supporting memories that are no list");
                    }
                    for (const json::Value& element : *list) {
                      if (const auto* id = element.as_string()) {
                        principle.supporting_memory_ids.insert(*id);
                      }
                    }
                    out.principles.insert_or_assign(text(row, 0), std::move(principle));
                    return {};
                  });
}

Status read_doctrine(sqlite::Connection& db, Snapshot& out) {
  return each_row(db, "SELECT id, rule, source_principle, force FROM doctrine",
                  [&out](const sqlite::Statement& row) -> Status {
                    // The word in lower case, or with its first letter in upper case.
                    std::string word = text(row, 3);
                    if (!word.empty()) word.front() = to_lower_ascii(word.substr(0, 1)).front();
                    const auto force = from_word<Force>(word);
                    if (!force) {
                      return unreadable("doctrine", row.column_text(0), "has an unknown force");
                    }
                    out.doctrine.insert_or_assign(text(row, 0),
                                                  DoctrineState{.rule = text(row, 1),
                                                                .source_principle_id = text(row, 2),
                                                                .force = *force});
                    return {};
                  });
}

TruthState truth_of(std::string_view authority) {
  struct Row {
    std::string_view authority;
    TruthState truth;
  };
  constexpr Row kRows[] = {
      {"verified", TruthState::kValidated}, {"operator", TruthState::kValidated},
      {"candidate", TruthState::kActive},   {"runtime", TruthState::kActive},
      {"user", TruthState::kActive},        {"derived", TruthState::kActive},
  };
  for (const Row& row : kRows) {
    if (row.authority == authority) return row.truth;
  }
  return TruthState::kUnknown;
}

// Hundredths of the number at `score`, 0 when there is none. Nullopt: no JSON.
std::optional<std::uint64_t> salience_of(std::string_view salience_json) {
  const auto parsed = json::parse(salience_json);
  if (!parsed.ok()) return std::nullopt;
  const json::Value* score = parsed->find("score");
  const json::Number* number = score == nullptr ? nullptr : score->as_number();
  if (number == nullptr) return 0;
  const double value = json::to_double(*number);
  if (value <= 0.0) return 0;
  return value >= 1.0 ? 100 : static_cast<std::uint64_t>(std::round(value * 100.0));
}

void count_salience(std::uint64_t salience, SalienceDistribution& out) {
  if (salience >= 90) {
    ++out.critical;
  } else if (salience >= 75) {
    ++out.high;
  } else if (salience >= 25) {
    ++out.medium;
  } else {
    ++out.low;
  }
}

Status read_memories(sqlite::Connection& db, Snapshot& out) {
  return each_row(
      db,
      "SELECT id, claim, memory_type, authority, salience_json FROM memories"
      " WHERE status = 'active'",
      [&out](const sqlite::Statement& row) -> Status {
        const auto salience = salience_of(row.column_text(4));
        if (!salience) {
          return unreadable("memories", row.column_text(0), "has a salience that cannot be read");
        }
        MemoryState memory{
            .claim = text(row, 1),
            .memory_type =
                from_word<MemoryType>(row.column_text(2)).value_or(MemoryType::kSemantic),
            .claim_key = std::nullopt,
            .truth_state = truth_of(row.column_text(3)),
            .salience = *salience};
        count_salience(*salience, out.salience);
        out.memories.insert_or_assign(text(row, 0), std::move(memory));
        return {};
      });
}

Status read_contradictions(sqlite::Connection& db, Snapshot& out) {
  return each_row(db,
                  "SELECT id, left_ref, right_ref, contradiction_type FROM contradictions"
                  " WHERE status = 'unresolved'",
                  [&out](const sqlite::Statement& row) -> Status {
                    out.contradictions.insert_or_assign(
                        text(row, 0),
                        ContradictionState{.claim_key = cat(text(row, 1), '|', text(row, 2)),
                                           .memory_ids = {text(row, 1), text(row, 2)},
                                           .reason = text(row, 3)});
                    return {};
                  });
}

// Each principal's row with the greatest time, compared as text.
Status read_principals(sqlite::Connection& db, Snapshot& out) {
  return each_row(db,
                  "SELECT principal_id, trust_tier FROM authority_principal_timeline"
                  " ORDER BY principal_id, effective_at",
                  [&out](const sqlite::Statement& row) -> Status {
                    const auto tier = from_word<TrustTier>(row.column_text(1));
                    if (!tier) {
                      return unreadable("authority_principal_timeline", row.column_text(0),
                                        "has an unknown trust tier");
                    }
                    out.principals[text(row, 0)].trust_tier = *tier;
                    return {};
                  });
}

// Of the rows at a key's greatest time all add the key to their principal, the last in the order of
// states counts.
Status read_keys(sqlite::Connection& db, Snapshot& out) {
  return each_row(
      db,
      "SELECT key_id, principal_id, state FROM authority_key_timeline AS k WHERE effective_at ="
      " (SELECT max(effective_at) FROM authority_key_timeline WHERE key_id = k.key_id)"
      " ORDER BY key_id, state",
      [&out](const sqlite::Statement& row) -> Status {
        const auto state = from_word<KeyState>(row.column_text(2));
        if (!state) {
          return unreadable("authority_key_timeline", row.column_text(0), "has an unknown state");
        }
        out.keys.insert_or_assign(text(row, 0), KeyRecord{text(row, 1), *state});
        out.principals[text(row, 1)].key_ids.insert(text(row, 0));
        return {};
      });
}

Status read_version(sqlite::Connection& db, Snapshot& out) {
  return each_row(db,
                  "SELECT max(v) FROM (SELECT max(schema_version) AS v FROM events"
                  " UNION ALL SELECT max(schema_version) FROM traces)",
                  [&out](const sqlite::Statement& row) -> Status {
                    if (row.is_null(0)) return {};
                    out.schema_version = static_cast<std::uint64_t>(row.column_int(0));
                    return {};
                  });
}

Error schema_error(const std::string& path, const std::vector<store::SchemaFailure>& failures) {
  std::string lines = cat("the store ", quoted(path),
                          ": a part of its schema is missing or newer than this program");
  for (const auto& failure : failures) lines += cat("\n  ", failure.text());
  return make_error(Code::kSchema, std::move(lines), "no state was changed",
                    "bring it up to date with `cortex doctor --repair`, or use a matching program");
}

}  // namespace

Result<Snapshot> extract_snapshot(sqlite::Connection& db) {
  Snapshot out;
  out.snapshot_id = "store-current";
  using Reader = Status (*)(sqlite::Connection&, Snapshot&);
  constexpr Reader kReaders[] = {read_version,        read_principles, read_doctrine, read_memories,
                                 read_contradictions, read_principals, read_keys};
  for (const Reader reader : kReaders) {
    if (auto status = reader(db, out); !status.ok()) {
      return with_code(std::move(status).error(), Code::kPrecondition);
    }
  }
  return out;
}

Result<Snapshot> snapshot_of_store(fs::FileSystem& fs, const std::string& db_path) {
  Snapshot out;
  Status looked = store::inspect(fs, db_path, [&](sqlite::Connection& db) -> Status {
    // One moment for all tables, also while others write.
    CORTEX_ASSIGN(const auto moment,
                  sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kDeferred));
    CORTEX_ASSIGN(const auto failures, store::check_schema(db));
    if (!failures.empty()) return schema_error(db_path, failures);
    CORTEX_ASSIGN(out, extract_snapshot(db));
    return {};
  });
  if (looked.ok()) return out;
  Error error = std::move(looked).error();
  if (error.code != Code::kSchema) error.code = Code::kPrecondition;
  if (error.unchanged.empty()) error.unchanged = "no state was changed";
  return error;
}

}  // namespace cortex::bundle
