// Timestamp proofs: bounded, refused by name, and written as the tree that was read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/require.h"
#include "ledger/anchor/ots.h"

namespace {

using cortex::fuzz::require;
using cortex::ledger::OtsProof;

bool same_tree(const OtsProof& a, const OtsProof& b) {
  return a.digest_type == b.digest_type && a.digest() == b.digest() &&
         a.nodes.size() == b.nodes.size() && a.attestations.size() == b.attestations.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto proof = cortex::ledger::parse_ots(bytes);
  if (!proof.ok()) {
    require(proof.error().token.starts_with("ots."));
    require(cortex::fuzz::is_printable(proof.error().text()));
    return 0;
  }
  require(proof->nodes.size() <= cortex::ledger::kOtsNodesMax && !proof->attestations.empty());
  const auto again = cortex::ledger::parse_ots(cortex::ledger::write_ots(*proof));
  require(again.ok() && same_tree(*proof, *again));
  const OtsProof before = *proof;
  if (!cortex::ledger::join_timestamp(*proof, 0, bytes).ok()) require(same_tree(*proof, before));
  return 0;
}
