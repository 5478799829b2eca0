// Attestations of what people brought in: one signed row of `audit_records.jsonl` for each user
// event and each manual correction (docs/formats.md, "User attestations"). The file stands in the
// data folder, is only appended to, and is written and synced before the events are acknowledged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/services.h"
#include "base/result.h"
#include "core/event.h"
#include "crypto/ed25519.h"

namespace cortex::app {

std::string audit_records_path(const std::string& data_dir);

// Collects the rows of one batch: about 700 bytes an event.
class Attestor {
 public:
  Attestor(crypto::SigningKey key, std::string ledger_id)
      : key_(std::move(key)), ledger_id_(std::move(ledger_id)) {}

  // Signs a sealed event for its place in the ledger, which counts from 0. Events of other sources
  // need none: nothing happens.
  void attest(Services& services, const core::Event& event, std::uint64_t position);
  // Appends the rows to `path` and syncs. Call it under the append lock of the ledger, before its
  // commit. A torn last line is ended first, so that it costs no other. Nothing collected: nothing
  // is written.
  Status write(Services& services, const std::string& path);

  const std::vector<std::string>& user_events() const { return user_events_; }

 private:
  crypto::SigningKey key_;
  std::string ledger_id_;
  std::string rows_;
  std::vector<std::string> user_events_;
};

}  // namespace cortex::app
