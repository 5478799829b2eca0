// The Update Framework (TUF 1.0), as far as one target file needs it: who may say what the trusted
// root is, in which version, and until when. Pure: fetching is in app/tuf_client.h.
//
// Keys: Ed25519 (hex) and ECDSA P-256 (PEM), each counted once for a role however often it is
// listed. Expired metadata, a version that goes back and signatures below the threshold are refused
// (code kPrecondition, kTufToken, and the reason in words).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "crypto/any_key.h"
#include "json/value.h"

namespace cortex::ledger {

inline constexpr std::string_view kTufToken = "audit.anchor.refresh_trust.tuf_invalid";

struct TufRole {
  std::set<std::string> key_ids;
  std::uint64_t threshold = 0;  // at least 1
};

struct TufRoot {
  std::uint64_t version = 0;
  Timestamp expires;
  bool consistent_snapshot = false;
  std::map<std::string, crypto::AnyPublicKey> keys;
  std::map<std::string, TufRole> roles;  // root, timestamp, snapshot, targets
  std::string text;                      // as it was read
};

// Its own keys signed it, up to its threshold. Expiry is not looked at: the next one may be there.
Result<TufRoot> parse_tuf_root(std::string_view text);
// The version after `trusted`, signed by the thresholds of both.
Result<TufRoot> next_tuf_root(const TufRoot& trusted, std::string_view text);
// kPrecondition when it has expired.
Status check_tuf_root_age(const TufRoot& root, Timestamp now);

// Another file as one of the metadata names it.
struct TufFile {
  std::uint64_t version = 0;  // of metadata; 0 for targets
  std::optional<std::uint64_t> length;
  std::optional<std::string> sha256;  // lower-case hex
};
struct TufMetadata {
  std::uint64_t version = 0;
  std::map<std::string, TufFile> files;  // "snapshot.json", "trusted_root.json"
};
// The metadata of a role: timestamp, snapshot or targets. `version_min`: what was seen before.
Result<TufMetadata> parse_tuf_metadata(const TufRoot& root, std::string_view role,
                                       std::string_view text, Timestamp now,
                                       std::uint64_t version_min);
// The file that `metadata` names, after its length and digest were found right in `bytes`.
Status check_tuf_file(const TufFile& file, std::string_view name, std::string_view bytes);

// What is signed: the canonical form of OLPC (sorted keys, no blanks, only \ and " escaped).
// kPrecondition for fractions, which it does not know.
Result<std::string> tuf_canonical(const json::Value& value);

}  // namespace cortex::ledger
