// `session close`: a finished session becomes rows of the ledger, then what a model proposes to
// remember of it becomes memories.
//
// Events first, and for good: whatever becomes of the reflection, they are in the ledger. What is
// proposed is read strictly, judged, and kept in one operation, all or none. Closing a session
// again changes nothing. A transcript of another program is imported first (session_import.h); then
// every session in it is reflected upon by itself. The same function serves the command and the
// tool of agents, whose memories wait for a person to commit them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/ingest.h"
#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "llm/model.h"
#include "memory/write_gate.h"
#include "reflect/reflection.h"
#include "store/operation.h"
#include "transcript/format.h"

namespace cortex::app {

inline constexpr std::string_view kCloseIngestFailed = "session.close.ingest_failed";
inline constexpr std::string_view kCloseReflectFailed = "session.close.reflect_failed";

// What proposed memories become.
enum class Proposed : std::uint8_t {
  kActive,     // in use at once: a person closed the session
  kPending,    // until a person commits them
  kCandidate,  // until a person accepts each of them
};

// Who proposes. `open` is called after the events are in the ledger, once for all sessions, and not
// when there is none.
struct Proposer {
  std::function<Result<std::unique_ptr<llm::Model>>()> open;
  // What the model is asked about a trace whose events are in the store.
  std::function<Result<llm::Request>(sqlite::Connection& db, const std::string& trace_id)> ask;
};

// What a session file is.
enum class SessionForm : std::uint8_t {
  kDetected,    // a transcript when its first bytes are those of one, else a session
  kSession,     // events of Cortex
  kTranscript,  // of CloseRequest::format
};

struct CloseRequest {
  std::string events{};               // path of the session file; or
  std::optional<std::string> text{};  // the session itself, by the rules of tools
  Layout layout{};
  SessionForm form = SessionForm::kSession;
  transcript::Format format{};
  std::optional<std::string> user_attestation{};  // seed file: attests what people said
  bool mark_user_lines = false;                   // of transcripts, as ImportRequest has it
  bool dry_run = false;
  bool reflect = true;
  bool extract = false;  // by the cues of reflect/extract.h instead of a model
  std::string label{};   // kept with the trace
  Proposed proposed = Proposed::kActive;
  Proposer proposer{};
  memory::GatePolicy policy{};
  store::Caller caller{};
};

// Why nothing of a reflection was kept: one audit record says so.
struct Quarantine {
  std::string reason;  // "invalid_schema"
  std::string detail, audit_id, output_hash;
};

struct CloseReport {
  std::uint64_t appended = 0, skipped = 0;
  std::optional<std::string> trace_id{};  // of several: the last
  std::string format{};                   // of a transcript
  std::uint64_t sessions = 0, user_lines_skipped = 0;
  memory::Redactions redactions{};  // of a transcript: what was taken out of all its turns
  std::uint64_t proposed = 0;
  std::vector<std::string> memory_ids{};  // kept by this call
  std::uint64_t already_existed = 0;      // said by a memory of the same events already
  std::uint64_t embedded = 0;
  std::uint64_t episodes = 0, principles = 0;  // kept beside them
  std::vector<std::string> gated{};            // claims that the write gate refused, and why
  std::vector<std::string> embedding_errors{};
  std::optional<Quarantine> quarantine{};  // of several: the last
  std::uint64_t quarantined = 0;           // sessions of which nothing was kept for that reason
  std::string adapter_id{}, model{}, raw_hash{};  // who answered
  std::vector<std::string> notes{};               // of the ledger and the mirror
  // What ended it. The members above say what was written before; that stays.
  std::optional<Error> failure{};

  std::uint64_t ingested() const { return appended + skipped; }
};

// Everything is in the report. `failure` has one of the two tokens above.
CloseReport close_session(Services& services, const CloseRequest& request);
// The report of the command: keys sorted; that of a failure when there is one.
json::Value to_json(const CloseReport& report);

// Of the operations session.close and reflection.quarantine.
Status apply_session_close(sqlite::Connection& db, const store::OperationRow& row);
Status apply_quarantine(sqlite::Connection& db, const store::OperationRow& row);

}  // namespace cortex::app
