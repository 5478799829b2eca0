#include "app/session_close.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/checked_store.h"
#include "app/embedding.h"
#include "app/ingest_rules.h"
#include "app/memory_work.h"
#include "app/open_store.h"
#include "app/reflection_keep.h"
#include "app/session_file.h"
#include "app/session_import.h"
#include "app/session_proposals.h"
#include "app/session_text.h"
#include "base/stop.h"
#include "base/text.h"
#include "core/ids.h"
#include "reflect/extract.h"
#include "store/embeddings.h"
#include "store/memories.h"

namespace cortex::app {
namespace {

// With the token of the step that failed; one that the error had before goes before its message.
Error close_failure(Error error, std::string_view token) {
  if (!error.token.empty() && error.token != token) {
    error.message = cat(error.token, ": ", error.message);
  }
  error.token = token;
  return error;
}

// What a first reading of the session finds: how many events, the trace that they belong to, and
// what its sentences say.
struct SessionLook {
  std::uint64_t events = 0;
  std::optional<std::string> trace_id;
  reflect::Extractor extractor;
};

Result<SessionLook> look_at(Services& services, const CloseRequest& request) {
  CORTEX_ASSIGN(SessionFile session, request.text ? SessionFile::of_text(*request.text)
                                                  : SessionFile::open(services.fs, request.events));
  SessionLook look;
  const auto on_restart = [&look] { look = {}; };
  const auto on_event = [&](core::DecodedEvent& decoded) -> Status {
    ++look.events;
    if (request.extract) hear(decoded.event, look.extractor);
    if (!look.trace_id && decoded.event.trace_id) {
      look.trace_id = core::id_text(core::IdKind::kTrace, *decoded.event.trace_id);
    }
    return {};
  };
  CORTEX_TRY(ledger::read_session(
      session.reader(),
      {.on_restart = on_restart, .on_event = on_event, .payloads = request.extract}));
  return look;
}

Result<IngestReport> ingest_session(Services& services, const CloseRequest& request) {
  if (request.text) return ingest_text(services, request.layout, *request.text);
  return ingest(services, {.session = request.events,
                           .layout = request.layout,
                           .user_attestation = request.user_attestation});
}

// The rules without the writing: what `--dry-run` can tell.
Status rehearse(Services& services, const CloseRequest& request) {
  CORTEX_ASSIGN(SessionFile session, request.text ? SessionFile::of_text(*request.text)
                                                  : SessionFile::open(services.fs, request.events));
  CORTEX_ASSIGN(const Examination seen, examine_session(session));
  return apply_ingest_rules(seen, request.user_attestation.has_value());
}

std::optional<transcript::Format> format_of(Services& services, const CloseRequest& request) {
  if (request.text || request.form == SessionForm::kSession) return std::nullopt;
  if (request.form == SessionForm::kTranscript) return request.format;
  return detect_transcript(services, request.events);
}

class Closing {
 public:
  Closing(Services& services, const CloseRequest& request)
      : services_(services), request_(request), format_(format_of(services, request)) {}

  CloseReport go() {
    const bool memories = format_ && transcript::is_memory_store(*format_);
    const Status done = format_ && !memories ? import_step(*format_) : ingest_step();
    if (!done.ok()) {
      Error error = done.error();
      // A session that cannot be read is a precondition here, whatever it is for `ingest`.
      if (!request_.text && error.code == Code::kUsage) {
        error.code = Code::kPrecondition;
        if (memories) error.next = "memories of other programs come in by `cortex session import`";
      }
      report_.failure = close_failure(std::move(error), kCloseIngestFailed);
      return std::move(report_);
    }
    if (request_.dry_run) return std::move(report_);
    finish();
    return std::move(report_);
  }

 private:
  // The rules first, and with them the words of whoever judges the session; then what it says.
  Status ingest_step() {
    if (request_.dry_run) {
      CORTEX_TRY(rehearse(services_, request_));
    } else {
      CORTEX_ASSIGN(const IngestReport ingested, ingest_session(services_, request_));
      report_.appended = ingested.appended.size();
      report_.skipped = ingested.skipped.size();
      for (std::string& note : ingested.notes()) report_.notes.push_back(std::move(note));
    }
    CORTEX_ASSIGN(SessionLook look, look_at(services_, request_));
    if (request_.dry_run) {
      report_.skipped = look.events;
      report_.proposed = look.extractor.found();
    }
    report_.trace_id = look.trace_id;
    if (look.trace_id) sessions_.push_back({*look.trace_id, std::move(look.extractor)});
    return {};
  }

