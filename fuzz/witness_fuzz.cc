// Witnesses of evidence: one is refused in printable text, or its signed text has exactly the lines
// that it should have, and no signature makes it count before it was checked.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/text.h"
#include "fuzz/require.h"
#include "json/value.h"
#include "trust/verifier.h"
#include "trust/witness.h"

namespace {

using cortex::fuzz::require;

void check_accepted(const cortex::trust::Witness& witness) {
  const std::string v1 = cortex::trust::witness_preimage(witness, cortex::trust::SignedText::kV1);
  require(v1.ends_with('\n'));
  require(std::ranges::count(v1, '\n') == static_cast<std::ptrdiff_t>(5 + witness.fields.size()));
  const std::array<cortex::trust::Witness, 1> witnesses{witness};
  const auto verdict = cortex::trust::verify_witnesses(
      {.subject_blake3 = witness.subject_blake3,
       .witnesses = witnesses,
       .effective = cortex::trust::ClaimCeiling::kAuthorityGrade,
       .now = witness.asserted_at,
       .registry = {},
       .check = [](cortex::trust::SignatureKind, std::span<const std::uint8_t>, std::string_view,
                   std::span<const std::uint8_t>) { return false; },
       .row_hash = {}});
  require(verdict.ok() && verdict->state == cortex::trust::VerifierState::kBroken);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document =
      cortex::json::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!document.ok()) return 0;
  const auto witness = cortex::trust::read_witness(*document);
  if (witness.ok()) {
    check_accepted(*witness);
    return 0;
  }
  require(witness.error().code == cortex::Code::kPrecondition);
  require(cortex::fuzz::is_printable(witness.error().text()));
  return 0;
}
