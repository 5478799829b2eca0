// `audit verify` (unsigned) and `audit repair-tail`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "ledger/append_log.h"
#include "ledger/verify.h"

namespace cortex::app {

struct VerifyRequest {
  Layout layout;
  bool require_boundary = false;
  bool strict = false;  // duplicate ids fail
};

// What was reached decides which parts are there; `code` is the exit.
struct VerifyReport {
  Code code = Code::kOk;
  std::string path;
  std::optional<ledger::ChainReport> chain;  // absent: the ledger could not be read
  std::optional<std::vector<std::string>> boundary_failures;
  bool boundary_required = false;
  std::string reason;  // why the chain could not be read
};

VerifyReport audit_verify(Services& services, const VerifyRequest& request);

struct RepairTailReport {
  std::optional<ledger::TornTail> torn;  // absent: nothing to repair
  bool applied = false;
};

// Looks (apply = false) or moves the torn tail aside under the append lock.
Result<RepairTailReport> repair_tail(Services& services, const Layout& layout, bool apply);

}  // namespace cortex::app
