#include "app/session_import.h"

#include <algorithm>
#include <map>
#include <utility>

#include "app/ingest.h"
#include "app/memory_work.h"
#include "app/open_store.h"
#include "app/reflection_keep.h"
#include "base/text.h"
#include "core/ids.h"
#include "crypto/digest.h"
#include "transcript/read.h"

namespace cortex::app {
namespace {

constexpr std::string_view kTraceDomain = "cortex.import.trace.v1";
constexpr std::size_t kDetectBytes = 64U << 10;
constexpr int kFolderDepthMax = 32;
// Sessions whose sentences are listened to at once; of more than that, those read last.
constexpr std::size_t kSessionsHeardMax = 1000;

Error import_unreadable(const std::string& path, const Error& why) {
  return refusal(Code::kPrecondition, cat(quoted(path), " cannot be read: ", fs::describe(why)),
                 "check the path and its permissions");
}

// The name without its last ending.
std::string stem_of(const std::string& path) {
  const std::string name = fs::name_of(path);
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

// One file being read: as often as somebody asks, always the same turns. A program may go on
// writing it: what was not there when it was opened is left for another time.
class ImportFile {
 public:
  ImportFile(Services& services, std::string path) : services_(services), path_(std::move(path)) {}

  Status open() {
    auto file = services_.fs.open(path_, fs::Open::kRead);
    if (!file.ok()) return import_unreadable(path_, file.error());
    file_ = std::move(file).value();
    CORTEX_ASSIGN(const fs::Info info, file_->info());
    size_ = info.size_bytes;
    return {};
  }

  Result<std::optional<transcript::Format>> detect() {
    std::string begin(kDetectBytes, '\0');
    CORTEX_ASSIGN(const std::size_t got, read_at(0, begin));
    begin.resize(got);
    is_export_ = is_export(begin);
    return transcript::detect_format(begin, fs::name_of(path_));
  }
  // Known after detect().
  bool is_cortex_export() const { return is_export_; }

  transcript::ReadAt reader() {
    return [this](std::uint64_t offset, std::span<char> out) { return read_at(offset, out); };
  }

  Result<transcript::Counts> each_turn(transcript::Format format,
                                       const transcript::OnTurn& on_turn) {
    return transcript::read_transcript(format, reader(), stem_of(path_), on_turn);
  }

  const std::string& path() const { return path_; }

 private:
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) {
    const std::uint64_t rest = size_ - std::min(offset, size_);
    return file_->read_at(offset, out.first(std::min<std::uint64_t>(rest, out.size())));
  }

  Services& services_;
  std::string path_;
  std::unique_ptr<fs::File> file_;
  std::uint64_t size_ = 0;  // when it was opened
  bool is_export_ = false;
};

// From turns to events.
class TurnEvents {
 public:
  TurnEvents(const ImportRequest& request, Timestamp now) : request_(request), now_(now) {}

  enum class Payloads : std::uint8_t { kLeftOut, kWhole };

  // False: the turn is left out.
  bool fill(transcript::Turn& turn, Payloads payloads, core::DecodedEvent& out,
            memory::Redactions& redactions) const {
    core::Event& event = out.event;
    event = {};
    event.source = turn.source;
    if (turn.source.type == core::SourceType::kUser && !admit_user(turn, event)) return false;
    event.id = turn.id;
    event.type = turn.type;
    event.observed_at = turn.at;
    event.recorded_at = now_;
    event.session_id = turn.session;
    event.trace_id = trace_of(turn.session);
    event.domain_tags = turn.tags;
    for (const std::string& tag : request_.tags) event.domain_tags.push_back(tag);
    // No rule looks into payloads that this program makes: the first reading does without.
    if (payloads == Payloads::kWhole) {
      json::Value payload(std::move(turn.payload));
      if (request_.redact) memory::redact_strings(payload, request_.policy, redactions);
      event.payload = json::canonical(payload);
    }
    out.raw_payload = event.payload;
    out.raw_payload_is_canonical = true;
    out.payload_depth = 1;
    return true;
  }

  static Ulid trace_of(const std::string& session) {
    const std::string_view parts[] = {session};
    return transcript::hashed_ulid({}, kTraceDomain, parts);
  }

