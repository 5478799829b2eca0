// `audit checkpoint`: signs the size and root of the ledger's Merkle tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

// An earlier signed checkpoint is no part of today's tree: a new one would contradict it.
inline constexpr std::string_view kCheckpointConflictToken = "audit.checkpoint.conflict";

struct CheckpointRequest {
  Layout layout;
  std::optional<std::string> key_path{};  // seed, 32 raw bytes; without it only `reset` is done
  std::optional<std::string> origin{};    // default: that of the last checkpoint, else from row 1
  std::optional<std::string> output{};    // a copy; must not exist
  bool reset = false;                     // accept a ledger that was restored or replaced
};

struct CheckpointReport {
  std::string ledger_path;
  std::uint64_t rows = 0;
  std::string root;  // base64
  bool accepted = false;
  std::optional<std::string> set_aside;  // the old tree's folder
  bool is_signed = false;
  std::string origin, note, verifier_key, path;
  std::optional<std::uint64_t> previous_rows;  // of the checkpoint before
  std::string key_warning;
};

// Brings the tree up to date. O(rows that it lacks). Takes the append lock.
Result<CheckpointReport> audit_checkpoint(Services& services, const CheckpointRequest& request);

json::Value to_json(const CheckpointReport& report);

}  // namespace cortex::app
