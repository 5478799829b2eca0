#include "app/export.h"

#include <algorithm>
#include <array>
#include <utility>

#include "app/checked_store.h"
#include "base/text.h"
#include "sqlite/transaction.h"
#include "store/plain_rows.h"

namespace cortex::app {
namespace {

constexpr std::array<ExportKind, 6> kKinds{{{"trace", "traces"},
                                            {"episode", "episodes"},
                                            {"memory", "memories"},
                                            {"contradiction", "contradictions"},
                                            {"principle", "principles"},
                                            {"doctrine", "doctrine"}}};

constexpr std::string_view kJsonHeader = "{\"cortex_export\":1}\n";
constexpr std::string_view kMarkdownHeader =
    "<!-- cortex-export 1 -->\n"
    "# What Cortex remembers\n\n"
    "The comments hold every row in full; `cortex session import FILE --as-is` reads them.\n";

// The row as one line of JSON, members sorted.
std::string line_of(std::string_view kind, json::Object row) {
  return json::canonical(json::Object{{"kind", kind}, {"row", std::move(row)}});
}

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
std::string prose_of(std::string_view kind, const json::Object& row) {
  std::string_view column = "id";
  for (const auto& [of, text] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"memory", "claim"},
           {"episode", "summary"},
           {"principle", "statement"},
           {"doctrine", "rule"},
           {"contradiction", "interpretation"}}) {
    if (of == kind) column = text;
  }
  std::string out = cat("\n## ", printable(store::text_of(row, "id")), "\n\n");
  const std::string text = store::text_of(row, column);
  for (const std::string_view line : split(text, '\n')) out += cat("> ", printable(line), "\n");
  const std::string status = store::text_of(row, "status");
  if (!status.empty()) out += cat("\n", kind, ", ", printable(status), "\n");
  return out + "\n";
}

class Exporter {
 public:
  Exporter(ExportFormat format, const TextSink& sink) : format_(format), sink_(sink) {}

  Status begin() { return put(format_ == ExportFormat::kMarkdown ? kMarkdownHeader : kJsonHeader); }

  Status row(std::string_view kind, json::Object&& row) {
    ++report_.rows[std::string(kind)];
    if (format_ == ExportFormat::kJsonLines) return put(line_of(kind, std::move(row)) + "\n");
    const std::string prose = prose_of(kind, row);
    return put(cat(prose, comment_of(line_of(kind, std::move(row)))));
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
  return row == kKinds.end() ? nullptr : row;
}

Result<StoreExportReport> export_store(Services& services, const Layout& layout,
                                       ExportFormat format, const TextSink& sink) {
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kDeferred));
  Exporter exporter(format, sink);
  CORTEX_TRY(exporter.begin());
  for (const ExportKind& kind : kKinds) {
    CORTEX_TRY(store::each_row(db, kind.table, "ORDER BY id", [&](json::Object&& row) {
      return exporter.row(kind.kind, std::move(row));
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
