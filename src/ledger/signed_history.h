// Whether a ledger is the signed history of a key: its chain holds, and every row is signed, from
// the first one or from a boundary on (docs/formats.md, "Signed history").
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "ledger/chain_check.h"

namespace cortex::ledger {

struct SignedHistory {
  std::uint64_t first_row = 1;       // every row from this one on is signed by the key
  std::uint64_t rows = 0;            // of the ledger
  std::uint64_t rows_known = 0;      // of them, known from an earlier proof (proven_prefix.h)
  std::optional<Failure> failure{};  // the first one: it is no such history
};

// Looks at the first `size_bytes` of the ledger, under its append lock. Begins behind what was
// proven before, and keeps what it proves beside the ledger; else one pass, a second one where a
// boundary was met and the rows before it are not signed, up to it a third. The boundaries are the
// row of the v1 to v2 migration and a rotation that made `key` active; the last one counts.
// `standing` says what is known of the key: what was proven under another one is proven anew.
// Errors: those of verify_chain().
Result<SignedHistory> check_signed_history(fs::FileSystem& fs, fs::File& ledger,
                                           std::uint64_t size_bytes, const crypto::SigningKey& key,
                                           const std::string& ledger_id,
                                           const std::string& standing, Random& random);

}  // namespace cortex::ledger
