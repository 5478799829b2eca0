// Summary spans: which bytes of a summary come from which events (docs/formats.md, 9.9).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace cortex::store {

struct SummarySpan {
  std::uint64_t byte_start = 0;
  std::uint64_t byte_end = 0;
  std::vector<std::string> derived_from_event_ids;
  std::string max_source_authority;
};

// False when the value is no array of spans.
bool read_spans(const json::Value& value, std::vector<SummarySpan>& out);

// The token of the first rule that the spans of `text` break, or empty:
// summary_span.range.in_bounds, .range.utf8_boundary, .range.ordered_non_overlapping,
// .authority.cache_matches_fold per span, then summary_span.coverage.non_whitespace.
std::string_view span_failure(std::string_view text, const std::vector<SummarySpan>& spans);

// One span over the whole text, derived from the events; no span for blank text. Sorted JSON.
std::string whole_text_span(std::string_view text, const json::Value& event_ids);

}  // namespace cortex::store
