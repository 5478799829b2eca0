// What an OpenTimestamps receipt proves: that its anchor existed when a Bitcoin block was made, as
// far as the block's header is at hand.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/anchor/bitcoin.h"
#include "ledger/anchor/ots.h"
#include "ledger/anchor/receipt.h"

namespace cortex::ledger {

inline constexpr std::string_view kOtsPendingToken = "ots.pending.no_bitcoin_attestation_yet";
inline constexpr std::string_view kOtsNoHeaderToken = "ots.bitcoin_confirmed.block_header_mismatch";
inline constexpr std::string_view kOtsQuorumToken = "ots.disjoint_authority.quorum_not_met";
inline constexpr std::string_view kOtsOtherDigestToken = "ots.digest.not_of_this_anchor";

// The block header of a height, or nothing when it is not at hand. An error ends the check.
using HeaderSource = std::function<Result<std::optional<BlockHeader>>(std::uint64_t height)>;

enum class OtsState : std::uint8_t { kPending, kPartial, kFull, kBroken };

struct OtsVerdict {
  OtsState state = OtsState::kPending;
  std::string token;    // why it is no more than that; empty when full
  std::string message;  // for people
  // Operators whose calendars promised on the way to the attestation that holds.
  std::set<std::string_view> operators;
};

// A known operator of public calendars by the host of an address (exact, or a sub-domain of it);
// "" for others.
std::string_view calendar_operator(std::string_view url);
// Public calendars, one address a row, in the order in which they are asked.
std::span<const std::string_view> public_calendars();

// The proof of a receipt. Errors as of parse_ots; kPrecondition when there is none or it is not
// base64.
Result<OtsProof> proof_of(const Receipt& receipt);

// Bound to the receipt: a proof of another digest is broken. The strongest attestation counts.
// Errors of `headers` are passed on.
Result<OtsVerdict> judge_ots(const Receipt& receipt, const OtsProof& proof,
                             const HeaderSource& headers,
                             std::span<const WorkFloor> floors = mainnet_work());

// One operator alone could lie about time: what is full for an anchor becomes partial unless two
// known operators stand behind it. `verdicts` belong to `receipts` one by one.
void demand_quorum(const std::vector<Receipt>& receipts, std::vector<OtsVerdict>& verdicts);

}  // namespace cortex::ledger
