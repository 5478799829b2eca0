// `cortex export` and taking an export over again: everything that was learned, how it was used and
// what came of it, row by row and without loss, as JSON lines or as Markdown that people read. Not
// part of it are the ledger with its mirror and history (that is what a backup is for), keys and
// principals (an export makes nobody an authority), and what is made again: indexes and vectors.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "store/operation.h"
#include "transcript/turn.h"

namespace cortex::app {

enum class ExportFormat : std::uint8_t { kJsonLines, kMarkdown };

// Takes the text in pieces, in order.
using TextSink = std::function<Status(std::string_view text)>;

struct StoreExportReport {
  std::map<std::string, std::uint64_t> rows;  // by kind: "memory", "episode", ...
  std::uint64_t bytes = 0;
};
// One consistent state of the store. Memory: one row. The same store gives the same bytes.
Result<StoreExportReport> export_store(Services& services, const Layout& layout,
                                       ExportFormat format, const TextSink& sink);
json::Value to_json(const StoreExportReport& report);

// True when the file begins like an export of either form.
bool is_export(std::string_view begin);

struct TakeOverReport {
  std::map<std::string, std::uint64_t> added, known;
  std::uint64_t other_lines = 0;  // of no meaning here
  std::uint64_t unlinked = 0;     // rows whose event this ledger does not hold: not named any more
  // Audit records of what did not come from files alone: that an operator accepted it here, a file
  // cannot say.
  std::uint64_t left_out = 0;
};
// Every row as it stands, states included; rows whose id is there stay. Batches of 500 rows
// or 16 MiB, each one operation. Errors: kUsage for a line that is broken; the batches before it
// are kept then.
Result<TakeOverReport> take_over_export(Services& services, const Layout& layout,
                                        const transcript::ReadAt& read,
                                        const store::Caller& caller);
json::Value to_json(const TakeOverReport& report);

// Of the operation import.rows: {at, rows: [{kind, row[, valid_from][, valid_until]}]}.
Status apply_import_rows(sqlite::Connection& db, const store::OperationRow& row);

// The tables of an export, parents before children.
struct ExportKind {
  std::string_view kind, table;
  std::string_view key = "id";  // the columns that name a row: "a, b"
  std::string_view text = {};   // the column that people read, or ""
  // A column that names an event, which another ledger need not hold; or "".
  std::string_view event = {};
};
const ExportKind* find_export_kind(std::string_view kind);
// When the claim of a memory holds, beside its row in an export: texts, or absent.
inline constexpr std::string_view kValidFrom = "valid_from", kValidUntil = "valid_until";
// The values of the key of a row, in order; nothing when one of them is missing or no text.
std::optional<std::vector<std::string>> export_key(const ExportKind& kind, const json::Object& row);

}  // namespace cortex::app
