// `run-ledger-drill`: a rehearsal of the one window in which ledger and store differ: a row is
// acknowledged, and the writer dies before the store commits. Development only; on files of its
// own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

inline constexpr const char* kDrillWindow = "jsonl-ack-before-sqlite-commit";

struct DrillRequest {
  Layout layout;
  std::uint64_t iteration = 1;
  std::string report_path;
  std::optional<std::string> kill_ready_path{};  // written when the window is open
  std::uint64_t wait_millis = 30'000;            // how long it stays open
  bool recover_only = false;
  bool external_sigkill_proof = false;
  long process_id = 0;
};

struct DrillReport {
  std::uint64_t iteration = 0;
  std::uint64_t acknowledged_count = 0;
  std::uint64_t recovered_count = 0;
  std::string chain_head;
  bool divergent_duplicate_rejected = false;
  bool partial_tail_rejected = false;
  bool event_set_parity = false;
  bool external_sigkill_proof = false;

  bool holds() const {
    return divergent_duplicate_rejected && partial_tail_rejected && event_set_parity;
  }
};

// Creates what is missing, appends one row (unless recover_only), brings the store up to date, and
// writes the report file. The damaged copies that must be refused are removed again. Errors:
// kPrecondition (paths, an empty ledger to recover, the window ended without a kill), kInternal.
Result<DrillReport> run_drill(Services& services, const DrillRequest& request);

json::Value to_json(const DrillReport& report);

}  // namespace cortex::app
