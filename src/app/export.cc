#include "app/export.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/checked_store.h"
#include "base/text.h"
#include "sqlite/transaction.h"
#include "store/memory_history.h"
#include "store/plain_rows.h"
#include "trust/semantic.h"

namespace cortex::app {
namespace {

constexpr std::string_view kMemory = "memory";
constexpr ExportKind kKinds[] = {
    {"trace", "traces"},
    {"episode", "episodes", "id", "summary"},
    {kMemory, "memories", "id", "claim"},
    {"contradiction", "contradictions", "id", "interpretation"},
    {"principle", "principles", "id", "statement"},
    {"doctrine", "doctrine", "id", "rule"},
    {"use", "memory_session_uses", "memory_id, session_id"},
    {"outcome", "outcome_memory_relations", "outcome_ref, memory_id, relation", "",
     "source_event_id"},
    {"outcome_report", "cortex_outcomes", "event_id", "note"},
    {"precedence", "cortex_precedence", "contradiction_id", "reason"},
    {"decay_job", "decay_jobs"},
    {"decay_lease", "cortex_decay_jobs", "job_id"},
    {"memory_supersession", "memory_supersessions", "source_memory_id, summary_memory_id"},
    {"episode_supersession", "episode_supersessions", "source_episode_id, summary_memory_id"},
    {"context_pack", "context_packs", "id", "task"},
    {"audit_record", "audit_records", "id", "reason"},
};

constexpr std::string_view kJsonHeader = "{\"cortex_export\":1}\n";
constexpr std::string_view kMarkdownHeader =
    "<!-- cortex-export 1 -->\n"
    "# What Cortex remembers\n\n"
    "The comments hold every row in full; `cortex session import FILE --as-is` reads them.\n";

// The row as one line of JSON, members sorted.
std::string line_of(std::string_view kind, json::Object row, const store::ValidTime& valid) {
  json::Object line{{"kind", kind}, {"row", std::move(row)}};
  if (valid.from) line.add(std::string(kValidFrom), *valid.from);
  if (valid.until) line.add(std::string(kValidUntil), *valid.until);
  return json::canonical(std::move(line));
}

// What the history of a memory says beside its row.
struct ToldBeside {
  store::ValidTime valid;  // of the last version
  bool noted_by_agent = false;
};

// The histories, asked for in ascending order of ids. One query for all.
class Histories {
 public:
  static Result<Histories> begin(sqlite::Connection& db) {
    // The other columns are those of the row with the highest seq: SQLite says so.
    CORTEX_ASSIGN(auto rows,
                  db.prepare(cat("SELECT memory_id, valid_from, valid_until, max(seq), total(",
                                 store::kNotedByAgentSql,
                                 ") FROM cortex_memory_history GROUP BY memory_id"
                                 " ORDER BY memory_id")));
    return Histories(std::move(rows));
  }
  Result<ToldBeside> of(std::string_view id) {
    while (!at_row_ || rows_.column_text(0) < id) {
      if (is_over_) return ToldBeside();
      CORTEX_ASSIGN(at_row_, rows_.step());
      is_over_ = !at_row_;
    }
    if (rows_.column_text(0) != id) return ToldBeside();
    return ToldBeside{{text(1), text(2)}, rows_.column_double(4) > 0};
  }

 private:
  explicit Histories(sqlite::Statement rows) : rows_(std::move(rows)) {}
  std::optional<std::string> text(int column) const {
    if (rows_.is_null(column)) return std::nullopt;
    return std::string(rows_.column_text(column));
  }

  sqlite::Statement rows_;
  bool at_row_ = false, is_over_ = false;
};

// No comment ends inside of it: ">" stands in strings only, where it may be escaped.
std::string comment_of(std::string_view json) {
  std::string out = "<!-- cortex ";
  for (const char c : json) {
    if (c == '>') {
      out += "\\u003e";
    } else {
      out += c;
    }
  }
  return cat(out, " -->\n");
}

// What people read: the text of the row, each line quoted, and its state.
std::string prose_of(const ExportKind& kind, const json::Object& row) {
  std::string name;
  for (const std::string& part : export_key(kind, row).value_or(std::vector<std::string>())) {
    name += cat(name.empty() ? "" : " ", part);
  }
  std::string out = cat("\n## ", printable(name), "\n\n");
  const std::string text = kind.text.empty() ? name : store::text_of(row, kind.text);
  for (const std::string_view line : split(text, '\n')) out += cat("> ", printable(line), "\n");
  const std::string status = store::text_of(row, "status");
  if (!status.empty()) out += cat("\n", kind.kind, ", ", printable(status), "\n");
  return out + "\n";
}

class Exporter {
 public:
  Exporter(ExportFormat format, const TextSink& sink) : format_(format), sink_(sink) {}

  Status begin() { return put(format_ == ExportFormat::kMarkdown ? kMarkdownHeader : kJsonHeader); }

  Status row(const ExportKind& kind, json::Object&& row, const store::ValidTime& valid) {
    ++report_.rows[std::string(kind.kind)];
    const std::string prose =
        format_ == ExportFormat::kMarkdown ? prose_of(kind, row) : std::string();
    const std::string line = line_of(kind.kind, std::move(row), valid);
    return put(prose.empty() ? cat(line, "\n") : cat(prose, comment_of(line)));
  }

  const StoreExportReport& report() const { return report_; }

 private:
  Status put(std::string_view text) {
    report_.bytes += text.size();
    return sink_(text);
  }

  ExportFormat format_;
  const TextSink& sink_;
  StoreExportReport report_;
};

}  // namespace

const ExportKind* find_export_kind(std::string_view kind) {
  const auto* row = std::ranges::find(kKinds, kind, &ExportKind::kind);
  return row == std::end(kKinds) ? nullptr : row;
}

std::optional<std::vector<std::string>> export_key(const ExportKind& kind,
                                                   const json::Object& row) {
  std::vector<std::string> key;
  for (const std::string_view column : split(kind.key, ',')) {
    auto part = store::maybe_text_of(row, trim(column));
    if (!part || part->empty()) return std::nullopt;
    key.push_back(*std::move(part));
  }
  return key;
}

Result<StoreExportReport> export_store(Services& services, const Layout& layout,
                                       ExportFormat format, const TextSink& sink) {
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kDeferred));
  Exporter exporter(format, sink);
  CORTEX_TRY(exporter.begin());
  CORTEX_ASSIGN(Histories histories, Histories::begin(db));
  for (const ExportKind& kind : kKinds) {
    const std::string order = cat("ORDER BY ", kind.key);
    CORTEX_TRY(store::each_row(db, kind.table, order, [&](json::Object&& row) -> Status {
      ToldBeside beside;
      if (kind.kind == kMemory) {
        CORTEX_ASSIGN(beside, histories.of(store::text_of(row, "id")));
      }
      // Whoever takes the row over has no history that says who it was.
      if (beside.noted_by_agent) row.set("authority", std::string(trust::kAgentAuthority));
      return exporter.row(kind, std::move(row), beside.valid);
    }));
  }
  transaction.rollback();
  return exporter.report();
}

json::Value to_json(const StoreExportReport& report) {
  json::Object rows;
  for (const auto& [kind, count] : report.rows) rows.add(kind, count);
  return json::Object{{"bytes", report.bytes}, {"rows", std::move(rows)}};
}

}  // namespace cortex::app
