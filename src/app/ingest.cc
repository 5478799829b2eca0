#include "app/ingest.h"

#include <cerrno>
#include <utility>

#include "app/attest.h"
#include "app/audit.h"
#include "app/ingest_rules.h"
#include "app/known_ids.h"
#include "app/operations.h"
#include "app/row_signing.h"
#include "app/search_index.h"
#include "app/session_file.h"
#include "base/stop.h"
#include "base/text.h"
#include "core/ids.h"
#include "crypto/key_file.h"
#include "ledger/attestation.h"
#include "sqlite/transaction.h"
#include "store/mirror.h"
#include "store/mirror_feed.h"
#include "store/open.h"

namespace cortex::app {
namespace {

// The store's side of one ingest: empty when there is no store or it is not wanted.
struct Mirror {
  std::optional<sqlite::Connection> db;
  std::optional<sqlite::Transaction> transaction;
  std::optional<store::MirrorWriter> writer;

  void give_up() {
    writer.reset();
    transaction.reset();
    db.reset();
  }
};

// What the mirror's transaction writes can be rebuilt from the ledger, so its commit need not wait
// for the disk. The cache holds the indexes of some 200,000 rows. The JSON columns come from our
// own writer: checking them again by SQL would take a third of the time.
constexpr const char* kMirrorSettings =
    "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000; "
    "PRAGMA ignore_check_constraints = ON";

Status begin_mirror(Services& services, const Layout& layout, ledger::AppendLog& log,
                    Mirror& mirror) {
  CORTEX_ASSIGN(auto opened, store::open_for_writing(layout.db_path));
  mirror.db.emplace(std::move(opened.connection));
  CORTEX_TRY(mirror.db->exec(kMirrorSettings));
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(*mirror.db, sqlite::Transaction::Kind::kImmediate));
  mirror.transaction.emplace(std::move(transaction));
  CORTEX_ASSIGN(auto writer, store::catch_up(*mirror.db, log.file(), log.size_bytes(),
                                             services.clock, projector()));
  CORTEX_TRY(writer.finish());  // known_ids() asks the store how far it is
  mirror.writer.emplace(std::move(writer));
  return {};
}

// A store that cannot follow only lags behind; the reason is returned for the report.
Result<std::string> open_mirror(Services& services, const IngestRequest& request,
                                ledger::AppendLog& log, Mirror& mirror) {
  if (!request.mirror) return std::string("the store was left behind, as asked");
  CORTEX_ASSIGN(const fs::Info info, services.fs.stat(request.layout.db_path));
  if (info.kind == fs::Kind::kMissing) {
    return cat("there is no store ", quoted(request.layout.db_path), "; `cortex init` creates one");
  }
  const Status begun = begin_mirror(services, request.layout, log, mirror);
  if (begun.ok()) return std::string();
  mirror.give_up();
  if (begun.error().code == Code::kChain) return begun.error();  // the ledger itself is unreadable
  return cat("the store cannot follow: ", begun.error().message, kFollowsLater);
}

// Where the events go.
struct Sinks {
  Services& services;
  ledger::AppendLog& log;
  Attestor* attestor;  // or null
  bool list_ids = true;
  bool may_repeat = false;  // the source may name an id twice; else the examination refused that
  bool is_signed = false;   // the rows are
  store::MirrorFeed* feed = nullptr;
};

// Second reading of the session: seals and appends what the first one examined. Where ids may
// repeat `known` grows by what is appended, so that an id is appended once.
Status append_events(const EventSource& source, const Examination& seen, IdSet& known,
                     const Sinks& sinks, IngestReport& report) {
  std::uint64_t position = sinks.log.rows();
  std::uint64_t overridden = seen.summary.restarts;  // "events" members that do not count
  const auto on_restart = [&] { --overridden; };
  const auto on_event = [&](core::DecodedEvent& decoded) -> Status {
    if (overridden > 0) return {};
    core::Event& event = decoded.event;
    const std::string id =
        sinks.list_ids ? core::id_text(core::IdKind::kEvent, event.id) : std::string();
    const bool fresh = sinks.may_repeat ? known.insert(event.id).second : !known.contains(event.id);
    if (!fresh) {
      ++report.skipped_count;
      if (sinks.list_ids) report.skipped.push_back(id);
      return {};
    }
    event.signature.reset();
    if (sinks.is_signed) CORTEX_TRY(require_no_rotation(event));
    CORTEX_TRY(sinks.log.append(event));
    if (sinks.attestor != nullptr) sinks.attestor->attest(sinks.services, event, position);
    ++position;
    ++report.appended_count;
    if (sinks.list_ids && decoded.unstable_numbers) report.unstable.push_back(id);
    if (sinks.list_ids) report.appended.push_back(id);
    if (sinks.feed != nullptr) sinks.feed->add(event, sinks.log.next_offset());
    return {};
  };
  CORTEX_ASSIGN(const ledger::SessionSummary summary, source({on_restart, on_event}));
  if (summary.digest == seen.summary.digest) return {};
  Error error = make_error(Code::kPrecondition, "the session file changed while it was read");
  error.next = "run the command again when nothing writes to the file";
  return error;
}

Status append_and_mirror(const EventSource& source, const Examination& seen, IdSet& known,
                         Sinks sinks, const std::string& records, Mirror& mirror,
                         IngestReport& report) {
  std::optional<store::MirrorFeed> feed;
  if (mirror.writer) sinks.feed = &feed.emplace(*mirror.writer);
  CORTEX_TRY(append_events(source, seen, known, sinks, report));
  // An attestation without its event says nothing; an event without its attestation would.
  if (sinks.attestor != nullptr) CORTEX_TRY(sinks.attestor->write(sinks.services, records));
  CORTEX_TRY(sinks.log.commit());
  sinks.services.count_recorded(report.appended_count);
  if (sinks.attestor != nullptr) report.attested = sinks.attestor->user_events();
  // The rows are durable now, whatever becomes of the store.
  if (!feed) return {};
  Status mirrored = feed->finish();
  if (mirrored.ok()) mirrored = mirror.writer->finish();
  if (mirrored.ok()) report.index_note = keep_index(*mirror.db);
  if (mirrored.ok()) mirrored = mirror.transaction->commit();
  report.mirrored = mirrored.ok();
  if (!mirrored.ok()) {
    report.mirror_note =
        cat("the store could not follow: ", mirrored.error().message, kFollowsLater);
  }
  return {};
}

// What has a token is told by what makes it; everything else mends itself.
std::string tree_note(const Error& error) {
  if (!error.token.empty()) return error.message;
  return cat("the Merkle tree could not follow: ", error.message,
             "; the rows are recorded, the next append brings it up to date");
}

// What `ingest` calls the failures of the ledger: unreadable bytes count as input and output.
Error ledger_error(Error error) {
  if (error.token == ledger::kNotUtf8Token) error.code = Code::kInternal;
  if (error.token != ledger::kNotSyncedToken) error.unchanged = "the ledger was not changed";
  return error;
}

// The key is read even when no event needs it: a wrong path is found at once.
Result<std::optional<Attestor>> read_attestor(Services& services, const IngestRequest& request) {
  if (!request.user_attestation) return std::optional<Attestor>();
  CORTEX_ASSIGN(crypto::SigningKey key,
                crypto::read_signing_key(services.fs, *request.user_attestation));
  return std::optional<Attestor>(
      Attestor(std::move(key),
               ledger::ledger_id_of(request.layout.event_log_path, ledger::kIngestLedgerId)));
}

// `session` keeps the file that the source reads.
Result<EventSource> source_of(Services& services, const IngestRequest& request,
                              std::optional<SessionFile>& session) {
  if (request.source) return request.source;
  CORTEX_ASSIGN(session, request.text ? SessionFile::of_text(*request.text)
                                      : SessionFile::open(services.fs, request.session));
  return events_of(*session);
}

}  // namespace

