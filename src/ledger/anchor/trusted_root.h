// The trusted root: which transparency logs count, and which keys they sign with when
// (docs/formats.md, "Trusted root"). The snapshot that is part of the program, the cache that
// `audit refresh-trust` keeps, and their age.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "json/value.h"

namespace cortex::ledger {

struct TransparencyLog {
  std::string base_url;
  std::string key_id;       // as it is written; base64 of the SHA-256 of the key as a rule
  std::string key_details;  // "PKIX_ECDSA_P256_SHA_256"
  std::string raw_key;      // base64 of the SubjectPublicKeyInfo
  Timestamp valid_from;
  std::optional<Timestamp> valid_to;
};

struct TrustedRoot {
  std::vector<TransparencyLog> logs;  // at least one
  Timestamp signed_at;                // the latest start of a key
  json::Value document;               // in the written form
};

// Errors: Code::kPrecondition, token trusted_root.malformed.
Result<TrustedRoot> parse_trusted_root(std::string_view text);
// Compact, no newline.
std::string trusted_root_text(const TrustedRoot& root);
// Part of the program, dated 2026-05-12.
const TrustedRoot& embedded_trusted_root();

enum class RootState : std::uint8_t {
  kEmbedded,
  kEmbeddedStale,
  kCached,
  kCachedStale,   // older than 30 days
  kCachedFuture,  // dated more than 60 s from now
  kCachedInvalid,
};

struct LoadedRoot {
  RootState state = RootState::kEmbedded;
  std::optional<TrustedRoot> root;  // absent exactly for kCachedInvalid
  std::string why;                  // kCachedInvalid

  bool cached() const { return state >= RootState::kCached; }
  std::string_view status() const { return cached() ? "operator_cached" : "embedded_snapshot"; }
};

// By dates alone, contents unread: never kCachedInvalid.
RootState trusted_root_age(fs::FileSystem& fs, const std::string& path, Timestamp now);

// The cache at `path` where there is one, else the snapshot.
LoadedRoot load_trusted_root(fs::FileSystem& fs, const std::string& path, Timestamp now);

// Puts `root` where the cache is: a new file is written and synced beside it, then takes its place.
// Between the two steps a crash leaves no cache, never half of one.
Status store_trusted_root(fs::FileSystem& fs, const std::string& path, const TrustedRoot& root);

}  // namespace cortex::ledger
