#include "app/ingest.h"

#include <unordered_set>

#include "base/limits.h"
#include "base/text.h"
#include "core/ids.h"
#include "ledger/row_stream.h"
#include "ledger/session_reader.h"
#include "sqlite/transaction.h"
#include "store/mirror.h"
#include "store/open.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kSessionBytesMax = 4ULL << 30;
using IdSet = std::unordered_set<Ulid, UlidHash>;

Error refused(Code code, std::string message, std::string next = "") {
  Error error = make_error(code, std::move(message));
  error.unchanged = "the ledger was not changed";
  error.next = std::move(next);
  return error;
}

// The session must lie inside its root: the working folder for paths below it, else the file's own
// folder.
Result<std::string> read_session(fs::FileSystem& fs, const std::string& path) {
  if (fs::has_parent_step(path)) {
    return refused(Code::kPrecondition, cat("the session path ", quoted(path), " has a `..` step"),
                   "give a path without `..`");
  }
  CORTEX_ASSIGN(const std::string cwd, fs.working_directory());
  const bool below = path.empty() || path.front() != '/' || path.starts_with(cwd + "/");
  auto root = fs.canonical(below ? cwd : fs::parent_of(path));
  auto real = fs.canonical(path);
  if (!root.ok()) return with_code(std::move(root).error(), Code::kPrecondition);
  if (!real.ok()) {
    return refused(Code::kPrecondition, cat("the session file ", quoted(path),
                                            " cannot be read: ", fs::describe(real.error())));
  }
  if (*root != "/" && !real->starts_with(*root + "/")) {
    return refused(Code::kPrecondition,
                   cat("the session file ", quoted(path), " leaves its folder"),
                   "copy the file instead of linking to it");
  }
  auto text = fs::read_all(fs, *real, kSessionBytesMax);
  if (!text.ok()) {
    return refused(Code::kPrecondition, cat("the session file ", quoted(path),
                                            " cannot be read: ", fs::describe(text.error())));
  }
  return text;
}

// What the rules of the command find in the whole file before anything is written.
struct Examination {
  std::vector<std::string> user_events;
  std::string below_minimum;  // first event below tier observed
  IdSet ids;
};

bool is_observed(const core::Source& source) {
  switch (source.type) {
    case core::SourceType::kUser:
    case core::SourceType::kManualCorrection:
      return false;  // operator tier needs an attestation
    case core::SourceType::kChildAgent:
    case core::SourceType::kTool:
      return !trim(source.name).empty();
    case core::SourceType::kRuntime:
    case core::SourceType::kExternalOutcome:
      return true;
  }
  return false;
}

Status examine(const core::Event& event, Examination& seen) {
  const std::string id = core::id_text(core::IdKind::kEvent, event.id);
  if (!core::is_supported_schema_version(event.schema_version)) {
    return refused(
        Code::kUsage,
        cat("event ", id, " has schema_version ", event.schema_version, "; supported are 1 and 2"),
        "convert the session with a matching version");
  }
  if (!seen.ids.insert(event.id).second) {
    return refused(Code::kUsage, cat("event id ", id, " occurs twice in the session file"),
                   "give every event an id of its own");
  }
  if (event.source.type == core::SourceType::kUser) seen.user_events.push_back(id);
  if (seen.below_minimum.empty() && !is_observed(event.source)) seen.below_minimum = id;
  return {};
}

Status apply_policy(const Examination& seen) {
  std::string reasons;
  if (!seen.user_events.empty()) {
    reasons = "policy.ingest.user_attestation.missing: user events need an attestation key:";
    for (const auto& id : seen.user_events) reasons += cat(" ", id);
  }
  if (!seen.below_minimum.empty()) {
    reasons += cat(reasons.empty() ? "" : "\n  - ",
                   "policy.ingest.event_source_tier_gate.below_minimum: event ", seen.below_minimum,
                   " is below tier observed");
  }
  if (reasons.empty()) return {};
  return refused(Code::kPrecondition, cat("policy_outcome=Reject\n  - ", reasons, "\n"),
                 "remove these events; this version cannot attest them");
}

// Knows which ids the ledger holds already: asks the mirror, or has read the ledger.
class KnownIds {
 public:
  static Result<KnownIds> from_ledger(fs::File& file, std::uint64_t size) {
    KnownIds known;
    ledger::RowStream stream(file, 0, size);
    for (;;) {
      CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
      if (row == nullptr) break;
      known.ids_.insert(row->event.id);
    }
    return known;
  }
  // The mirror answers alone while it holds nothing that the ledger lacks.
  static Result<KnownIds> from_mirror(sqlite::Connection& db, const store::MirrorState& state,
                                      fs::File& file, std::uint64_t size) {
    CORTEX_ASSIGN(const std::int64_t conflicts,
                  db.query_int("SELECT count(*) FROM cortex_mirror_conflicts"));
    CORTEX_ASSIGN(const std::int64_t last,
                  db.query_int("SELECT coalesce(max(rowid), 0) FROM events"));
    if (conflicts > 0 || static_cast<std::uint64_t>(last) > state.rows)
      return from_ledger(file, size);
    KnownIds known;
    CORTEX_ASSIGN(auto find, db.prepare("SELECT 1 FROM events WHERE id = ?1"));
    known.find_.emplace(std::move(find));
    return known;
  }
  Result<bool> contains(const Ulid& id) {
    if (!find_) return ids_.contains(id);
    CORTEX_TRY(find_->bind(1, core::id_text(core::IdKind::kEvent, id)));
    CORTEX_ASSIGN(const bool found, find_->step());
    find_->reset();
    return found;
  }

