// Receipts: a refusal has its token, what is accepted can be written and read again, and an entry
// of a log that nobody knows is never taken for evidence.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/require.h"
#include "ledger/anchor/ots_receipt.h"
#include "ledger/anchor/receipt.h"
#include "ledger/anchor/rekor.h"

namespace {

using cortex::fuzz::require;
using cortex::ledger::Receipt;

void check_proofs(const Receipt& receipt) {
  const auto entry = cortex::ledger::verify_rekor(receipt, cortex::ledger::embedded_trusted_root());
  if (!entry.ok()) {
    require(!entry.error().token.empty() && cortex::fuzz::is_printable(entry.error().text()));
  }
  const auto proof = cortex::ledger::proof_of(receipt);
  if (!proof.ok()) {
    require(proof.error().token.starts_with("ots."));
    return;
  }
  const auto verdict = cortex::ledger::judge_ots(
      receipt, *proof, [](std::uint64_t) { return std::optional<cortex::ledger::BlockHeader>(); });
  require(verdict.ok() && verdict->state != cortex::ledger::OtsState::kFull);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto receipts = cortex::ledger::parse_receipts(text);
  if (!receipts.ok()) {
    require(receipts.error().token.starts_with("receipt."));
    require(cortex::fuzz::is_printable(receipts.error().text()));
    return 0;
  }
  for (const Receipt& receipt : *receipts) {
    check_proofs(receipt);
    const std::string written = receipt_text(receipt);
    const auto again = cortex::ledger::parse_receipts(written);
    require(again.ok() && again->size() == 1 && receipt_text(again->front()) == written);
  }
  return 0;
}
