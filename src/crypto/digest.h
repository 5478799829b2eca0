// BLAKE3-256, the hash of every format of the program. Pure, thread-safe on different objects,
// never fails.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cortex::crypto {

using Digest = std::array<std::uint8_t, 32>;
using HexDigest = std::array<char, 64>;  // lower case

// Incremental BLAKE3-256. The state is 1.9 kB; reuse it with reset().
class Blake3 {
 public:
  Blake3();
  ~Blake3();
  Blake3(const Blake3&) = delete;
  Blake3& operator=(const Blake3&) = delete;
  void reset();
  void update(std::string_view bytes);
  Digest finish() const;  // may be followed by more update()

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest blake3(std::string_view bytes);
// The first out.size() bytes of the extendable output; its first 32 are the digest.
void blake3_extended(std::string_view bytes, std::span<std::uint8_t> out);
std::string blake3_hex(std::string_view bytes);  // 64 lower-case hex characters
std::string hex(const Digest& digest);
HexDigest hex_digest(const Digest& digest);      // without an allocation
std::string prefixed_hex(const Digest& digest);  // "blake3:" + hex, as manifests carry it

}  // namespace cortex::crypto
