// Taking an export over again.
#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "app/export.h"
#include "app/memory_work.h"
#include "base/text.h"
#include "store/memory_history.h"
#include "store/plain_rows.h"
#include "transcript/lines.h"

namespace cortex::app {
namespace {

// Of rows, and of their bytes: a batch is one row of the ledger, far below limits::kRowBytesMax.
constexpr std::size_t kImportBatch = 500, kBatchBytes = 16U << 20;
constexpr std::string_view kAuditRecord = "audit_record";
constexpr std::string_view kImportRows = "import.rows";
constexpr std::string_view kCommentBegin = "<!-- cortex {", kCommentEnd = " -->";
constexpr std::string_view kJsonMark = "{\"cortex_export\":1}",
                           kMarkdownMark = "<!-- cortex-export 1 -->";

struct Item {
  const ExportKind* kind;
  store::RowKey key;
  json::Object row;
  std::optional<std::string> valid_from, valid_until;
};

Error broken_line(std::uint64_t number, std::string_view why) {
  return make_error(Code::kUsage, cat("line ", number, " of the export is broken: ", why),
                    "what stands before it was taken over", "compare it with the original");
}

// The JSON of a line, or nothing when it is prose.
std::string_view json_in(std::string_view line) {
  if (line.starts_with("{\"kind\":")) return line;
  if (!line.starts_with(kCommentBegin) || !line.ends_with(kCommentEnd)) return {};
  line.remove_prefix(kCommentBegin.size() - 1);
  line.remove_suffix(kCommentEnd.size());
  return line;
}

// A time of validity as the store has it. Another form would be compared as text all the same.
Result<std::optional<Timestamp>> time_member(const json::Object& line, std::string_view name,
                                             std::uint64_t number) {
  const json::Value* value = line.find(name);
  if (value == nullptr || value->is_null()) return std::optional<Timestamp>();
  const std::string* text = value->as_string();
  const auto time = text == nullptr ? std::nullopt : parse_strict_rfc3339(*text);
  if (time && can_be_kept(*time)) return time;
  return broken_line(number, cat("its ", name, " is no time of RFC 3339"));
}

Status read_validity(const json::Object& line, std::uint64_t number, Item& item) {
  CORTEX_ASSIGN(const auto from, time_member(line, kValidFrom, number));
  CORTEX_ASSIGN(const auto until, time_member(line, kValidUntil, number));
  // One that was superseded from before it began never held: its times say so.
  const std::string status = store::text_of(item.row, "status");
  const bool in_use = status == "active" || status == "candidate";
  if (in_use && from && until && *until <= *from) {
    return broken_line(number, cat(kValidUntil, " is not after ", kValidFrom));
  }
  if (from) item.valid_from = column_time(*from);
  if (until) item.valid_until = column_time(*until);
  return {};
}

Result<Item> item_of(std::string_view json, std::uint64_t number) {
  auto value = json::parse(json);
  if (!value.ok()) return broken_line(number, value.error().message);
  const std::string* kind = value->find_text("kind");
  const ExportKind* known = kind == nullptr ? nullptr : find_export_kind(*kind);
  json::Value* row = value->as_object() == nullptr ? nullptr : value->as_object()->find("row");
  if (known == nullptr || row == nullptr || row->as_object() == nullptr) {
    return broken_line(number, "it names no row of a known kind");
  }
  auto key = export_key(*known, *row->as_object());
  if (!key) return broken_line(number, cat("it has no ", known->key));
  Item item{known, *std::move(key), std::move(*row->as_object()), {}, {}};
  CORTEX_TRY(read_validity(*value->as_object(), number, item));
  return item;
}

class TakeOver {
 public:
  TakeOver(Services& services, const Layout& layout, const store::Caller& caller)
      : services_(services), layout_(layout), caller_(caller) {}

  // `bytes`: of the line that holds the row.
  Status add(Item item, std::size_t bytes) {
    if (batch_bytes_ + bytes > kBatchBytes) CORTEX_TRY(flush());
    batch_.push_back(std::move(item));
    batch_bytes_ += bytes;
    return batch_.size() < kImportBatch ? Status() : flush();
  }

