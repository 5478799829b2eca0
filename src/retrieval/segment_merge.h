// Joins segments that follow each other into one: list after list in the order of terms, without
// going back to the forward rows.
//
// Cost: O(postings) and one row a term. Memory: the longest list, and what is written at once.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "retrieval/index_schema.h"
#include "sqlite/connection.h"

namespace cortex::retrieval {

// `parts`, at least one, become the segment `id` and are no more. Needs a write transaction; on
// failure the caller rolls back. Lists that no writer makes: kCorruptToken.
Status merge_segments(sqlite::Connection& db, std::span<const Segment> parts, std::int64_t id);

}  // namespace cortex::retrieval
