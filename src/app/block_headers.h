// Where block headers come from: a file that somebody supplies, or providers on the network that
// must agree.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/services.h"
#include "base/result.h"
#include "ledger/anchor/ots_receipt.h"

namespace cortex::app {

struct HeaderOptions {
  std::optional<std::string> file;     // 80 bytes; its height in decimal in <stem>.height
  bool live = false;                   // ask providers for what the file does not give
  std::vector<std::string> providers;  // base addresses
};

// Reads the file at once (kPrecondition). The source asks every provider for a height: at least two
// must answer, and all that do must agree: kPrecondition, ots.bitcoin_header_quorum.unreachable or
// .providers_disagree. `services` must outlive it.
Result<ledger::HeaderSource> header_source(Services& services, const HeaderOptions& options);

// CORTEX_OTS_BTC_HEADER_PROVIDERS, a list with commas, or the default ones.
std::vector<std::string> header_providers(const std::optional<std::string>& setting);

}  // namespace cortex::app