  Status flush() {
    if (batch_.empty()) return {};
    const std::vector<Item> batch = std::exchange(batch_, {});
    batch_bytes_ = 0;
    const Plan plan = [&](sqlite::Connection& db) { return plan_batch(db, batch); };
    CORTEX_TRY(change_memories(services_, layout_, caller_, plan));
    for (const auto& [kind, count] : added_) report_.added[kind] += count;
    for (const auto& [kind, count] : known_) report_.known[kind] += count;
    report_.unlinked += unlinked_;
    report_.left_out += left_out_;
    return {};
  }

  TakeOverReport& report() { return report_; }

 private:
  Result<std::vector<store::Operation>> plan_batch(sqlite::Connection& db,
                                                   const std::vector<Item>& batch) {
    added_.clear();
    known_.clear();
    unlinked_ = left_out_ = 0;
    std::map<const ExportKind*, std::vector<store::RowKey>> keys;
    std::vector<std::string> events, audited;
    for (const Item& item : batch) {
      keys[item.kind].push_back(item.key);
      if (auto event = event_of(item)) events.push_back(*std::move(event));
      if (auto target = audited_by(item)) audited.push_back(*std::move(target));
    }
    CORTEX_ASSIGN(const std::set<std::string> of_here, held_of_itself(db, audited));
    std::map<const ExportKind*, std::set<store::RowKey>> there;
    for (const auto& [kind, wanted] : keys) {
      CORTEX_ASSIGN(there[kind], store::present_keys(db, kind->table, kind->key, wanted));
    }
    CORTEX_ASSIGN(const auto held, store::present_ids(db, "events", events));
    json::Array rows;
    for (const Item& item : batch) {
      const std::string kind(item.kind->kind);
      if (!there[item.kind].insert(item.key).second) {
        ++known_[kind];
        continue;
      }
      if (const auto target = audited_by(item); target && of_here.contains(*target)) {
        ++left_out_;
        continue;
      }
      ++added_[kind];
      if (brought_ && kind != kAuditRecord) brought_->insert(item.key.front());
      json::Object row = item.row;
      if (const auto event = event_of(item); event && !held.contains(*event)) {
        row.set(std::string(item.kind->event), nullptr);
        ++unlinked_;
      }
      json::Object line{{"kind", kind}, {"row", std::move(row)}};
      if (item.valid_from) line.add(std::string(kValidFrom), *item.valid_from);
      if (item.valid_until) line.add(std::string(kValidUntil), *item.valid_until);
      rows.emplace_back(std::move(line));
    }
    if (rows.empty()) return std::vector<store::Operation>();
    return std::vector<store::Operation>{
        {std::string(kImportRows),
         {{"at", column_time(services_.clock.now())}, {"rows", std::move(rows)}}}};
  }

  static std::optional<std::string> event_of(const Item& item) {
    if (item.kind->event.empty()) return std::nullopt;
    return store::maybe_text_of(item.row, item.kind->event);
  }

  // What an audit record is about.
  static std::optional<std::string> audited_by(const Item& item) {
    if (item.kind->kind != kAuditRecord) return std::nullopt;
    return store::maybe_text_of(item.row, "target_ref");
  }

  // Those of the ids that this store holds and did not get from a file alone. The ledger says which
  // rows came by imports, so that one which ended half-way is taken up again.
  Result<std::set<std::string>> held_of_itself(sqlite::Connection& db,
                                               const std::vector<std::string>& ids) {
    std::set<std::string> held;
    if (ids.empty()) return held;
    CORTEX_ASSIGN(held, store::present_ids(db, "memories", ids));
    CORTEX_TRY(leave_out_imported(db, held));
    for (const char* table : {"principles", "doctrine", "decay_jobs"}) {
      CORTEX_ASSIGN(const auto there, store::present_ids(db, table, ids));
      if (there.empty()) continue;
      if (!brought_) CORTEX_TRY(read_brought(db));
      std::ranges::set_difference(there, *brought_, std::inserter(held, held.end()));
    }
    return held;
  }

  // Memories that an import brought and no other operation touched.
  static Status leave_out_imported(sqlite::Connection& db, std::set<std::string>& memories) {
    CORTEX_ASSIGN(auto rows,
                  db.prepare("SELECT memory_id FROM cortex_memory_history WHERE memory_id IN"
                             " (SELECT value FROM json_each(?1)) GROUP BY memory_id"
                             " HAVING min(operation = ?2)"));
    CORTEX_TRY(rows.bind_all(json::array_text(memories), kImportRows));
    for (;;) {
      CORTEX_ASSIGN(const bool more, rows.step());
      if (!more) return {};
      memories.erase(std::string(rows.column_text(0)));
    }
  }

