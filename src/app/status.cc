#include "app/status.h"

#include <algorithm>
#include <utility>

#include "bundle/increment.h"
#include "bundle/manifest.h"
#include "bundle/sealed.h"
#include "json/value.h"
#include "ledger/row_stream.h"
#include "store/migrations.h"
#include "store/mirror.h"
#include "store/open.h"
#include "store/schema_query.h"

namespace cortex::app {
namespace {

constexpr std::string_view kLastBackupName = "cortex_last_backup.json";
constexpr std::uint64_t kLastBackupBytesMax = 64U << 10;

std::string last_backup_path(const Layout& layout) {
  return fs::join(fs::parent_of(layout.db_path), kLastBackupName);
}

// What the store says of the ledger.
struct Mirrored {
  store::MirrorState state;
  bool last_backup = false;  // its last row is among the mirrored ones
};

Result<bool> is_mirrored(sqlite::Connection& db, const std::string& event_hash) {
  CORTEX_ASSIGN(const bool has_rows, store::object_exists(db, "table", "events"));
  if (!has_rows) return false;
  CORTEX_ASSIGN(auto rows, db.prepare("SELECT 1 FROM events WHERE event_hash = ?1"));
  CORTEX_TRY(rows.bind(1, event_hash));
  return rows.step();
}

Status look_at(sqlite::Connection& db, StatusReport& report, Mirrored& mirrored) {
  if (report.last_backup && report.last_backup->ledger_head) {
    CORTEX_ASSIGN(mirrored.last_backup, is_mirrored(db, *report.last_backup->ledger_head));
  }
  CORTEX_ASSIGN(report.counts, store::count_tables(db));
  CORTEX_ASSIGN(mirrored.state, store::read_mirror_state(db));
  CORTEX_ASSIGN(const auto pending, store::pending(db));
  report.pending_migrations = pending.size();
  report.mirror_conflicts = 0;
  CORTEX_ASSIGN(const bool conflicts, store::object_exists(db, "table", "cortex_mirror_conflicts"));
  if (!conflicts) return {};
  CORTEX_ASSIGN(const std::int64_t count,
                db.query_int("SELECT count(*) FROM cortex_mirror_conflicts"));
  report.mirror_conflicts = static_cast<std::uint64_t>(count);
  return {};
}

Status read_store(Services& services, StatusReport& report, Mirrored& mirrored) {
  return store::inspect(services.fs, report.layout.db_path,
                        [&](sqlite::Connection& db) { return look_at(db, report, mirrored); });
}

Status read_ledger(Services& services, const Mirrored& mirrored, StatusReport& report) {
  CORTEX_ASSIGN(auto file, services.fs.open(report.layout.event_log_path, fs::Open::kRead));
  CORTEX_ASSIGN(const std::uint64_t size, ledger::settled_size(*file));
  CORTEX_ASSIGN(const ledger::Tail tail, ledger::read_tail(*file, size));
  report.ledger_bytes = tail.size_bytes;
  report.head = tail.head;
  report.torn = tail.torn;
  const store::MirrorState& mirror = mirrored.state;
  CORTEX_ASSIGN(const bool valid, store::matches_ledger(mirror, *file, tail.size_bytes));
  report.mirrored_rows = valid ? mirror.rows : 0;
  const auto backed_up = report.last_backup ? report.last_backup->ledger_head : std::nullopt;
  // What a store of another ledger holds says nothing of this one.
  bool is_there = valid && mirrored.last_backup;
  ledger::RowStream stream(*file, valid ? mirror.offset_bytes : 0, tail.size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
    if (row == nullptr) break;
    ++report.mirror_lag_rows;
    is_there = is_there || backed_up == row->event.event_hash;
  }
  if (backed_up) report.last_backup->is_of_this_ledger = is_there;
  report.ledger_rows = report.mirrored_rows + report.mirror_lag_rows;
  return {};
}

std::optional<LastBackup> read_last_backup(Services& services, const Layout& layout) {
  const auto text = fs::read_all(services.fs, last_backup_path(layout), kLastBackupBytesMax);
  if (!text.ok()) return std::nullopt;  // never backed up, or by another program
  const auto document = json::parse(*text);
  if (!document.ok()) return std::nullopt;
  const json::Value* dir = document->find("bundle_dir");
  const json::Value* made_at = document->find("made_at");
  const json::Value* rows = document->find("ledger_rows");
  const json::Value* verified = document->find("verified");
  for (const json::Value* value : {dir, made_at, rows, verified}) {
    if (value == nullptr) return std::nullopt;
  }
  if (!dir->as_string() || !made_at->as_string() || !rows->as_number() || !verified->as_bool()) {
    return std::nullopt;
  }
  const auto time = parse_strict_rfc3339(*made_at->as_string());
  if (!time) return std::nullopt;
  LastBackup backup{.bundle_dir = *dir->as_string(),
                    .made_at = *time,
                    .ledger_rows = rows->as_number()->u,
                    .verified = *verified->as_bool()};
  if (const std::string* head = document->find_text("ledger_head")) backup.ledger_head = *head;
  // Of a full, an encrypted and an incremental bundle.
  constexpr std::string_view kManifests[] = {bundle::kManifestName, bundle::kSealedManifestName,
                                             bundle::kIncrementName};
  backup.present = std::ranges::any_of(kManifests, [&](std::string_view name) {
    const auto manifest = services.fs.stat(fs::join(backup.bundle_dir, name));
    return manifest.ok() && manifest->kind == fs::Kind::kFile;
  });
  return backup;
}

void say_unverified(StatusReport& report) {
  if (report.ledger_rows > 0) report.unverified.emplace_back("the hash chain of the ledger");
  if (report.mirrored_rows > 0) report.unverified.emplace_back("the store against the ledger");
  if (report.last_backup && !report.last_backup->verified) {
    report.unverified.emplace_back("the last backup (made with --no-verify)");
  }
}

void advise(StatusReport& report) {
  auto& steps = report.next_steps;
  if (!report.has_store || !report.has_ledger) {
    steps.emplace_back("cortex init                     create what is missing");
    return;
  }
  if (report.torn) {
    steps.emplace_back("cortex audit repair-tail        see the torn last row");
  }
  // A new store gets its schema with the first session.
  const bool is_new = report.ledger_rows == 0;
  if ((report.pending_migrations > 0 && !is_new) || report.mirror_lag_rows > 0) {
    steps.emplace_back("cortex doctor --repair          bring the store up to date");
  }
  if (is_new) {
    steps.emplace_back("cortex ingest SESSION.json      record something");
    return;
  }
  steps.emplace_back("cortex audit verify             prove the ledger");
  const bool is_held = report.last_backup && report.last_backup->present &&
                       report.last_backup->is_of_this_ledger && report.rows_since_backup == 0;
  if (!is_held) {
    steps.emplace_back("cortex backup --output DIR      back it up");
  }
}

// Where no head was remembered, a ledger that is shorter than the bundle's is not the one of then.
void count_since(LastBackup& backup, StatusReport& report) {
  if (report.ledger_rows < backup.ledger_rows) backup.is_of_this_ledger = false;
  report.rows_since_backup =
      report.ledger_rows - (backup.is_of_this_ledger ? backup.ledger_rows : 0);
}

json::Value backup_json(const std::optional<LastBackup>& backup) {
  if (!backup) return nullptr;
  return json::Object{
      {"bundle_dir", backup->bundle_dir},   {"made_at", format_rfc3339_seconds(backup->made_at)},
      {"ledger_rows", backup->ledger_rows}, {"verified", backup->verified},
      {"present", backup->present},         {"of_this_ledger", backup->is_of_this_ledger}};
}

}  // namespace

Result<StatusReport> status(Services& services, const Layout& layout) {
  StatusReport report;
  report.layout = layout;
  report.now = services.clock.now();
  CORTEX_ASSIGN(const fs::Info store, services.fs.stat(layout.db_path));
  CORTEX_ASSIGN(const fs::Info ledger, services.fs.stat(layout.event_log_path));
  report.has_store = store.kind == fs::Kind::kFile;
  report.has_ledger = ledger.kind == fs::Kind::kFile;
  report.last_backup = read_last_backup(services, layout);
  Mirrored mirrored;
  if (report.has_store) {
    if (auto read = read_store(services, report, mirrored); !read.ok()) {
      return with_code(std::move(read).error(), Code::kPrecondition);
    }
  }
  if (report.has_ledger) CORTEX_TRY(read_ledger(services, mirrored, report));
  if (report.last_backup) count_since(*report.last_backup, report);
  say_unverified(report);
  advise(report);
  return report;
}

Status remember_backup(Services& services, const Layout& layout, const LastBackup& backup) {
  json::Object document{{"bundle_dir", backup.bundle_dir},
                        {"ledger_rows", backup.ledger_rows},
                        {"made_at", format_rfc3339_seconds(backup.made_at)},
                        {"verified", backup.verified}};
  if (backup.ledger_head) document.add("ledger_head", *backup.ledger_head);
  return services.fs.overwrite(last_backup_path(layout), json::write_compact(document) + "\n");
}

json::Value to_json(const StatusReport& report) {
  json::Object out{{"data_dir", report.layout.data_dir},
                   {"db_path", report.layout.db_path},
                   {"event_log_path", report.layout.event_log_path},
                   {"paths_set_by", report.layout.set_by},
                   {"has_store", report.has_store},
                   {"has_ledger", report.has_ledger},
                   {"ledger_rows", report.ledger_rows},
                   {"ledger_bytes", report.ledger_bytes},
                   {"chain_head", json::or_null(report.head)},
                   {"torn_tail_bytes", report.torn ? report.torn->size_bytes : 0},
                   {"mirrored_rows", report.mirrored_rows},
                   {"mirror_lag_rows", report.mirror_lag_rows},
                   {"mirror_conflicts", report.mirror_conflicts},
                   {"pending_migrations", report.pending_migrations},
                   {"table_row_counts", json::Object{{"events", report.counts.events},
                                                     {"traces", report.counts.traces},
                                                     {"episodes", report.counts.episodes},
                                                     {"memories", report.counts.memories}}},
                   {"last_backup", backup_json(report.last_backup)},
                   {"rows_since_backup", report.rows_since_backup}};
  out.add("unverified", json::array_of(report.unverified));
  out.add("next_steps", json::array_of(report.next_steps));
  return out;
}

}  // namespace cortex::app
