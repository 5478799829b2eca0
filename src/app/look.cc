#include "app/look.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <utility>

#include "app/audit.h"
#include "app/time_flag.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/ids.h"
#include "ledger/chunk_reader.h"
#include "ledger/row_stream.h"
#include "ledger/tail.h"
#include "store/open.h"
#include "store/schema_query.h"

namespace cortex::app {
namespace {

Error look_refused(Code code, std::string message, std::string next) {
  return make_error(code, std::move(message), "no state was changed", std::move(next));
}

struct OpenLedger {
  std::unique_ptr<fs::File> file;
  std::uint64_t size_bytes = 0;  // up to a row border: a torn tail is left out
};

Result<OpenLedger> open_ledger(Services& services, const Layout& layout) {
  auto file = services.fs.open(layout.event_log_path, fs::Open::kRead);
  if (!file.ok()) {
    const std::string& next = file.error().next;
    return look_refused(Code::kPrecondition,
                        cat("the ledger ", quoted(layout.event_log_path),
                            " cannot be read: ", fs::describe(file.error())),
                        next.empty() ? std::string(kNoLedgerNext) : next);
  }
  CORTEX_ASSIGN(const std::uint64_t size, ledger::settled_size(**file));
  // A torn tail is no row; `status` and `audit verify` speak of it. A last line that is none either
  // is met where rows are read.
  const auto tail = ledger::read_tail(**file, size);
  return OpenLedger{std::move(file).value(), tail.ok() ? tail->size_bytes : size};
}

bool matches(const core::Event& event, const LogFilter& filter) {
  if (filter.session && event.session_id != filter.session) return false;
  if (filter.trace &&
      (!event.trace_id || core::id_text(core::IdKind::kTrace, *event.trace_id) != *filter.trace)) {
    return false;
  }
  if (filter.type && core::event_type_short(event.type) != *filter.type) return false;
  if (filter.source && core::source_type_text(event.source.type) != *filter.source &&
      event.source.name != *filter.source) {
    return false;
  }
  if (filter.since && event.observed_at < *filter.since) return false;
  return !filter.until || event.observed_at < *filter.until;
}

LogRow log_row(const core::DecodedEvent& row, std::string_view line) {
  const core::Event& event = row.event;
  const std::string_view source = core::source_type_text(event.source.type);
  return {core::id_text(core::IdKind::kEvent, event.id),
          event.observed_at,
          core::event_type_short(event.type),
          event.source.name.empty() ? std::string(source) : cat(source, ":", event.source.name),
          std::string(row.raw_payload),
          std::string(line)};
}

// The stretch of whole lines that ends at `end`, about `wanted` bytes long.
Result<ledger::Chunk> read_back(fs::File& file, std::uint64_t end, std::uint64_t wanted) {
  ledger::Chunk chunk;
  for (;; wanted *= 2) {
    chunk.offset = end - std::min(end, wanted);
    chunk.bytes.resize(end - chunk.offset);
    CORTEX_ASSIGN(const std::size_t got, file.read_at(chunk.offset, chunk.bytes));
    chunk.bytes.resize(got);
    if (chunk.offset == 0) return chunk;
    const std::size_t newline = chunk.bytes.find('\n');
    if (newline + 1 < chunk.bytes.size()) {  // npos + 1 is 0: no border yet, unless empty
      if (newline == std::string::npos) continue;
      chunk.bytes.erase(0, newline + 1);
      chunk.offset += newline + 1;
      return chunk;
    }
  }
}

Result<std::string> type_of(const std::string& text) {
  const std::string full = text.starts_with("cortex.") ? text : cat("cortex.event.", text, ".v1");
  if (const auto type = core::parse_event_type(full)) {
    return std::string(core::event_type_short(*type));
  }
  return look_refused(Code::kUsage, cat("--type ", quoted(text), " is no event type"),
                      "give one such as user_message, tool_call, decision or system_note");
}

}  // namespace

Result<LogFilter> make_log_filter(
    const std::function<std::optional<std::string>(std::string_view)>& flag) {
  LogFilter filter;
  filter.session = flag("session");
  filter.source = flag("source");
  if (const auto limit = flag("limit")) {
    filter.limit = 0;
    for (const char digit : *limit) {
      filter.limit = std::min<std::size_t>(
          filter.limit * 10 + static_cast<std::size_t>(digit - '0'), std::size_t{1} << 32U);
    }
  }
  if (const auto trace = flag("trace")) {
    const auto id = core::parse_id(core::IdKind::kTrace, *trace);
    if (!id) {
      return look_refused(Code::kUsage, cat("--trace ", quoted(*trace), " is no trace id"),
                          "give an id such as trc_01KG0000000000000000000001");
    }
    filter.trace = core::id_text(core::IdKind::kTrace, *id);
  }
  if (const auto type = flag("type")) {
    CORTEX_ASSIGN(filter.type, type_of(*type));
  }
  if (const auto since = flag("since")) {
    CORTEX_ASSIGN(filter.since, time_flag("since", *since));
  }
  if (const auto until = flag("until")) {
    CORTEX_ASSIGN(filter.until, time_flag("until", *until));
  }
  return filter;
}

Result<LogReport> log(Services& services, const Layout& layout, const LogFilter& filter) {
  constexpr std::uint64_t kFirstBlockBytes = 64U << 10;
  CORTEX_ASSIGN(const OpenLedger ledger, open_ledger(services, layout));
  LogReport report;
  report.end_bytes = ledger.size_bytes;
  std::uint64_t wanted = kFirstBlockBytes;
  for (std::uint64_t end = ledger.size_bytes; end > 0 && report.rows.size() < filter.limit;) {
    CORTEX_ASSIGN(const ledger::Chunk chunk, read_back(*ledger.file, end, wanted));
    std::vector<LogRow> found;
    ledger::RowCursor rows(chunk.bytes, chunk.offset);
    while (const core::DecodedEvent* row = rows.next()) {
      if (matches(row->event, filter)) found.push_back(log_row(*row, rows.line()));
    }
    if (rows.fault()) return row_error(*rows.fault());
    found.insert(found.end(), std::make_move_iterator(report.rows.begin()),
                 std::make_move_iterator(report.rows.end()));
    report.rows = std::move(found);
    end = chunk.offset;
    wanted = std::min<std::uint64_t>(wanted * 4, limits::kIoBlockBytes);
  }
  if (report.rows.size() > filter.limit) {
    report.rows.erase(report.rows.begin(),
                      report.rows.end() - static_cast<std::ptrdiff_t>(filter.limit));
  }
  return report;
}

Result<std::uint64_t> log_since(Services& services, const Layout& layout, const LogFilter& filter,
                                std::uint64_t from_bytes,
                                const std::function<void(const LogRow&)>& on_row) {
  CORTEX_ASSIGN(const OpenLedger ledger, open_ledger(services, layout));
  if (ledger.size_bytes <= from_bytes) return from_bytes;
  ledger::RowStream stream(*ledger.file, from_bytes, ledger.size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
    if (row == nullptr) return ledger.size_bytes;
    if (matches(row->event, filter)) on_row(log_row(*row, stream.line()));
  }
}

namespace {

struct TableOfKind {
  core::IdKind kind;
  std::string_view table;
};
constexpr std::array<TableOfKind, 9> kTables{{{core::IdKind::kTrace, "traces"},
                                              {core::IdKind::kEpisode, "episodes"},
                                              {core::IdKind::kMemory, "memories"},
                                              {core::IdKind::kPrinciple, "principles"},
                                              {core::IdKind::kDoctrine, "doctrine"},
                                              {core::IdKind::kContextPack, "context_packs"},
                                              {core::IdKind::kContradiction, "contradictions"},
                                              {core::IdKind::kAuditRecord, "audit_records"},
                                              {core::IdKind::kDecayJob, "decay_jobs"}}};

// Looks for the text of the id, which writers put in upper case, and decodes only where it stands.
Result<json::Value> find_event_text(Services& services, const Layout& layout, const Ulid& id) {
  CORTEX_ASSIGN(const OpenLedger ledger, open_ledger(services, layout));
  const std::string text = id.text();
  ledger::ChunkReader reader(*ledger.file, 0, ledger.size_bytes);
  ledger::Chunk chunk;
  for (;;) {
    CORTEX_ASSIGN(const bool more, reader.next(chunk));
    if (!more) return json::Value(nullptr);
    const std::string_view bytes = chunk.bytes;
    for (std::size_t at = bytes.find(text); at != std::string_view::npos;
         at = bytes.find(text, at + 1)) {
      const std::size_t before = bytes.rfind('\n', at);
      const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
      ledger::RowCursor rows(bytes.substr(start, bytes.find('\n', at) - start),
                             chunk.offset + start);
      const core::DecodedEvent* row = rows.next();
      if (row != nullptr && row->event.id == id) return json::parse(rows.line());
    }
  }
}

Result<json::Value> find_event(Services& services, const Layout& layout, const Ulid& id) {
  CORTEX_ASSIGN(json::Value found, find_event_text(services, layout, id));
  if (!found.is_null()) return found;
  // A row by another hand may spell its id otherwise.
  CORTEX_ASSIGN(const OpenLedger ledger, open_ledger(services, layout));
  ledger::RowStream stream(*ledger.file, 0, ledger.size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
    if (row == nullptr) return found;
    if (row->event.id == id) return json::parse(stream.line());
  }
}

json::Value column_value(const sqlite::Statement& row, int column, std::string_view name) {
  using enum sqlite::Statement::ColumnType;
  switch (row.column_type(column)) {
    case kNull:
      return nullptr;
    case kInteger:
      return row.column_int(column);
    case kReal:
      return row.column_double(column);
    case kBlob:
      return "(binary)";
    case kText:
      break;
  }
  const std::string_view text = row.column_text(column);
  if (!name.ends_with("_json")) return text;
  auto parsed = json::parse(text);
  return parsed.ok() ? std::move(parsed).value() : json::Value(text);
}

Result<json::Value> record_of(sqlite::Connection& db, std::string_view table,
                              const std::string& id) {
  CORTEX_ASSIGN(const std::vector<std::string> names, store::column_names(db, table));
  if (names.empty()) return json::Value(nullptr);
  CORTEX_ASSIGN(auto select, db.prepare(cat("SELECT * FROM ", table, " WHERE id = ?1")));
  CORTEX_TRY(select.bind(1, id));
  CORTEX_ASSIGN(const bool found, select.step());
  if (!found) return json::Value(nullptr);
  json::Object record;
  for (std::size_t i = 0; i < names.size(); ++i) {
    record.add(names[i], column_value(select, static_cast<int>(i), names[i]));
  }
  return json::Value(std::move(record));
}

Result<json::Value> find_record(Services& services, const Layout& layout, std::string_view table,
                                const std::string& id) {
  json::Value record;
  const auto look = [&](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(record, record_of(db, table, id));
    return {};
  };
  CORTEX_TRY(store::inspect(services.fs, layout.db_path, look));
  return record;
}

Result<json::Value> find(Services& services, const Layout& layout, const core::Id& id,
                         const std::string& text) {
  if (id.kind == core::IdKind::kEvent) return find_event(services, layout, id.ulid);
  const auto* row = std::ranges::find(kTables, id.kind, &TableOfKind::kind);
  if (row == kTables.end()) return json::Value(nullptr);
  auto found = find_record(services, layout, row->table, text);
  if (!found.ok()) return with_code(std::move(found).error(), Code::kPrecondition);
  return found;
}

}  // namespace

Result<Shown> look_up(Services& services, const Layout& layout, const std::string& id) {
  const auto parsed = core::parse_id(id);
  if (!parsed) {
    return look_refused(Code::kUsage, cat(quoted(id), " is no id"),
                        "give an id such as evt_01KG0000000000000000000001");
  }
  Shown shown{core::noun_of(parsed->kind), core::id_text(parsed->kind, parsed->ulid), {}};
  CORTEX_ASSIGN(shown.record, find(services, layout, *parsed, shown.id));
  return shown;
}

Result<Shown> show(Services& services, const Layout& layout, const std::string& id) {
  CORTEX_ASSIGN(Shown shown, look_up(services, layout, id));
  if (!shown.record.is_null()) return shown;
  return look_refused(Code::kPrecondition, cat("there is no ", shown.kind, " ", shown.id),
                      "look for it with `cortex log`, or name another store with --db");
}

json::Value to_json(const LogReport& report) {
  json::Array events;
  for (const LogRow& row : report.rows) {
    auto document = json::parse(row.line);
    events.push_back(document.ok() ? std::move(document).value() : json::Value(row.line));
  }
  const std::size_t count = events.size();
  return json::Object{{"count", count}, {"events", std::move(events)}};
}

json::Value to_json(const Shown& shown) {
  return json::Object{{"kind", shown.kind}, {"id", shown.id}, {"record", shown.record}};
}

}  // namespace cortex::app