  // Principles, doctrine and jobs are few. One scan of the rows of earlier imports.
  Status read_brought(sqlite::Connection& db) {
    brought_.emplace();
    CORTEX_ASSIGN(auto rows,
                  db.prepare("SELECT r.value ->> '$.row.id' FROM cortex_operations o"
                             " JOIN events e ON e.id = o.event_id,"
                             " json_each(e.payload_json, '$.args.rows') r"
                             " WHERE o.name = ?1 AND o.outcome = 'applied' AND"
                             " r.value ->> '$.kind' IN ('principle', 'doctrine', 'decay_job')"));
    CORTEX_TRY(rows.bind(1, kImportRows));
    for (;;) {
      CORTEX_ASSIGN(const bool more, rows.step());
      if (!more) return {};
      brought_->insert(std::string(rows.column_text(0)));
    }
  }

  Services& services_;
  const Layout& layout_;
  const store::Caller& caller_;
  // Ids of rows without a history that files brought, this one or earlier ones; nothing until it is
  // asked for.
  std::optional<std::set<std::string>> brought_;
  std::vector<Item> batch_;
  std::size_t batch_bytes_ = 0;
  std::map<std::string, std::uint64_t> added_, known_;
  std::uint64_t unlinked_ = 0, left_out_ = 0;
  TakeOverReport report_;
};

json::Object counts_json(const std::map<std::string, std::uint64_t>& counts) {
  json::Object out;
  for (const auto& [kind, count] : counts) out.add(kind, count);
  return out;
}

}  // namespace

bool is_export(std::string_view begin) {
  return begin.starts_with(kJsonMark) || begin.starts_with(kMarkdownMark);
}

Result<TakeOverReport> take_over_export(Services& services, const Layout& layout,
                                        const transcript::ReadAt& read,
                                        const store::Caller& caller) {
  TakeOver take_over(services, layout, caller);
  transcript::LineReader lines(read);
  transcript::LineReader::Line line;
  for (;;) {
    CORTEX_ASSIGN(const bool more, lines.next(line));
    if (!more) break;
    const std::string_view json = json_in(line.text);
    if (json.empty() || line.too_long != 0) {
      if (line.number > 1 && !is_blank(line.text)) ++take_over.report().other_lines;
      continue;
    }
    auto item = item_of(json, line.number);
    if (!item.ok()) {
      CORTEX_TRY(take_over.flush());  // what stands before it
      return item.error();
    }
    CORTEX_TRY(take_over.add(std::move(item).value(), json.size()));
  }
  CORTEX_TRY(take_over.flush());
  return std::move(take_over.report());
}

json::Value to_json(const TakeOverReport& report) {
  return json::Object{{"added", counts_json(report.added)},
                      {"already_known", counts_json(report.known)},
                      {"left_out", report.left_out},
                      {"other_lines", report.other_lines},
                      {"unlinked", report.unlinked}};
}

Status apply_import_rows(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const std::string at, row.text_arg("at"));
  const json::Array* rows = row.arg("rows").as_array();
  if (rows == nullptr) {
    return make_error(Code::kIntegrity, cat(row.name, " ", row.event_id, " has no rows"));
  }
  for (const json::Value& one : *rows) {
    const std::string* kind = one.find_text("kind");
    const ExportKind* known = kind == nullptr ? nullptr : find_export_kind(*kind);
    const json::Value* columns = one.find("row");
    if (known == nullptr || columns == nullptr || columns->as_object() == nullptr) {
      return make_error(Code::kIntegrity, cat(row.name, " ", row.event_id, " has no usable row"));
    }
    CORTEX_TRY(
        store::put_row(db, known->table, known->key, *columns->as_object(), store::IfThere::kKeep));
    if (known->kind != "memory") continue;
    std::optional<store::ValidTime> valid({store::maybe_text_of(*one.as_object(), kValidFrom),
                                           store::maybe_text_of(*one.as_object(), kValidUntil)});
    if (*valid == store::ValidTime()) valid.reset();
    CORTEX_TRY(
        store::record_version(db, row, store::text_of(*columns->as_object(), "id"), at, valid, ""));
  }
  return {};
}

}  // namespace cortex::app
