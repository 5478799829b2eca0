// Fetches one target of a TUF repository, every step verified (ledger/anchor/tuf.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "app/services.h"
#include "base/result.h"

namespace cortex::app {

// The bytes behind a URL; nothing when the server says that there is no such file.
using FetchFile = std::function<Result<std::optional<std::string>>(const std::string& url)>;

struct TufRequest {
  std::string repository;  // URL of the folder with the metadata
  std::string root;        // one that is trusted already: from a source that is not the network
  // What was seen last of this repository: newer roots and versions. Made when it is missing.
  std::string state_path;
  std::string target;  // "trusted_root.json"
};

struct TufTarget {
  std::string bytes;
  std::uint64_t root_version = 0;
};

// The roots that follow the trusted one, one after the other; then timestamp, snapshot, targets and
// the target. What was seen before is never gone back behind. The state is written at the end.
// Errors: those of fetching and of the files; kPrecondition with ledger::kTufToken.
Result<TufTarget> fetch_tuf_target(Services& services, const FetchFile& fetch,
                                   const TufRequest& request);

}  // namespace cortex::app
