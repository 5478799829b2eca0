// What people say where something is asked for: who asks for pets is answered with a dog. A small
// thesaurus of everyday English and of work with computers, written for this program; no model, and
// nothing that a store could teach it.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "retrieval/analyzer.h"
#include "retrieval/query.h"

namespace cortex::retrieval {

// More are left out: each costs a list of the index.
inline constexpr std::size_t kRelatedWordsMax = 64;

// Those of the question's words, narrower ones first; none that is in the question itself. `text`
// is that of the places in `terms`. One pass over the table, some 30 us.
std::vector<RelatedWord> related_words(Analyzer& analyzer, std::string_view text,
                                       std::span<const QueryTerm> terms);

// The table: `related` holds words with blanks between. A word may come more than once.
void for_each_related(
    const std::function<void(std::string_view word, std::string_view related)>& entry);

}  // namespace cortex::retrieval
