#include "ledger/anchor/bitcoin.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "crypto/sha256.h"
#include "ledger/anchor/records.h"

namespace cortex::ledger {
namespace {

constexpr std::size_t kMerkleRootAt = 36;
constexpr std::size_t kTimeAt = 68;
constexpr std::size_t kTargetAt = 72;
constexpr std::int64_t kBlockTimeSlackSeconds = 2 * 60 * 60;

// Work grew by leaps: the least difficulty after each date, as a power of two of hashes.
constexpr WorkFloor kMainnet[] = {
    {0, 32},              // the first blocks: difficulty 1
    {1'401'580'800, 63},  // June 2014, difficulty 1.0e10
    {1'456'790'400, 67},  // March 2016, 1.6e11
    {1'514'764'800, 71},  // January 2018, 1.9e12
    {1'577'836'800, 74},  // January 2020, 1.3e13
    {1'672'531'200, 76},  // January 2023, 3.4e13
    {1'711'929'600, 77},  // April 2024, 8.0e13
};

using Number = std::array<std::uint8_t, 32>;  // 256 bits, most significant byte first

std::uint32_t little_endian(const BlockHeader& header, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 4; i > 0; --i) out = out << 8U | header.bytes[at + i - 1];
  return out;
}

Number block_hash(const BlockHeader& header) {
  const std::string_view bytes(reinterpret_cast<const char*>(header.bytes.data()),
                               header.bytes.size());
  const auto once = crypto::sha256(bytes);
  Number hash = crypto::sha256({reinterpret_cast<const char*>(once.data()), once.size()});
  std::ranges::reverse(hash);
  return hash;
}

// The compact form: a byte of length and three bytes of digits. Zero for what is no target.
Number target_of(std::uint32_t compact) {
  Number target{};
  const std::size_t size = compact >> 24U;
  const bool negative = (compact & 0x0080'0000U) != 0;
  if (size > target.size() || negative) return target;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t from_end = size - i;  // 1 is the last byte
    if (i >= size) break;
    target[target.size() - from_end] = static_cast<std::uint8_t>(compact >> (16U - 8U * i));
  }
  return target;
}

unsigned leading_zero_bits(const Number& number) {
  unsigned bits = 0;
  for (const std::uint8_t byte : number) {
    if (byte != 0) {
      for (unsigned mask = 0x80U; (byte & mask) == 0; mask >>= 1U) ++bits;
      return bits;
    }
    bits += 8;
  }
  return bits;
}

}  // namespace

std::string_view BlockHeader::merkle_root() const {
  return {reinterpret_cast<const char*>(bytes.data()) + kMerkleRootAt, 32};
}

Timestamp BlockHeader::time() const { return {little_endian(*this, kTimeAt), 0}; }

std::string BlockHeader::hash() const { return to_hex(block_hash(*this)); }

std::span<const WorkFloor> mainnet_work() { return kMainnet; }

Status check_work(const BlockHeader& header, std::span<const WorkFloor> floors) {
  const Number target = target_of(little_endian(header, kTargetAt));
  if (block_hash(header) > target) {
    return evidence_refused(kNoWorkToken,
                            cat("no work was done for the block header ", header.hash()));
  }
  unsigned zero_bits = 0;
  for (const WorkFloor& floor : floors) {
    if (header.time().seconds >= floor.since_seconds) zero_bits = floor.zero_bits;
  }
  if (leading_zero_bits(target) >= zero_bits) return {};
  return evidence_refused(kNoWorkToken, cat("the block header ", header.hash(),
                                            " took less work than any "
                                            "block of its time"));
}

Status check_block(const BlockHeader& header, std::string_view digest, Timestamp anchored,
                   std::span<const WorkFloor> floors) {
  if (header.merkle_root() != digest) {
    return evidence_refused(kOtherBlockToken,
                            cat("the proof does not lead to the block ", header.hash()));
  }
  CORTEX_TRY(check_work(header, floors));
  if (header.time().seconds + kBlockTimeSlackSeconds < anchored.seconds) {
    return evidence_refused(kTooEarlyToken, cat("the block ", header.hash(),
                                                " is older than the anchor that it is said to "
                                                "hold"));
  }
  return {};
}

}  // namespace cortex::ledger
