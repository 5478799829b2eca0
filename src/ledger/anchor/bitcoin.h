// Bitcoin block headers as evidence of time: is this a header that somebody spent a block's work
// on, and does it commit to this digest? Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace cortex::ledger {

inline constexpr std::size_t kBlockHeaderBytes = 80;
inline constexpr std::string_view kNoWorkToken = "ots.bitcoin_header_quorum.pow_invalid";
inline constexpr std::string_view kOtherBlockToken = "ots.bitcoin_confirmed.merkle_path_invalid";
inline constexpr std::string_view kTooEarlyToken = "ots.bitcoin_confirmed.block_before_anchor";

struct BlockHeader {
  std::array<std::uint8_t, kBlockHeaderBytes> bytes{};

  std::string_view merkle_root() const;  // 32 bytes as they stand in the header
  Timestamp time() const;
  std::string hash() const;  // of the block, hex as explorers show it
};

// From a time on, no block of the real chain took less work than 2^zero_bits hashes. A header with
// its own easy target is no evidence: whoever made it chose the target.
struct WorkFloor {
  std::int64_t since_seconds;
  unsigned zero_bits;
};
// The real chain's floors, with a margin of at least half the least difficulty since then.
std::span<const WorkFloor> mainnet_work();

// The header's hash is below its own target, and that target is no easier than the floor of the
// header's time. Code::kIntegrity, kNoWorkToken.
Status check_work(const BlockHeader& header, std::span<const WorkFloor> floors);

// check_work, and: the block's merkle root is `digest`, and the block is not older than `anchored`
// by more than the two hours that block times may be off. Code::kIntegrity.
Status check_block(const BlockHeader& header, std::string_view digest, Timestamp anchored,
                   std::span<const WorkFloor> floors);

}  // namespace cortex::ledger
