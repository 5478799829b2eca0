// Reflections of models: a refusal says which member is wrong in printable text, and what is
// accepted has scores in range, references that hold and one judgement whoever proposed it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "fuzz/require.h"
#include "reflect/admission.h"
#include "reflect/reflection.h"
#include "trust/axiom_generic.h"

namespace {

using cortex::fuzz::require;

bool is_score(double value) { return value >= 0.0 && value <= 1.0; }

void check_accepted(const cortex::reflect::SessionReflection& reflection) {
  for (const auto& memory : reflection.memories) {
    require(is_score(memory.confidence) && is_score(memory.salience.reusability));
    require(is_score(memory.salience.consequence) && is_score(memory.salience.emotional_charge));
    for (const std::size_t index : memory.episodes) require(index < reflection.episodes.size());
  }
  const auto judged = cortex::reflect::judge_reflection(reflection, {"replay", "00"});
  require(judged.admitted() == judged.reasons.empty());
  if (!judged.admitted()) return;
  for (const auto& memory : reflection.memories) require(!reflection.events_of(memory).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto reflection = cortex::reflect::parse_reflection(text);
  if (reflection.ok()) {
    check_accepted(*reflection);
    return 0;
  }
  const cortex::Error& error = reflection.error();
  require(error.code == cortex::Code::kQuarantined && !error.message.empty());
  require(error.token == cortex::reflect::kInvalidJson ||
          error.token == cortex::reflect::kInvalidSchema);
  require(cortex::fuzz::is_printable(error.text()));
  return 0;
}
