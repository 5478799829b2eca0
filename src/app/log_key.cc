#include "app/log_key.h"

#include "base/text.h"
#include "crypto/key_file.h"

namespace cortex::app {

Result<ledger::VerifierKey> read_log_key(fs::FileSystem& fs, const std::string& path) {
  constexpr std::uint64_t kBytesMax = 4096;
  const auto bytes = fs::read_all(fs, path, kBytesMax);
  if (!bytes.ok() || bytes->size() != sizeof(crypto::PublicKey)) {
    if (const auto key = ledger::parse_verifier_key(trim(bytes.ok() ? *bytes : path))) {
      CORTEX_TRY(crypto::check_public_key(key->key));
      return *key;
    }
  }
  CORTEX_ASSIGN(const crypto::PublicKey key, crypto::read_public_key(fs, path));
  return ledger::VerifierKey{"", key};
}

}  // namespace cortex::app
