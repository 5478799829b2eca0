// Vectors of the indexed documents, when a static model is configured: a cache beside the index,
// made again whenever the model changes, and gone when the index is built anew.
//
// A block holds up to kVectorBlock documents that follow each other, with the digest of the model,
// the dimension and, of each document, the digest of the text its vector was made from. Vectors of
// two models are never compared: what is not of the model at hand is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "retrieval/codec.h"
#include "retrieval/static_model.h"
#include "sqlite/connection.h"

namespace cortex::retrieval {

inline constexpr DocId kVectorBlock = 64;
// Token of the error about vectors of another model or dimension.
inline constexpr std::string_view kVectorsToken = "recall.vectors.mixed";

// Makes the vectors that are missing, all of them when those that are there are of another model.
// Answers how many documents got one. Needs a write transaction and an index that is up to date.
// O(new documents).
Result<std::uint64_t> update_vectors(sqlite::Connection& db, StaticModel& model);

// Whether update_vectors() has anything to do. O(1).
Result<bool> vectors_lag(sqlite::Connection& db, const StaticModel& model);

// The cosine of the documents up to `indexed`, those that the index holds, with `query`, by
// document number; 0 where a document has no vector. Empty when there are no vectors. Reads every
// vector: exact. Errors: kPrecondition with kVectorsToken, kCorruptToken.
Result<std::vector<float>> similarities(sqlite::Connection& db, const StaticModel& model,
                                        const Int8Vector& query, DocId indexed);

// Whether the document has an entry that was made from another text: that of a memory whose claim
// was reworded with the same terms. Needs an index. O(1). Error: kCorruptToken.
Result<bool> has_stale_vector(sqlite::Connection& db, DocId doc, std::string_view text);

// Compares the digest of every vector's text with the text. Error: kCorruptToken.
Status check_vectors(sqlite::Connection& db);

}  // namespace cortex::retrieval
