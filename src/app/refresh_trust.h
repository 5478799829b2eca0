// `audit refresh-trust`: fetches the trusted root and keeps it as the cache. What comes from
// Sigstore's own repository is verified by its TUF metadata, from the root in the program on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/services.h"
#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "ledger/anchor/sigstore_root.h"

namespace cortex::app {

inline constexpr const char* kTrustedRootUrl =
    "https://tuf-repo-cdn.sigstore.dev/targets/trusted_root.json";
// As `tuf_root`: the root in the program, for a copy of Sigstore's repository.
inline constexpr const char* kSigstoreRoot = "sigstore";

struct RefreshRequest {
  std::string url = kTrustedRootUrl;
  std::string cache_path{};
  // File with a root of the repository's TUF metadata that is trusted, or kSigstoreRoot: everything
  // is then verified from it on, and what was seen last is kept in `<cache_path>.tuf`. Sigstore's
  // own repository is always verified.
  std::optional<std::string> tuf_root{};
  std::string sigstore_root{ledger::sigstore_tuf_root()};
};

struct RefreshReport {
  Code code = Code::kOk;
  std::optional<Error> error;  // present unless `code` is kOk
  std::string outcome;         // ok, stale_to_stale, http_error, parse_error, signature_invalid
  std::string url;
  std::string cache_path;
  std::optional<Timestamp> previous_signed_at, new_signed_at;
  bool cache_written = false;                       // other contents than before
  bool cache_checked = false;                       // the cache counts as fresh from now on
  std::optional<std::uint64_t> tuf_root_version{};  // verified under this root
  std::vector<std::string> notes;  // about the cache that was there, and what nobody vouches for

  std::string invariant() const;  // "audit.anchor.refresh_trust.<outcome>"
};

// file:// reads locally, http:// and https:// fetch; nothing else is spoken. What is not newer than
// the cache leaves its contents as they are, and marks it as checked.
RefreshReport refresh_trust(Services& services, const RefreshRequest& request);

json::Value to_json(const RefreshReport& report);

}  // namespace cortex::app
