#include "app/look.h"

#include <array>
#include <deque>

#include "base/text.h"
#include "core/ids.h"
#include "ledger/row_stream.h"
#include "store/migrations.h"
#include "store/open.h"

namespace cortex::app {
namespace {

Error missing(std::string message, std::string next) {
  Error error = make_error(Code::kPrecondition, std::move(message));
  error.unchanged = "no state was changed";
  error.next = std::move(next);
  return error;
}

Result<std::unique_ptr<fs::File>> open_ledger(Services& services, const Layout& layout) {
  auto file = services.fs.open(layout.event_log_path, fs::Open::kRead);
  if (file.ok()) return file;
  return missing(cat("there is no ledger ", quoted(layout.event_log_path)),
                 "run `cortex init` first");
}

bool matches(const core::Event& event, const LogFilter& filter) {
  if (filter.session && event.session_id != filter.session) return false;
  if (filter.trace &&
      (!event.trace_id || core::id_text(core::IdKind::kTrace, *event.trace_id) != *filter.trace)) {
    return false;
  }
  if (filter.type && core::event_type_short(event.type) != *filter.type &&
      core::event_type_text(event.type) != *filter.type) {
    return false;
  }
  if (filter.source && core::source_type_text(event.source.type) != *filter.source &&
      event.source.name != *filter.source) {
    return false;
  }
  if (filter.since && event.recorded_at < *filter.since) return false;
  return !filter.until || event.recorded_at <= *filter.until;
}

Status read_store(Services& services, const Layout& layout, StatusReport& report) {
  CORTEX_ASSIGN(auto db, store::open_for_inspection(services.fs, layout.db_path));
  CORTEX_ASSIGN(report.counts, store::count_tables(db));
  CORTEX_ASSIGN(report.mirror, store::read_mirror_state(db));
  CORTEX_ASSIGN(const auto pending, store::pending(db));
  report.pending_migrations = pending.size();
  return {};
}

Status read_ledger(Services& services, const Layout& layout, StatusReport& report) {
  CORTEX_ASSIGN(auto file, open_ledger(services, layout));
  CORTEX_ASSIGN(const ledger::Tail tail, ledger::read_tail(*file));
  report.ledger_bytes = tail.size_bytes;
  report.head = tail.head;
  report.torn = tail.torn;
  CORTEX_ASSIGN(const bool valid, store::matches_ledger(report.mirror, *file, tail.size_bytes));
  const std::uint64_t from = valid ? report.mirror.offset_bytes : 0;
  ledger::RowStream stream(*file, from, tail.size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
    if (row == nullptr) break;
    ++report.mirror_lag_rows;
  }
  report.ledger_rows = (valid ? report.mirror.rows : 0) + report.mirror_lag_rows;
  return {};
}

void advise(StatusReport& report) {
  auto& steps = report.next_steps;
  if (!report.has_store || !report.has_ledger) steps.push_back("run `cortex init`");
  if (report.torn) steps.push_back("run `cortex audit repair-tail`: the ledger's last row is torn");
  if (report.has_store && (report.pending_migrations > 0 || report.mirror_lag_rows > 0)) {
    steps.push_back("run `cortex doctor --repair` to bring the store up to date");
  }
  if (report.ledger_rows > 0) {
    steps.push_back("run `cortex audit verify`: nothing here was verified by this command");
  } else {
    steps.push_back("record something: `cortex ingest SESSION.json`");
  }
}

}  // namespace

Result<StatusReport> status(Services& services, const Layout& layout) {
  StatusReport report;
  report.layout = layout;
  CORTEX_ASSIGN(const fs::Info store, services.fs.stat(layout.db_path));
  CORTEX_ASSIGN(const fs::Info ledger, services.fs.stat(layout.event_log_path));
  report.has_store = store.kind == fs::Kind::kFile;
  report.has_ledger = ledger.kind == fs::Kind::kFile;
  if (report.has_store) {
    if (auto read = read_store(services, layout, report); !read.ok()) {
      return with_code(std::move(read).error(), Code::kPrecondition);
    }
  }
  if (report.has_ledger) CORTEX_TRY(read_ledger(services, layout, report));
  advise(report);
  return report;
}

Result<std::uint64_t> log_since(Services& services, const Layout& layout, const LogFilter& filter,
                                std::uint64_t from,
                                const std::function<void(const LogRow&)>& on_row) {
  CORTEX_ASSIGN(auto file, open_ledger(services, layout));
  CORTEX_ASSIGN(const ledger::Tail tail, ledger::read_tail(*file));
  if (tail.size_bytes <= from) return from;
  ledger::RowStream stream(*file, from, tail.size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
    if (row == nullptr) return tail.size_bytes;
    if (!matches(row->event, filter)) continue;
    LogRow out{row->event, std::string(stream.line())};
    out.event.payload.assign(row->raw_payload);
    on_row(out);
  }
}

Result<std::vector<LogRow>> log(Services& services, const Layout& layout, const LogFilter& filter) {
  std::deque<LogRow> newest;
  CORTEX_ASSIGN(const std::uint64_t end,
                log_since(services, layout, filter, 0, [&](const LogRow& row) {
                  newest.push_back(row);
                  if (newest.size() > filter.limit) newest.pop_front();
                }));
  static_cast<void>(end);
  return std::vector<LogRow>(std::make_move_iterator(newest.begin()),
                             std::make_move_iterator(newest.end()));
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

Result<json::Value> find_event(Services& services, const Layout& layout, const Ulid& id) {
  CORTEX_ASSIGN(auto file, open_ledger(services, layout));
  CORTEX_ASSIGN(const ledger::Tail tail, ledger::read_tail(*file));
  ledger::RowStream stream(*file, 0, tail.size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
    if (row == nullptr) return json::Value(nullptr);
    if (row->event.id == id) return json::parse(stream.line());
  }
}

Result<json::Value> find_record(Services& services, const Layout& layout, std::string_view table,
                                const std::string& id) {
  CORTEX_ASSIGN(auto db, store::open_for_inspection(services.fs, layout.db_path));
  CORTEX_ASSIGN(auto columns, db.prepare(cat("SELECT name FROM pragma_table_info('", table, "')")));
  std::vector<std::string> names;
  for (;;) {
    CORTEX_ASSIGN(const bool more, columns.step());
    if (!more) break;
    names.emplace_back(columns.column_text(0));
  }
  if (names.empty()) return json::Value(nullptr);
  CORTEX_ASSIGN(auto select, db.prepare(cat("SELECT * FROM ", table, " WHERE id = ?1")));
  CORTEX_TRY(select.bind(1, id));
  CORTEX_ASSIGN(const bool found, select.step());
  if (!found) return json::Value(nullptr);
  json::Object record;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const int column = static_cast<int>(i);
    if (select.is_null(column)) {
      record.add(names[i], nullptr);
      continue;
    }
    const std::string_view text = select.column_text(column);
    auto parsed =
        names[i].ends_with("_json") ? json::parse(text) : Result<json::Value>(json::Value(text));
    record.add(names[i], parsed.ok() ? std::move(parsed).value() : json::Value(text));
  }
  return json::Value(std::move(record));
}

}  // namespace

Result<json::Object> show(Services& services, const Layout& layout, const std::string& id) {
  const auto parsed = core::parse_id(id);
  if (!parsed) {
    Error error =
        missing(cat(quoted(id), " is no id"), "give an id such as evt_01KG0000000000000000000001");
    error.code = Code::kUsage;
    return error;
  }
  const std::string text = core::id_text(parsed->kind, parsed->ulid);
  json::Value record;
  if (parsed->kind == core::IdKind::kEvent) {
    CORTEX_ASSIGN(record, find_event(services, layout, parsed->ulid));
  } else {
    for (const auto& row : kTables) {
      if (row.kind != parsed->kind) continue;
      auto found = find_record(services, layout, row.table, text);
      if (!found.ok()) return with_code(std::move(found).error(), Code::kPrecondition);
      record = std::move(found).value();
    }
  }
  if (record.is_null()) {
    return missing(cat("there is no ", core::noun_of(parsed->kind), " ", text),
                   "look for it with `cortex log`, or name another store with --db");
  }
  return json::Object{
      {"kind", core::noun_of(parsed->kind)}, {"id", text}, {"record", std::move(record)}};
}

}  // namespace cortex::app