 private:
  IdSet ids_;
  std::optional<sqlite::Statement> find_;
};

// The store's side of one ingest: absent when there is no store or it is not wanted.
struct Mirror {
  std::optional<sqlite::Connection> db;
  std::optional<sqlite::Transaction> transaction;
  std::optional<store::MirrorWriter> writer;
};

Status begin_mirror(Services& services, const IngestRequest& request, ledger::AppendLog& log,
                    Mirror& mirror, std::string& note) {
  if (!request.mirror) {
    note = "the mirror was left behind as asked";
    return {};
  }
  CORTEX_ASSIGN(const fs::Info info, services.fs.stat(request.layout.db_path));
  if (info.kind == fs::Kind::kMissing) {
    note = cat("there is no store ", quoted(request.layout.db_path), "; `cortex init` creates one");
    return {};
  }
  CORTEX_ASSIGN(auto opened, store::open_for_writing(request.layout.db_path));
  mirror.db.emplace(std::move(opened.connection));
  // Whatever is written here can be rebuilt from the ledger, so the commit need not wait for the
  // disk.
  CORTEX_TRY(mirror.db->exec("PRAGMA synchronous = NORMAL"));
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(*mirror.db, sqlite::Transaction::Kind::kImmediate));
  mirror.transaction.emplace(std::move(transaction));
  CORTEX_ASSIGN(auto writer,
                store::catch_up(*mirror.db, log.file(), log.size_bytes(), services.clock));
  mirror.writer.emplace(std::move(writer));
  return {};
}

Status append_events(const std::string& text, ledger::AppendLog& log, KnownIds& known,
                     Mirror& mirror, IngestReport& report) {
  return ledger::for_each_event(text, [&](core::DecodedEvent& decoded) -> Status {
    core::Event& event = decoded.event;
    CORTEX_ASSIGN(const bool present, known.contains(event.id));
    std::string id = core::id_text(core::IdKind::kEvent, event.id);
    if (present) {
      report.skipped.push_back(std::move(id));
      return {};
    }
    event.signature.reset();
    CORTEX_TRY(log.append(event));
    if (mirror.writer) CORTEX_TRY(mirror.writer->add(event, event.payload, log.next_offset()));
    if (decoded.unstable_numbers) report.unstable.push_back(id);
    report.appended.push_back(std::move(id));
    return {};
  });
}

// The ledger's rows are durable when this is called: a store that cannot follow only lags.
Status commit_mirror(Mirror& mirror) {
  if (!mirror.writer) return {};
  CORTEX_TRY(mirror.writer->finish());
  return mirror.transaction->commit();
}

}  // namespace

Result<IngestReport> ingest(Services& services, const IngestRequest& request) {
  CORTEX_ASSIGN(const std::string text, read_session(services.fs, request.session));
  Examination seen;
  if (auto status = ledger::for_each_event(
          text, [&](core::DecodedEvent& decoded) { return examine(decoded.event, seen); });
      !status.ok()) {
    status.error().unchanged = "the ledger was not changed";
    return std::move(status).error();
  }
  CORTEX_TRY(apply_policy(seen));
  CORTEX_ASSIGN(auto log, ledger::AppendLog::open(services.fs, request.layout.event_log_path,
                                                  services.clock, services.random));
  IngestReport report;
  report.torn_tail = log->moved_tail();
  Mirror mirror;
  if (auto status = begin_mirror(services, request, *log, mirror, report.mirror_note);
      !status.ok()) {
    if (status.error().code == Code::kChain || status.error().code == Code::kPrecondition) {
      return std::move(status).error();
    }
    mirror.writer.reset();
    mirror.transaction.reset();
    mirror.db.reset();
    report.mirror_note = status.error().message;
  }
  auto known = mirror.writer ? KnownIds::from_mirror(*mirror.db, mirror.writer->state(),
                                                     log->file(), log->size_bytes())
                             : KnownIds::from_ledger(log->file(), log->size_bytes());
  if (!known.ok()) return std::move(known).error();
  CORTEX_TRY(append_events(text, *log, *known, mirror, report));
  CORTEX_TRY(log->commit());
  if (auto status = commit_mirror(mirror); !status.ok()) {
    report.mirror_note = cat("the store could not follow: ", status.error().message);
  }
  report.mirrored = mirror.writer.has_value() && report.mirror_note.empty();
  report.chain_head = log->head();
  return report;
}

}  // namespace cortex::app
