// The parts that the sinks of `audit anchor` are made of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/audit_anchor.h"
#include "ledger/anchor/register.h"

namespace cortex::app {

// One sink's judgement of how much its anchor is worth.
struct SinkVerdict {
  std::string authority;
  std::string reason;
  trust::Outcome outcome = trust::Outcome::kAllow;
  bool configured = false;
  bool external_authority = false;
};

// The ledger as it stands: one pass that also collects `positions`. Errors: kChain (a line is no
// row), kIntegrity (broken or empty), kPrecondition (missing, unreadable).
Result<ledger::ChainReport> scan_ledger(Services& services, const Layout& layout,
                                        std::vector<std::uint64_t> positions = {});

// The anchor of a scanned ledger, at this second.
ledger::Anchor anchor_of(Services& services, const ledger::ChainReport& chain);

// Fills in authority, reason, ceiling and the decision. `chain` is null when the ledger was not
// reached.
void decide(Services& services, const AnchorRequest& request, const SinkVerdict& verdict,
            const ledger::ChainReport* chain, AnchorReport& report);

void fail(AnchorReport& report, Error error);

// Timestamp calendars may be asked only where the environment says so.
Error calendars_not_live(std::string_view unchanged, std::string_view next);

// Creates `path`, which must not exist: kPrecondition when it cannot be created, kInternal when it
// cannot be written.
Status write_exclusively(Services& services, const std::string& path, std::string_view bytes);
// Appends to `path`, creating it, and syncs; errors as above.
Status append_synced(Services& services, const std::string& path, std::string_view bytes);
// What was to be written besides a file that is there already: says that it is.
Status beside(const std::optional<std::string>& written, Status status);

// Remembers records in the register; what fails is a note, the records stand.
void remember(Services& services, const AnchorRequest& request,
              const std::vector<ledger::WrittenRecord>& records, AnchorReport& report);

// The sinks outside, one file each.
void anchor_to_rekor(Services& services, const AnchorRequest& request, AnchorReport& report);
void anchor_to_calendars(Services& services, const AnchorRequest& request, AnchorReport& report);

}  // namespace cortex::app
