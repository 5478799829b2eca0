// Key files: seeds and public keys as exactly 32 raw bytes, no encoding, no final newline.
#pragma once

#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "crypto/ed25519.h"

namespace cortex::crypto {

// The private key whose seed is in `path`. The bytes read are wiped. Fails with Code::kPrecondition
// when the file cannot be read or is not 32 bytes long; the message names the path and the length,
// never a byte of the contents.
Result<SigningKey> read_signing_key(fs::FileSystem& fs, const std::string& path);

// The private key whose seed is `text` in padded standard base64, blanks around it allowed. The
// text is wiped. Fails with Code::kPrecondition; the message shows nothing of it.
Result<SigningKey> signing_key_from_base64(std::string& text);

// The public key in `path`, after check_public_key. Errors as above.
Result<PublicKey> read_public_key(fs::FileSystem& fs, const std::string& path);

// Write a new key file and sync it and its folder. The path must not exist; a seed is readable by
// its owner alone (0600), a public key by everyone (0644). Code::kPrecondition when the path is
// taken.
Status write_seed(fs::FileSystem& fs, const std::string& path, const Seed& seed);
Status write_public_key(fs::FileSystem& fs, const std::string& path, const PublicKey& key);

// True when others than the owner may read the file: a reason to warn about a seed.
Result<bool> is_readable_by_others(fs::FileSystem& fs, const std::string& path);

}  // namespace cortex::crypto