 private:
  bool admit_user(transcript::Turn& turn, core::Event& event) const {
    if (request_.user_lines() == UserLines::kSkipped) return false;
    if (request_.user_lines() == UserLines::kAttested) return true;
    event.source.type = core::SourceType::kTool;
    event.source.name = "transcript";
    turn.payload.set("unattested", true);
    return true;
  }

  const ImportRequest& request_;
  Timestamp now_;
};

// The sessions of one reading, in the order in which they begin.
class SessionList {
 public:
  explicit SessionList(std::vector<ImportedSession>& sessions) : sessions_(sessions) {
    sessions_.clear();
  }

  // The event has its payload, and what it says is heard when `listens`.
  void add(const std::string& session, const core::Event& event, bool listens) {
    if (event.type == core::EventType::kSystemNote) return;
    const auto [entry, fresh] = places_.emplace(session, sessions_.size());
    if (fresh) {
      sessions_.push_back(
          {.trace_id = core::id_text(core::IdKind::kTrace, TurnEvents::trace_of(session))});
    }
    if (listens) hear(event, sessions_[entry->second].heard);
  }

 private:
  std::vector<ImportedSession>& sessions_;
  std::map<std::string, std::size_t> places_;
};

// The events of a file as `ingest` reads them: twice. The digest covers what the rules judge, so
// that nothing else is appended than what they saw.
EventSource source_of(ImportFile& file, transcript::Format format, const ImportRequest& request,
                      const TurnEvents& events, ImportedFile& imported) {
  return [&file, format, &request, &events,
          &imported](const ledger::SessionCallbacks& callbacks) -> Result<ledger::SessionSummary> {
    ledger::SessionSummary summary;
    crypto::Blake3 hash;
    core::DecodedEvent decoded;
    imported.user_lines_skipped = 0;
    imported.redactions.clear();
    SessionList sessions(imported.sessions);
    // A dry run counts what would be taken out and hears what would be proposed, too.
    const bool whole = callbacks.payloads || request.dry_run;
    const auto payloads = whole ? TurnEvents::Payloads::kWhole : TurnEvents::Payloads::kLeftOut;
    const auto on_turn = [&](transcript::Turn&& turn) -> Status {
      if (!events.fill(turn, payloads, decoded, imported.redactions)) {
        ++imported.user_lines_skipped;
        return {};
      }
      ++summary.events;
      hash.update(decoded.event.id.text());
      hash.update(core::source_type_text(decoded.event.source.type));
      hash.update(decoded.event.source.name);
      if (request.list_sessions && whole) {
        sessions.add(turn.session, decoded.event, request.extract);
      }
      return callbacks.on_event(decoded);
    };
    CORTEX_ASSIGN(imported.counts, file.each_turn(format, on_turn));
    summary.digest = hash.finish();
    return summary;
  };
}

class Import {
 public:
  Import(Services& services, const ImportRequest& request)
      : services_(services), request_(request), events_(request, services.clock.now()) {
    report_.dry_run = request.dry_run;
  }

  Result<ImportReport> go() {
    if (!request_.dry_run) CORTEX_TRY(require_store(services_, request_.layout));
    CORTEX_ASSIGN(const fs::Info info, services_.fs.stat(request_.path));
    if (info.kind == fs::Kind::kDirectory && request_.list_sessions) {
      return refusal(Code::kPrecondition, cat(quoted(request_.path), " is a folder"),
                     "name one file; `cortex session import` takes folders");
    }
    if (info.kind == fs::Kind::kDirectory) {
      CORTEX_TRY(folder(request_.path, 0));
      return std::move(report_);
    }
    if (info.kind == fs::Kind::kMissing) {
      return refusal(Code::kPrecondition, cat("there is no file ", quoted(request_.path)),
                     "check the path");
    }
    CORTEX_TRY(file(request_.path, true));
    return std::move(report_);
  }

