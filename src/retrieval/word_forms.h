// English words whose forms no stemmer joins: irregular verbs and nouns, and everyday words that
// people use for the same thing.
#pragma once

#include <string_view>

namespace cortex::retrieval {

// The word that stands for `word` in the index ("bought" -> "buy", "kids" -> "child"), or `word`
// itself. Lower case.
std::string_view base_form(std::string_view word);

}  // namespace cortex::retrieval
