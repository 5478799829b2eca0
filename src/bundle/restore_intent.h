// RESTORE_INTENT: an operator's signed will to replace this store, by this bundle, in this window
// of time; and the attestation with which a dead restore's marker is taken over (docs/formats.md,
// "Restore in production"). A signature is the 64 raw bytes of Ed25519 over the file's bytes as
// they are on disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "bundle/data_loss.h"
#include "bundle/restore_lock.h"
#include "bundle/semantic_diff.h"
#include "crypto/ed25519.h"
#include "json/value.h"

namespace cortex::bundle {

inline constexpr std::string_view kIntentKind = "cortex_restore_intent";
inline constexpr std::string_view kUnboundPrincipalToken =
    "restore.intent.operator_principal_id.not_bound_to_verifying_key";

struct RestoreIntent {
  std::string kind{kIntentKind};
  std::uint64_t schema_version = 1, payload_version = 1;
  std::string deployment_id;
  std::string active_db, active_log;
  std::string manifest_blake3, store_blake3, ledger_blake3;
  std::string operator_principal_id;
  Timestamp not_before, not_after;
  // Digest of the loss that the operator accepts, of loss_digest(); absent: none.
  std::optional<std::string> accepted_loss_blake3;
  // The data folder itself and not only its path; absent: any folder there.
  std::optional<std::string> site_id;
};

// "operator:" and the BLAKE3 of the raw public key.
std::string operator_principal_id(const crypto::PublicKey& key);

// What a restore would take away, as one number that an operator can sign.
std::string loss_digest(const SemanticDiff& diff, const LedgerComparison& ledger);

json::Object intent_document(const RestoreIntent& intent);  // keys sorted

struct ReadIntent {
  RestoreIntent intent;
  std::string blake3;  // of the file's bytes
};
// Reads the intent, its binding to the key and its signature, in this order. Every error is
// kQuarantined.
Result<ReadIntent> read_intent(fs::FileSystem& fs, const std::string& path,
                               const std::string& signature_path, const crypto::PublicKey& key);

// How an intent names a file: another path to the same one is the same.
std::string canonical_or_given(fs::FileSystem& fs, const std::string& path);

// What the intent must say.
struct IntentFacts {
  std::string deployment_id;
  std::string active_db, active_log;
  std::string manifest_blake3, store_blake3, ledger_blake3;
  Timestamp now;
  std::optional<std::string> site_id{};
};
Status check_intent(fs::FileSystem& fs, const RestoreIntent& intent, const IntentFacts& facts);

// Reads the signed attestation that `marker` is that of a dead restore of this deployment and may
// be set aside. Every error is kQuarantined.
struct Takeover {
  std::string operator_principal_id;
  std::string justification;
  std::string blake3;  // of the file's bytes
};
struct TakeoverFacts {
  std::string deployment_id;
  MarkerFacts marker;
  Timestamp now;
};
Result<Takeover> read_takeover(fs::FileSystem& fs, const std::string& path,
                               const std::string& signature_path, const crypto::PublicKey& key,
                               const TakeoverFacts& facts);

}  // namespace cortex::bundle
