#include "crypto/digest.h"

#include <blake3.h>

#include "base/text.h"

namespace cortex::crypto {

namespace {

// BLAKE3 looks up what the processor can do at its first compression and keeps it in a variable
// without a lock. One compression behind a guard comes before all others.
void detect_processor() {
  static const Digest first = [] {
    blake3_hasher hasher;
    blake3_hasher_init(&hasher);
    Digest out;
    blake3_hasher_finalize(&hasher, out.data(), out.size());
    return out;
  }();
  static_cast<void>(first);
}

}  // namespace

struct Blake3::State {
  blake3_hasher hasher;
};

Blake3::Blake3() : state_(std::make_unique<State>()) {
  detect_processor();
  reset();
}
Blake3::~Blake3() = default;

void Blake3::reset() { blake3_hasher_init(&state_->hasher); }

void Blake3::update(std::string_view bytes) {
  blake3_hasher_update(&state_->hasher, bytes.data(), bytes.size());
}

Digest Blake3::finish() const {
  Digest out;
  blake3_hasher_finalize(&state_->hasher, out.data(), out.size());
  return out;
}

Digest blake3(std::string_view bytes) {
  detect_processor();
  blake3_hasher hasher;
  blake3_hasher_init(&hasher);
  blake3_hasher_update(&hasher, bytes.data(), bytes.size());
  Digest out;
  blake3_hasher_finalize(&hasher, out.data(), out.size());
  return out;
}

void blake3_extended(std::string_view bytes, std::span<std::uint8_t> out) {
  detect_processor();
  blake3_hasher hasher;
  blake3_hasher_init(&hasher);
  blake3_hasher_update(&hasher, bytes.data(), bytes.size());
  blake3_hasher_finalize(&hasher, out.data(), out.size());
}

std::string blake3_hex(std::string_view bytes) { return hex(blake3(bytes)); }

std::string hex(const Digest& digest) { return to_hex(digest); }

HexDigest hex_digest(const Digest& digest) {
  HexDigest out;
  to_hex(digest, out.data());
  return out;
}

std::string prefixed_hex(const Digest& digest) { return "blake3:" + hex(digest); }

}  // namespace cortex::crypto