  // The same for a transcript: what its lines say becomes events by the rules of an import.
  Status import_step(transcript::Format format) {
    const ImportRequest import{.path = request_.events,
                               .format = format,
                               .layout = request_.layout,
                               .user_attestation = request_.user_attestation,
                               .mark_user_lines = request_.mark_user_lines,
                               .extract = request_.extract,
                               .list_sessions = true,
                               .dry_run = request_.dry_run,
                               .policy = request_.policy,
                               .caller = request_.caller};
    CORTEX_ASSIGN(ImportReport imported, import_sessions(services_, import));
    ImportedFile& file = imported.files.front();
    if (file.failure) return *std::move(file.failure);
    report_.format = file.format;
    report_.appended = file.appended;
    report_.user_lines_skipped = file.user_lines_skipped;
    report_.skipped =
        request_.dry_run ? file.counts.turns - file.user_lines_skipped : file.already_known;
    report_.redactions = std::move(file.redactions);
    report_.notes = std::move(imported.notes);
    sessions_ = std::move(file.sessions);
    report_.sessions = sessions_.size();
    if (!sessions_.empty()) report_.trace_id = sessions_.back().trace_id;
    if (!request_.dry_run) return {};
    for (const ImportedSession& session : sessions_) report_.proposed += session.heard.found();
    return {};
  }

  void finish() {
    Status done = reflect_step();
    // What was kept before a failure is there, and is found like anything else.
    Status embedded = embed();
    if (done.ok()) {
      done = std::move(embedded);
    } else if (!embedded.ok()) {
      report_.embedding_errors.push_back(embedded.error().message);
    }
    if (done.ok()) return;
    Error error = close_failure(done.error(), kCloseReflectFailed);
    error.unchanged = report_.memory_ids.empty() ? "the events stay in the ledger"
                                                 : "the events and what was kept before it stay";
    report_.failure = std::move(error);
  }

  // A store that cannot be used is told even where nothing would be kept.
  Status reflect_step() {
    CORTEX_TRY(open_checked_store(services_, request_.layout));
    if (!request_.reflect) return {};
    for (const ImportedSession& session : sessions_) {
      CORTEX_TRY(go_on(services_.stop));
      report_.trace_id = session.trace_id;
      CORTEX_TRY(reflect_upon(session));
    }
    return {};
  }

  Status reflect_upon(const ImportedSession& session) {
    CORTEX_ASSIGN(const llm::Response answer, ask(session));
    CORTEX_ASSIGN(CloseReport kept,
                  keep_answer(services_, request_, session.trace_id, report_.adapter_id, answer));
    report_.model = std::move(kept.model);
    report_.raw_hash = std::move(kept.raw_hash);
    report_.proposed += kept.proposed;
    report_.already_existed += kept.already_existed;
    report_.episodes += kept.episodes;
    report_.principles += kept.principles;
    if (kept.quarantine) {
      report_.quarantine = std::move(kept.quarantine);
      ++report_.quarantined;
    }
    std::ranges::move(kept.memory_ids, std::back_inserter(report_.memory_ids));
    std::ranges::move(kept.gated, std::back_inserter(report_.gated));
    std::ranges::move(kept.notes, std::back_inserter(report_.notes));
    return {};
  }

  // No lock is held while the model thinks.
  Result<llm::Response> ask(const ImportedSession& session) {
    if (request_.extract) {
      report_.adapter_id = reflect::kExtractAdapter;
      return reflect::extracted_answer(session.heard.document(session.trace_id));
    }
    if (!model_) {
      auto model = request_.proposer.open();
      if (!model.ok()) return failed(model.error());
      model_ = std::move(model).value();
      report_.adapter_id = model_->adapter_id();
    }
    CORTEX_ASSIGN(StoreAtWork store, open_store(services_, request_.layout));
    auto question = request_.proposer.ask(store.connection, session.trace_id);
    if (!question.ok()) return failed(question.error());
    auto answer = model_->complete(*question);
    if (!answer.ok()) return failed(answer.error());
    return answer;
  }

