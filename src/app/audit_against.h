// What the modes of `audit verify` that compare the ledger with evidence from outside it share.
#pragma once

#include <string>
#include <string_view>

#include "app/audit_section.h"
#include "ledger/anchor/records.h"

namespace cortex::app {

// The whole file. Code::kPrecondition when it cannot be read or is larger than 64 MiB.
Result<std::string> read_evidence(Services& services, const std::string& path);

// The evidence does not hold: its error ends the run, its token stands in a note, and the decision
// says reject.
void refuse_evidence(Finding& finding, std::string_view rule, std::string_view path, Error error);

// Records that the ledger's register does not know were made elsewhere or changed: a note, a
// refusal with --strict. A ledger without a register says nothing.
void check_register(Services& services, const VerifyRequest& request,
                    const ledger::RecordFormat& format, const std::string& path,
                    std::string_view text, std::string_view rule, Finding& finding);

}  // namespace cortex::app
