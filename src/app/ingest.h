// `ingest`: a session file into the ledger and, in the same run, into the store's mirror.
//
// All or nothing: every event is decoded and every rule is applied before the first row is written.
// The file is read twice as a stream; memory is bounded by 16 bytes an event and the ids of the
// report. One lock, one write stream, one sync a batch; acknowledged only after it. The mirror's
// transaction commits after the ledger's sync. O(events of the file) when the store mirrors the
// ledger already; without a store the ledger's ids are read first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/ingest_rules.h"
#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "ledger/tail.h"

namespace cortex::app {

struct IngestRequest {
  std::string session{};  // path as given
  Layout layout;
  bool mirror = true;
  std::optional<std::string> text{};              // the session itself, instead of a path
  EventSource source{};                           // the events themselves, instead of both
  Repeats repeats = Repeats::kRefused;            // of ids inside the session
  bool list_ids = true;                           // in the report; else it only counts
  std::optional<std::string> user_attestation{};  // seed file: attests what people brought in
  bool tree = true;                               // follow in the Merkle tree
  bool row_hash = false;                          // begin to cover rows
};

struct IngestReport {
  std::uint64_t appended_count = 0, skipped_count = 0;
  std::vector<std::string> appended;
  std::vector<std::string> skipped;
  std::vector<std::string> attested;  // user events among those appended
  std::optional<std::string> chain_head;
  std::vector<std::string> unstable;  // events with numbers that do not survive being read back
  std::optional<ledger::TornTail> torn_tail;
  bool mirrored = false;
  std::string mirror_note;               // why the mirror was left behind, or empty
  std::string index_note;                // why the search index was, or empty
  std::string tree_note;                 // why the Merkle tree was left behind, or empty
  std::optional<std::string> signed_by;  // key id, when the rows were signed
  std::string ledger_note;               // acknowledged rows that were found gone, or empty

  std::vector<std::string> notes() const;  // the four above that say something
};

// Errors leave ledger and store as they were.
Result<IngestReport> ingest(Services& services, const IngestRequest& request);

json::Value to_json(const IngestReport& report);

}  // namespace cortex::app