 private:
  // Links are not followed: they may lead anywhere, and in circles.
  Status folder(const std::string& path, int depth) {
    if (depth > kFolderDepthMax) {
      report_.notes.push_back(cat(quoted(path), " lies too deep and was left out"));
      return {};
    }
    auto names = services_.fs.list(path);
    if (!names.ok()) return import_unreadable(path, names.error());
    if (depth == 0 && std::ranges::find(*names, ".git") != names->end()) {
      report_.notes.emplace_back(
          "the history of a repository is imported from a file: `git log"
          " --reverse --date=iso-strict > history.log`");
    }
    for (const std::string& name : *names) {
      if (name.starts_with('.')) continue;
      const std::string inner = fs::join(path, name);
      CORTEX_ASSIGN(const fs::Info info, services_.fs.lstat(inner));
      if (info.kind == fs::Kind::kDirectory) CORTEX_TRY(folder(inner, depth + 1));
      if (info.kind == fs::Kind::kFile) CORTEX_TRY(file(inner, false));
    }
    return {};
  }

  Status file(const std::string& path, bool alone) {
    ImportFile input(services_, path);
    ImportedFile imported;
    imported.path = path;
    auto format = open_and_detect(input);
    if (format.ok() && input.is_cortex_export()) {
      CORTEX_TRY(take_over(input, imported));
      report_.files.push_back(std::move(imported));
      return {};
    }
    if (format.ok() && !*format) {
      if (!alone) {
        report_.not_recognised.push_back(path);
        return {};
      }
      return refusal(Code::kUsage, cat(quoted(path), " is of no format that is known"),
                     "name it with --format; events of Cortex come in with `cortex ingest`");
    }
    if (!format.ok()) {
      imported.failure = format.error();
    } else {
      imported.format = transcript::format_token(**format);
      const Status done = import_file(input, **format, imported);
      if (!done.ok()) imported.failure = done.error();
    }
    report_.files.push_back(std::move(imported));
    return {};
  }

  // Rows come with their states: that is to be wanted.
  Status take_over(ImportFile& input, ImportedFile& imported) {
    imported.format = "cortex";
    if (!request_.as_is) {
      imported.failure =
          refusal(Code::kPrecondition, "an export of Cortex brings memories with their states",
                  "take them over as they are with `cortex session import --as-is`",
                  "session.import.as_is_required");
      return {};
    }
    if (request_.dry_run) return {};
    auto taken = take_over_export(services_, request_.layout, input.reader(), request_.caller);
    if (taken.ok()) {
      imported.taken_over = *std::move(taken);
    } else {
      imported.failure = taken.error();
    }
    return {};
  }

  Result<std::optional<transcript::Format>> open_and_detect(ImportFile& input) const {
    CORTEX_TRY(input.open());
    CORTEX_ASSIGN(const auto detected, input.detect());
    return request_.format ? request_.format : detected;
  }

  Status import_file(ImportFile& input, transcript::Format format, ImportedFile& imported) {
    const EventSource source = source_of(input, format, request_, events_, imported);
    if (request_.dry_run) {
      CORTEX_ASSIGN(const Examination seen, examine_events(source, Repeats::kSkipped));
      return apply_ingest_rules(seen, request_.user_attestation.has_value());
    }
    CORTEX_ASSIGN(const IngestReport ingested,
                  ingest(services_, {.layout = request_.layout,
                                     .source = source,
                                     .repeats = Repeats::kSkipped,
                                     .list_ids = false,
                                     .user_attestation = request_.user_attestation}));
    imported.appended = ingested.appended_count;
    imported.already_known = ingested.skipped_count;
    for (std::string& note : ingested.notes()) report_.notes.push_back(std::move(note));
    if (request_.list_sessions) return {};
    if (!request_.extract && !transcript::is_memory_store(format)) return {};
    return propose(input, format, imported);
  }

  // A third reading: the claims of memory stores, the sentences of transcripts.
  Status propose(ImportFile& input, transcript::Format format, ImportedFile& imported) {
    ProposalKeeper keeper(services_, request_.layout, request_.policy, request_.caller,
                          imported.format);
    std::map<std::string, reflect::Extractor> heard;
    core::DecodedEvent decoded;
    memory::Redactions counted_already;
    const auto on_turn = [&](transcript::Turn&& turn) -> Status {
      CORTEX_TRY(keeper.add(turn));
      if (!request_.extract || reflect::speaker_of(turn.type) == reflect::Speaker::kOther)
        return {};
      const std::string session = turn.session;
      if (!events_.fill(turn, TurnEvents::Payloads::kWhole, decoded, counted_already)) return {};
      if (heard.size() >= kSessionsHeardMax && !heard.contains(session)) {
        CORTEX_TRY(keep_heard(heard, imported));
      }
      hear(decoded.event, heard[session]);
      return {};
    };
    CORTEX_TRY(input.each_turn(format, on_turn));
    CORTEX_TRY(keeper.flush());
    imported.proposals = keeper.counts();
    return keep_heard(heard, imported);
  }