  static Error failed(Error error) {
    return with_code(with_context(std::move(error), "reflection failed"), Code::kInternal);
  }

  // Derived data, made by the local stub: a failure costs a vector, not a memory.
  Status embed() {
    if (report_.memory_ids.empty()) return {};
    CORTEX_ASSIGN(StoreAtWork store, open_store(services_, request_.layout));
    const auto embedder = stub_embedder();
    std::vector<store::NewVector> vectors;
    const auto visit = [&](const store::Memory& memory) -> Status {
      const std::vector<std::string> tags = memory.tags();
      auto vector = embedder->embed(memory.claim, tags);
      if (!vector.ok()) {
        report_.embedding_errors.push_back(cat(memory.id, ": ", vector.error().message));
        return {};
      }
      vectors.push_back(
          {memory.id, embedder->backend_id(), static_cast<std::int64_t>(vector->size()),
           retrieval::vector_bytes(*vector), store::embedding_content_hash(memory.claim, tags),
           column_time(services_.clock.now())});
      return {};
    };
    CORTEX_TRY(store::each_memory(store.connection, {.ids = report_.memory_ids}, visit));
    CORTEX_TRY(store::put_vectors(store.connection, vectors));
    report_.embedded = vectors.size();
    return {};
  }

  Services& services_;
  const CloseRequest& request_;
  const std::optional<transcript::Format> format_;  // nothing: events of Cortex
  CloseReport report_;
  std::vector<ImportedSession> sessions_;
  std::unique_ptr<llm::Model> model_;
};

// What was taken out and what was refused, as far as there is any.
void add_findings(json::Object& out, const CloseReport& report) {
  if (!report.format.empty()) add_redactions(out, report.redactions);
  if (!report.quarantine) return;
  out.add("quarantine", json::Object{{"reason", report.quarantine->reason},
                                     {"detail", report.quarantine->detail},
                                     {"audit_id", report.quarantine->audit_id},
                                     {"output_hash", report.quarantine->output_hash}});
  out.add("quarantined_count", report.quarantined);
}

json::Object failure_json(const CloseReport& report) {
  // Constant zeros by format; what was written stands in the members of our own.
  json::Object out{{"activated_count", 0},
                   {"appended_count", report.appended},
                   {"detail", cat(report.failure->token, ": ", report.failure->message)},
                   {"embedding_count", 0},
                   {"ingested_count", 0},
                   {"invariant", report.failure->token},
                   {"proposed_count", 0},
                   {"skipped_count", report.skipped}};
  if (!report.memory_ids.empty()) out.add("kept_memory_ids", json::array_of(report.memory_ids));
  add_findings(out, report);
  return out;
}

}  // namespace

CloseReport close_session(Services& services, const CloseRequest& request) {
  return Closing(services, request).go();
}

json::Value to_json(const CloseReport& report) {
  if (report.failure) return json::sorted(failure_json(report));
  json::Object out{{"activated_count", report.memory_ids.size()},
                   {"activated_memory_ids", json::array_of(report.memory_ids)},
                   {"already_existed_count", report.already_existed},
                   {"appended_count", report.appended},
                   {"embedding_count", report.embedded},
                   {"embedding_error_count", report.embedding_errors.size()},
                   {"episode_count", report.episodes},
                   {"failed_activation_count", 0},
                   {"failed_ids", json::Array()},
                   {"failed_structural_gate_count", report.gated.size()},
                   {"ingested_count", report.ingested()},
                   {"no_candidates", report.proposed == 0},
                   {"principle_candidate_count", report.principles},
                   {"proposed_count", report.proposed},
                   {"skipped_count", report.skipped}};
  if (!report.format.empty()) {
    out.add("format", report.format);
    out.add("session_count", report.sessions);
    out.add("user_lines_skipped", report.user_lines_skipped);
  }
  if (!report.gated.empty()) out.add("failed_structural_gates", json::array_of(report.gated));
  if (!report.adapter_id.empty()) {
    out.add("adapter_id", report.adapter_id);
    out.add("model", report.model);
    out.add("raw_hash", report.raw_hash);
  }
  add_findings(out, report);
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
