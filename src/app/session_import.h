// `session import`: transcripts and memory stores of other programs into the ledger, and what they
// believed as candidates.
//
// A file is all or nothing, read twice as a stream: memory is bounded by 16 bytes an event and the
// largest line. Ids follow from what is read, so that importing again changes nothing, whatever is
// taken out: secrets are, before anything reaches the disk. Lines of other kinds are kept and
// counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/export.h"
#include "app/layout.h"
#include "app/services.h"
#include "app/session_close.h"
#include "app/session_proposals.h"
#include "base/result.h"
#include "json/value.h"
#include "memory/write_gate.h"
#include "reflect/extract.h"
#include "store/operation.h"
#include "transcript/format.h"
#include "transcript/turn.h"

namespace cortex::app {

// What becomes of the words of people. Nobody vouches for them but a key.
enum class UserLines : std::uint8_t {
  kSkipped,   // left out and counted
  kAttested,  // with the key of `user_attestation`
  kMarked,    // kept as what the transcript says, marked as unattested
};

struct ImportRequest {
  std::string path;                            // a file, or a folder of them
  std::optional<transcript::Format> format{};  // absent: by the first bytes of each file
  Layout layout{};
  std::optional<std::string> user_attestation{};  // seed file
  bool mark_user_lines = false;
  bool extract = false;  // propose what sentences say, as candidates
  // Name the sessions, and let extractors hear them when `extract` is set, for who reflects upon
  // them: nothing is proposed here. The path must be one file then.
  bool list_sessions = false;
  bool as_is = false;  // an export of Cortex, states and all
  bool dry_run = false;
  std::vector<std::string> tags{};  // of all events, beside those of the format
  memory::GatePolicy policy{};
  bool redact = true;  // what the policy wants gone is taken out of the events
  store::Caller caller{};

  UserLines user_lines() const {
    if (user_attestation) return UserLines::kAttested;
    return mark_user_lines ? UserLines::kMarked : UserLines::kSkipped;
  }
};

// A session in which anything was said or done; notes alone are none.
struct ImportedSession {
  std::string trace_id;
  reflect::Extractor heard{};
};

struct ImportedFile {
  std::string path, format;
  transcript::Counts counts{};
  std::uint64_t appended = 0, already_known = 0, user_lines_skipped = 0;
  memory::Redactions redactions{};  // of all turns, also those that were known
  ProposalCounts proposals{};
  std::vector<ImportedSession> sessions{};     // each once, in the order of the file
  std::optional<TakeOverReport> taken_over{};  // of an export
  std::optional<Error> failure{};  // nothing of the file was appended, or nothing was proposed
};

struct ImportReport {
  std::vector<ImportedFile> files;
  std::vector<std::string> not_recognised;  // files of a folder that are none of the formats
  std::vector<std::string> notes;
  bool dry_run = false;
};

// How much was taken out in all.
std::uint64_t redacted_count(const memory::Redactions& redactions);
// `redacted_count` and, where there are any, `redactions` by detector.
void add_redactions(json::Object& out, const memory::Redactions& redactions);

// The format of a transcript or memory store, by its first bytes and its name. Nothing for anything
// else, and for what cannot be read: that is told by who reads it.
std::optional<transcript::Format> detect_transcript(Services& services, const std::string& path);

// Errors: kUsage, kPrecondition (path, key, no store) before anything was read. What happens to one
// file of a folder keeps no other from being imported. With `list_sessions` memory holds their
// names and what was heard in them, too.
Result<ImportReport> import_sessions(Services& services, const ImportRequest& request);
json::Value to_json(const ImportReport& report);

}  // namespace cortex::app
