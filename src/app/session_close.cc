#include "app/session_close.h"

#include <utility>

#include "app/embedding.h"
#include "app/ingest_rules.h"
#include "app/memory_work.h"
#include "app/open_store.h"
#include "app/operations.h"
#include "app/reflection_keep.h"
#include "app/session_file.h"
#include "app/session_import.h"
#include "app/session_proposals.h"
#include "app/session_text.h"
#include "app/trace_events.h"
#include "base/stop.h"
#include "base/text.h"
#include "core/ids.h"
#include "reflect/extract.h"
#include "store/embeddings.h"
#include "store/memories.h"

namespace cortex::app {
namespace {

Error with_token(Error error, std::string_view token) {
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
  return ingest(services, {.session = request.events, .layout = request.layout});
}

// The rules without the writing: what `--dry-run` can tell.
Status rehearse(Services& services, const CloseRequest& request) {
  CORTEX_ASSIGN(SessionFile session, request.text ? SessionFile::of_text(*request.text)
                                                  : SessionFile::open(services.fs, request.events));
  CORTEX_ASSIGN(const Examination seen, examine_session(session));
  return apply_ingest_rules(seen);
}

// A name that cannot be opened is told by who reads it.
std::optional<transcript::Format> transcript_in(Services& services, const CloseRequest& request) {
  constexpr std::size_t kDetectBytes = 64U << 10;
  if (request.text || request.form == SessionForm::kSession) return std::nullopt;
  if (request.form == SessionForm::kTranscript) return request.format;
  const auto file = services.fs.open(request.events, fs::Open::kRead);
  if (!file.ok()) return std::nullopt;
  std::string begin(kDetectBytes, '\0');
  const auto got = (*file)->read_at(0, begin);
  if (!got.ok()) return std::nullopt;
  begin.resize(*got);
  const auto format = transcript::detect_format(begin, fs::name_of(request.events));
  return format && !transcript::is_memory_store(*format) ? format : std::nullopt;
}

class Closing {
 public:
  Closing(Services& services, const CloseRequest& request)
      : services_(services), request_(request), transcript_(transcript_in(services, request)) {}

  CloseReport go() {
    if (const Status done = transcript_ ? import_step(*transcript_) : ingest_step(); !done.ok()) {
      // A session that cannot be read is a precondition here, whatever it is for `ingest`.
      Error error = done.error();
      if (!request_.text && error.code == Code::kUsage) error.code = Code::kPrecondition;
      report_.failure = with_token(std::move(error), kCloseIngestFailed);
      return std::move(report_);
    }
    if (request_.dry_run) return std::move(report_);
    if (const Status done = reflect_step(); !done.ok()) {
      report_.failure = with_token(done.error(), kCloseReflectFailed);
    }
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
      for (const std::string* note : {&ingested.mirror_note, &ingested.index_note,
                                      &ingested.tree_note, &ingested.ledger_note}) {
        if (!note->empty()) report_.notes.push_back(*note);
      }
    }
    CORTEX_ASSIGN(SessionLook look, look_at(services_, request_));
    if (request_.dry_run) {
      report_.skipped = look.events;
      report_.proposed = look.extractor.found();
    }
    if (look.trace_id) traces_ = {*look.trace_id};
    report_.trace_id = look.trace_id;
    extractor_ = std::move(look.extractor);
    return {};
  }

  // The same for a transcript: what its lines say becomes events by the rules of an import.
  Status import_step(transcript::Format format) {
    const ImportRequest import{.path = request_.events,
                               .format = format,
                               .layout = request_.layout,
                               .user_attestation = request_.user_attestation,
                               .mark_user_lines = request_.mark_user_lines,
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
    report_.notes = std::move(imported.notes);
    CORTEX_ASSIGN(traces_, traces_of(services_, import, format));
    report_.sessions = traces_.size();
    if (!traces_.empty()) report_.trace_id = traces_.back();
    return {};
  }

  Status reflect_step() {
    CORTEX_TRY(require_store(services_, request_.layout));
    if (!request_.reflect) return {};
    for (const std::string& trace : traces_) {
      CORTEX_TRY(go_on(services_.stop));
      report_.trace_id = trace;
      CORTEX_TRY(reflect_upon_trace());
    }
    return embed();
  }

  Status reflect_upon_trace() {
    CORTEX_ASSIGN(const llm::Response answer, ask());
    report_.model = answer.model;
    report_.raw_hash = answer.raw_hash;
    reflect::SessionReflection reflection;
    const Plan plan = [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
      auto refused = judge_answer(db, *report_.trace_id, report_.adapter_id, answer, reflection);
      if (refused) {
        report_.quarantine = std::move(refused);
        return std::vector{quarantine_operation(services_, *report_.quarantine)};
      }
      return keep_operations(services_, db, request_, reflection, report_);
    };
    CORTEX_ASSIGN(const Recorded recorded,
                  change_memories(services_, request_.layout, request_.caller, plan));
    if (!recorded.mirror_note.empty()) report_.notes.push_back(recorded.mirror_note);
    return {};
  }

  // No lock is held while the model thinks.
  Result<llm::Response> ask() {
    if (request_.extract) {
      report_.adapter_id = reflect::kExtractAdapter;
      if (transcript_) CORTEX_TRY(hear_trace());
      return reflect::extracted_answer(extractor_.document(*report_.trace_id));
    }
    auto model = request_.proposer.open();
    if (!model.ok()) return failed(model.error());
    report_.adapter_id = (*model)->adapter_id();
    CORTEX_ASSIGN(StoreAtWork store, open_store(services_, request_.layout));
    auto question = request_.proposer.ask(store.connection, *report_.trace_id);
    if (!question.ok()) return failed(question.error());
    auto answer = (*model)->complete(*question);
    if (!answer.ok()) return failed(answer.error());
    return answer;
  }

  Status hear_trace() {
    CORTEX_ASSIGN(StoreAtWork store, open_store(services_, request_.layout));
    CORTEX_ASSIGN(const auto events, events_of_trace(store.connection, *report_.trace_id));
    extractor_ = hear_all(events);
    return {};
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
  const std::optional<transcript::Format> transcript_;
  CloseReport report_;
  std::vector<std::string> traces_;
  reflect::Extractor extractor_;
};

json::Object failure_json(const CloseReport& report) {
  // Constant zeros by format; what was written stands in the members of our own.
  return {{"activated_count", 0},
          {"appended_count", report.appended},
          {"detail", cat(report.failure->token, ": ", report.failure->message)},
          {"embedding_count", 0},
          {"ingested_count", 0},
          {"invariant", report.failure->token},
          {"proposed_count", 0},
          {"skipped_count", report.skipped}};
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
  if (report.quarantine) {
    out.add("quarantine", json::Object{{"reason", report.quarantine->reason},
                                       {"detail", report.quarantine->detail},
                                       {"audit_id", report.quarantine->audit_id},
                                       {"output_hash", report.quarantine->output_hash}});
  }
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