  Status keep_heard(std::map<std::string, reflect::Extractor>& heard, ImportedFile& imported) {
    for (const auto& [session, extractor] : std::exchange(heard, {})) {
      if (extractor.found() == 0) continue;
      CORTEX_TRY(keep_one(session, extractor, imported));
    }
    return {};
  }

  // By the same checks as any other reflection.
  Status keep_one(const std::string& session, const reflect::Extractor& extractor,
                  ImportedFile& imported) {
    const std::string trace = core::id_text(core::IdKind::kTrace, TurnEvents::trace_of(session));
    const llm::Response answer = reflect::extracted_answer(extractor.document(trace));
    const CloseRequest request{.layout = request_.layout,
                               .label = session,
                               .proposed = Proposed::kCandidate,
                               .policy = request_.policy,
                               .caller = request_.caller};
    CORTEX_ASSIGN(const CloseReport kept,
                  keep_answer(services_, request, trace, reflect::kExtractAdapter, answer));
    report_.notes.insert(report_.notes.end(), kept.notes.begin(), kept.notes.end());
    if (kept.quarantine) {
      report_.notes.push_back(cat("what was heard in ", quoted(session), " was quarantined: ",
                                  kept.quarantine->reason, ": ", kept.quarantine->detail));
    }
    imported.proposals.proposed += kept.memory_ids.size();
    imported.proposals.known += kept.already_existed;
    imported.proposals.refused += kept.gated.size();
    return {};
  }

  Services& services_;
  const ImportRequest& request_;
  TurnEvents events_;
  ImportReport report_;
};

json::Object file_json(const ImportedFile& file) {
  json::Object out{{"path", file.path},
                   {"format", file.format},
                   {"lines", file.counts.lines},
                   {"turns", file.counts.turns},
                   {"unknown_lines", file.counts.unknown},
                   {"malformed_lines", file.counts.malformed},
                   {"empty_lines", file.counts.empty},
                   {"appended_count", file.appended},
                   {"already_known_count", file.already_known},
                   {"user_lines_skipped", file.user_lines_skipped},
                   {"proposed_count", file.proposals.proposed},
                   {"already_proposed_count", file.proposals.known},
                   {"refused_count", file.proposals.refused}};
  add_redactions(out, file.redactions);
  if (file.taken_over) out.add("taken_over", to_json(*file.taken_over));
  if (file.failure) out.add("failure", file.failure->text());
  return out;
}

}  // namespace

std::uint64_t redacted_count(const memory::Redactions& redactions) {
  std::uint64_t all = 0;
  for (const auto& [detector, count] : redactions) all += count;
  return all;
}

void add_redactions(json::Object& out, const memory::Redactions& redactions) {
  out.add("redacted_count", redacted_count(redactions));
  if (redactions.empty()) return;
  json::Object counts;
  for (const auto& [detector, count] : redactions) counts.add(detector, count);
  out.add("redactions", std::move(counts));
}

std::optional<transcript::Format> detect_transcript(Services& services, const std::string& path) {
  ImportFile file(services, path);
  if (!file.open().ok()) return std::nullopt;
  const auto format = file.detect();
  return format.ok() ? *format : std::nullopt;
}

Result<ImportReport> import_sessions(Services& services, const ImportRequest& request) {
  return Import(services, request).go();
}

json::Value to_json(const ImportReport& report) {
  json::Array files;
  std::uint64_t appended = 0, known = 0, proposed = 0;
  for (const ImportedFile& file : report.files) {
    files.emplace_back(json::sorted(file_json(file)));
    appended += file.appended;
    known += file.already_known;
    proposed += file.proposals.proposed;
  }
  return json::sorted(json::Object{{"already_known_count", known},
                                   {"appended_count", appended},
                                   {"dry_run", report.dry_run},
                                   {"file_count", report.files.size()},
                                   {"files", std::move(files)},
                                   {"not_recognised", json::array_of(report.not_recognised)},
                                   {"notes", json::array_of(report.notes)},
                                   {"proposed_count", proposed}});
}

}  // namespace cortex::app