Result<IngestReport> ingest(Services& services, const IngestRequest& request) {
  std::optional<SessionFile> session;
  CORTEX_ASSIGN(const EventSource source, source_of(services, request, session));
  CORTEX_ASSIGN(const Examination seen, examine_events(source, request.repeats));
  CORTEX_TRY(apply_ingest_rules(seen, request.user_attestation.has_value()));
  CORTEX_ASSIGN(std::optional<Attestor> attestor, read_attestor(services, request));
  auto opened = ledger::AppendLog::open(services.fs, request.layout.event_log_path, services.clock,
                                        services.random);
  if (!opened.ok()) {
    Error error = ledger_error(std::move(opened).error());
    if (error.next.empty() && error.system_errno == ENOENT) error.next = kNoLedgerNext;
    return error;
  }
  ledger::AppendLog& log = **opened;
  IngestReport report;
  report.torn_tail = log.moved_tail();
  if (log.broken_promise()) {
    report.ledger_note =
        cat(log.broken_promise()->token, ": ", describe(*log.broken_promise(), log.size_bytes()));
  }
  CORTEX_ASSIGN(report.signed_by, sign_entitled(services, request.layout, log));
  if (!request.tree) log.leave_tree_behind();
  if (request.row_hash) log.begin_coverage();
  Mirror mirror;
  CORTEX_ASSIGN(report.mirror_note, open_mirror(services, request, log, mirror));
  auto known =
      known_ids(services.fs, request.layout, mirror.db ? &*mirror.db : nullptr, log, seen.ids);
  if (!known.ok()) return ledger_error(std::move(known).error());
  CORTEX_TRY(go_on(services.stop));
  auto status =
      append_and_mirror(source, seen, *known,
                        {services, log, attestor ? &*attestor : nullptr, request.list_ids,
                         request.repeats == Repeats::kSkipped, report.signed_by.has_value()},
                        audit_records_path(request.layout.data_dir), mirror, report);
  if (!status.ok()) return ledger_error(std::move(status).error());
  report.chain_head = log.head();
  if (log.tree_error()) report.tree_note = tree_note(*log.tree_error());
  return report;
}

std::vector<std::string> IngestReport::notes() const {
  std::vector<std::string> out{mirror_note, index_note, tree_note, ledger_note};
  std::erase(out, "");
  return out;
}

json::Value to_json(const IngestReport& report) {
  json::Object out{{"appended", json::array_of(report.appended)},
                   {"appended_count", report.appended.size()},
                   {"attested_user_count", report.attested.size()},
                   {"attested_user_events", json::array_of(report.attested)},
                   {"chain_head", json::or_null(report.chain_head)},
                   {"mirror_note", report.mirror_note},
                   {"mirrored", report.mirrored},
                   {"skipped", json::array_of(report.skipped)},
                   {"skipped_count", report.skipped.size()}};
  if (!report.index_note.empty()) out.add("index_note", report.index_note);
  if (report.signed_by) out.add("signed_by", *report.signed_by);
  if (!report.unstable.empty()) out.add("unstable_numbers", json::array_of(report.unstable));
  if (!report.tree_note.empty()) out.add("tree_note", report.tree_note);
  if (!report.ledger_note.empty()) out.add("ledger_note", report.ledger_note);
  if (report.torn_tail) {
    out.add("torn_tail_evidence", report.torn_tail->evidence_path);
    out.add("torn_tail_offset", report.torn_tail->offset);
  }
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
