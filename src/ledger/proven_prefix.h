// `cortex_<ledger name>.proven`: how far the signed history of a ledger was proven, so that only
// the rows behind it have to be (docs/formats.md, "Proven prefix").
//
// A hint, like the head file, and never needed: whatever does not fit makes it as good as none, and
// the whole ledger is proven again. It is signed by the key whose history it is about, so that
// nobody without the seed can say that a ledger was proven. What of a changed prefix it notices and
// what not stands in docs/security.md; `audit verify` does not use it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "ledger/chain_check.h"
#include "ledger/tlog/merkle.h"

namespace cortex::ledger {

std::string proven_prefix_path(const std::string& ledger_path);

// What it holds for: another file, name, key or standing of the key makes it void.
struct PrefixBinding {
  std::string path;  // of the ledger, behind all symbolic links
  std::uint64_t device = 0, inode = 0;
  std::string ledger_id;
  std::string key_id;
  std::string standing;  // a digest of what is known of the key; the caller's
};
Result<PrefixBinding> bind_prefix(fs::FileSystem& fs, fs::File& ledger, std::string ledger_id,
                                  const crypto::PublicKey& key, std::string standing);

struct ProvenPrefix {
  ChainPlace end;               // the signer is the binding's key
  std::uint64_t first_row = 1;  // with which the signed history begins
  TreeHash root{};              // of the Merkle tree over all rows up to there
};

// What the file says, when the key signed it for this binding, the ledger's row that ends there has
// its head, the tree beside the ledger has its root, and kSpotRows rows drawn at random are those
// that the tree is over. Reads those rows and O(log rows) tiles.
inline constexpr int kSpotRows = 16;
std::optional<ProvenPrefix> read_proven_prefix(fs::FileSystem& fs, fs::File& ledger,
                                               const PrefixBinding& binding,
                                               const crypto::PublicKey& key, Random& random);

// Under the append lock only; mode 0600, not synced.
Status write_proven_prefix(fs::FileSystem& fs, fs::File& ledger, const PrefixBinding& binding,
                           const crypto::SigningKey& key, const ProvenPrefix& prefix);

}  // namespace cortex::ledger
