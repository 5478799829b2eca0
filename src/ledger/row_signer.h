// Signs rows while they are appended (docs/formats.md, 6.3): each signature is chained to that of
// the signed row before it, wherever that stands in the ledger.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "core/event.h"
#include "crypto/ed25519.h"
#include "ledger/attestation.h"

namespace cortex::ledger {

// Another key than the ledger's active one wants to sign.
inline constexpr std::string_view kSignerNotActiveToken = "ledger.signer_not_active";

// Where the signatures of a ledger stand.
struct LastSigned {
  Lineage lineage{};          // zeros: no row is signed
  std::string active_key_id;  // by what the last signed row prints and rotates to; or empty
};
// The first `size_bytes` of the file are whole rows. Reads the last megabyte; all of the file only
// when no row in there is signed.
Result<LastSigned> find_last_signed(fs::File& file, std::uint64_t size_bytes);

class RowSigner {
 public:
  // kPrecondition (kSignerNotActiveToken) when the ledger's signed rows end with another key.
  static Result<RowSigner> open(crypto::SigningKey key, std::string ledger_id, Clock& clock,
                                fs::File& file, std::uint64_t size_bytes);

  // A sealed event; `signed_at` absent: now.
  void sign(core::Event& event, std::optional<Timestamp> signed_at);
  // What was signed since the last commit() is appended, or never was.
  void commit() { committed_ = lineage_; }
  void roll_back() { lineage_ = committed_; }

 private:
  RowSigner(crypto::SigningKey key, std::string ledger_id, Clock& clock, const Lineage& lineage)
      : key_(std::move(key)),
        ledger_id_(std::move(ledger_id)),
        clock_(&clock),
        committed_(lineage),
        lineage_(lineage) {}

  crypto::SigningKey key_;
  std::string ledger_id_;
  Clock* clock_;  // lives longer
  Lineage committed_, lineage_;
};

}  // namespace cortex::ledger
