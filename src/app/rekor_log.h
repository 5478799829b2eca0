// One question to a Rekor log: take this anchor, and prove that you did.
#pragma once

#include <string>
#include <string_view>

#include "app/services.h"
#include "base/result.h"
#include "ledger/anchor/receipt.h"
#include "ledger/anchor/rekor.h"
#include "ledger/anchor/trusted_root.h"

namespace cortex::app {

inline constexpr std::string_view kRekorEndpoint = "https://rekor.sigstore.dev";

struct RekorWitness {
  ledger::Receipt receipt;
  ledger::RekorEntry entry;  // of the receipt, verified offline
};

// Errors: kPrecondition with ledger::kRekorSubmitToken when the log cannot be reached or does not
// take the anchor; those of ledger::verify_rekor for an answer that proves nothing.
Result<RekorWitness> ask_rekor(Services& services, const std::string& endpoint,
                               const ledger::Anchor& anchor, const ledger::TrustedRoot& root);

}  // namespace cortex::app
