// `audit verify` (unsigned) and `audit repair-tail`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "ledger/tail.h"
#include "ledger/verify.h"
#include "trust/ceiling.h"
#include "trust/closure.h"
#include "trust/policy.h"

namespace cortex::app {

struct VerifyRequest {
  Layout layout;
  bool require_boundary = false;
  bool strict = false;  // findings that are otherwise only reported fail
};

// What was reached decides which parts are there; `code` is the exit.
struct VerifyReport {
  Code code = Code::kOk;
  std::string path;
  std::optional<ledger::ChainReport> chain;  // absent: the ledger could not be read
  std::optional<Error> unreadable;           // why
  bool boundary_required = false;
  std::optional<std::vector<std::string>> boundary_failures;  // absent: not looked at
  trust::Decision decision;
  trust::Closure closure;
  trust::TruthCeiling truth;
};

// Reads the ledger only; nothing is created or changed.
VerifyReport audit_verify(Services& services, const VerifyRequest& request);

struct RepairTailReport {
  std::optional<ledger::TornTail> torn;  // absent: nothing to repair
  std::string what;                      // what stands there, for people
  bool applied = false;
};

// Looks (apply = false), or moves aside under the append lock what an interrupted batch left
// behind the last acknowledged row. A broken line that may have been acknowledged is an error.
Result<RepairTailReport> repair_tail(Services& services, const Layout& layout, bool apply);

json::Value to_json(const VerifyReport& report);
json::Value to_json(const RepairTailReport& report);

}  // namespace cortex::app
