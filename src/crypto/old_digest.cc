#include "crypto/old_digest.h"

// The high-level functions need OpenSSL's legacy provider for RIPEMD-160, which is a file of its
// own.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ripemd.h>
#include <openssl/sha.h>

namespace cortex::crypto {

Digest160 sha1(std::string_view bytes) {
  Digest160 out;
  SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data());
  return out;
}

Digest160 ripemd160(std::string_view bytes) {
  Digest160 out;
  RIPEMD160(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data());
  return out;
}

}  // namespace cortex::crypto
