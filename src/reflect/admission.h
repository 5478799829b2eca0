// Whether what a model proposed may become a candidate memory at all: the general rules of
// admission (trust/axiom_generic.h) with what is known of every reflection. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "reflect/reflection.h"
#include "trust/axiom_exchange.h"

namespace cortex::reflect {

struct Judgement {
  trust::Admission admission = trust::Admission::kAdmitCandidate;
  std::size_t memory = 0;            // index of the judged one; without meaning when admitted
  std::vector<std::string> reasons;  // "OpenContradiction", in the order of the checks

  bool admitted() const { return admission == trust::Admission::kAdmitCandidate; }
  // "memory_candidates[0] reasons=[OpenContradiction]".
  std::string detail() const;
};

// Who proposed it: the adapter ("replay") and the BLAKE3 of its whole answer, in hex.
struct Proposer {
  std::string_view adapter_id;
  std::string_view response_hash;
};

Judgement judge_memory(const SessionReflection& reflection, std::size_t memory,
                       const Proposer& proposer);
// Of all memories: the first rejected one, else the first quarantined one, else admitted.
Judgement judge_reflection(const SessionReflection& reflection, const Proposer& proposer);

}  // namespace cortex::reflect
