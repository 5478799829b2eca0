// A line of audit_records.jsonl: no crash, and what is read as an attestation is of the documented
// shape.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "crypto/ed25519.h"
#include "fuzz/require.h"
#include "ledger/user_attestation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = cortex::ledger::parse_user_attestation(text);
  if (!parsed.ok() || !*parsed) return 0;
  cortex::fuzz::require((*parsed)->key_id == cortex::crypto::key_id((*parsed)->key));
  cortex::fuzz::require(!cortex::ledger::attestation_operation((*parsed)->source).empty());
  return 0;
}
