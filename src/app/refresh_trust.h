// `audit refresh-trust`: fetches the trusted root and keeps it as the cache.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/services.h"
#include "base/result.h"
#include "base/time.h"
#include "json/value.h"

namespace cortex::app {

struct RefreshRequest {
  std::string url;
  std::string cache_path;
  // A root of the repository's TUF metadata that is trusted: everything is then verified from it
  // on, and what was seen last is kept in `<cache_path>.tuf`.
  std::optional<std::string> tuf_root{};
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
  std::string note;                                 // about the cache that was there, or empty

  std::string invariant() const;  // "audit.anchor.refresh_trust.<outcome>"
};

inline constexpr const char* kTrustedRootUrl =
    "https://tuf-repo-cdn.sigstore.dev/targets/trusted_root.json";

// file:// reads locally, http:// and https:// fetch; nothing else is spoken. What is not newer than
// the cache leaves its contents as they are, and marks it as checked.
RefreshReport refresh_trust(Services& services, const RefreshRequest& request);

json::Value to_json(const RefreshReport& report);

}  // namespace cortex::app
