// The one scoring function of recall. docs/search.md gives every formula with its source and the
// effect of leaving it out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "retrieval/index_reader.h"
#include "retrieval/query.h"

namespace cortex::retrieval {

// Weights of the signals. The defaults are the product; tests and experiments change them.
struct Weights {
  float k1 = 1.02F, b = 0.4F;         // BM25
  float whole = 1.0F;                 // identifiers as a whole, beside their parts
  float prev1 = 0.25F, next1 = 0.3F;  // neighbouring turns
  float prev2 = 0.235F, next2 = 0.1F;
  float session = 0.2F;                  // what the session says about the question
  float session_coverage = 0.2F;         // distinct words of the question in the session
  float coverage = 0.42F;                // distinct words of the question in the turns around
  float coverage2 = 0.3F;                // share of it that words two turns away count
  float named = 0.4F;                    // a speaker's name as a word: whom a turn addresses
  float speaker = 0.4F;                  // spoken by somebody the question names
  float question = 0.2F;                 // penalty of turns that are questions themselves
  float length = 0.0F;                   // mild prior for longer turns
  float when = 0.21F, how_many = 0.35F;  // the question asks for a time or number, the turn has one
  float time = 1.68F;                    // said in the time that the question names
  float feedback = 0.255F;               // RM3: weight of the words of the best turns
  float feedback_docs = 9, feedback_terms = 14;
  float related = 0.4F, related_broader = 0.3F;  // words for those of the question
  float answer = 0.64F;                          // the turn before is a question that matches
  float first = 700;                             // documents that are looked at closely
  float first_of_many = 200;                     // the same in stores of more than 20,000 documents
  float vectors = 0.5F;                          // likeness of the vectors, when there are any
  float vector_docs = 100;                       // documents that are candidates by their vectors
};

struct Filter {
  std::optional<std::uint32_t> session;  // id of a name
  std::optional<std::vector<std::uint32_t>> sources;
  std::optional<std::int64_t> since, until;  // of DocRecord::time
  std::optional<std::int64_t> as_of;         // of DocRecord::observed
  bool events = true, memories = true;
  bool active_only = true;  // memories of status "active"

  bool admits(const DocRecord& record) const;
};

// What a score is made of, in the order in which it is made.
struct Parts {
  float words = 0, neighbours = 0, session = 0, coverage = 0, vectors = 0;  // added
  float speaker = 1, question = 1, length = 1, cue = 1, time = 1;           // multiplied
};

struct Ranked {
  DocId doc = 0;
  Kind kind = Kind::kEvent;
  std::uint32_t ref = 0;
  float score = 0;
  bool direct = false;  // it or a turn around has a word of the question; else found by feedback
  Parts parts;
};

// Best first; equal scores by kind and row. `wanted` is how many the caller will look at.
// `likeness`: of each document's vector, by its number (vector_index.h), or empty.
Result<std::vector<Ranked>> rank(IndexReader& reader, const Query& query, const Filter& filter,
                                 std::size_t wanted, const Weights& weights = {},
                                 std::span<const float> likeness = {});

}  // namespace cortex::retrieval
