// SHA-256 (FIPS 180-4), for what the outside world hashes with it: Merkle trees, anchors, external
// receipts. Pure, thread-safe on different objects, never fails. About 1.5 GB/s where the processor
// has the SHA extensions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cortex::crypto {

using Sha256Digest = std::array<std::uint8_t, 32>;

// Incremental SHA-256. Lives on the stack: 112 bytes, no allocation.
class Sha256 {
 public:
  Sha256() { reset(); }
  void reset();
  void update(std::string_view bytes);
  Sha256Digest finish() const;  // may be followed by more update()

 private:
  alignas(8) std::array<std::uint8_t, 112> state_;
};

Sha256Digest sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);  // 64 lower-case hex characters

}  // namespace cortex::crypto
