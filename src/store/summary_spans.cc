#include "store/summary_spans.h"

#include <optional>

#include "base/text.h"

namespace cortex::store {
namespace {

bool read_span(const json::Value& value, SummarySpan& out) {
  const auto start = value.find_unsigned("byte_start");
  const auto end = value.find_unsigned("byte_end");
  const json::Value* ids = value.find("derived_from_event_ids");
  const json::Value* authority = value.find("max_source_authority");
  if (!start || !end || ids == nullptr || ids->as_array() == nullptr || authority == nullptr ||
      authority->as_string() == nullptr) {
    return false;
  }
  out.byte_start = *start;
  out.byte_end = *end;
  out.max_source_authority = *authority->as_string();
  for (const json::Value& id : *ids->as_array()) {
    if (id.as_string() == nullptr) return false;
    out.derived_from_event_ids.push_back(*id.as_string());
  }
  return true;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

bool at_border(std::string_view text, std::uint64_t offset) {
  return offset == text.size() || !is_continuation(text[offset]);
}

}  // namespace

bool read_spans(const json::Value& value, std::vector<SummarySpan>& out) {
  if (value.as_array() == nullptr) return false;
  for (const json::Value& item : *value.as_array()) {
    if (!read_span(item, out.emplace_back())) return false;
  }
  return true;
}

std::string_view span_failure(std::string_view text, const std::vector<SummarySpan>& spans) {
  std::uint64_t covered_to = 0;
  std::string uncovered;
  for (const SummarySpan& span : spans) {
    if (span.byte_start > span.byte_end || span.byte_end > text.size()) {
      return "summary_span.range.in_bounds";
    }
    if (!at_border(text, span.byte_start) || !at_border(text, span.byte_end)) {
      return "summary_span.range.utf8_boundary";
    }
    if (span.byte_start < covered_to) return "summary_span.range.ordered_non_overlapping";
    // The store folds every set of events to "derived": more than that was never earned.
    if (span.max_source_authority != "derived") {
      return "summary_span.authority.cache_matches_fold";
    }
    uncovered += text.substr(covered_to, span.byte_start - covered_to);
    covered_to = span.byte_end;
  }
  uncovered += text.substr(covered_to);
  if (!is_blank(uncovered)) return "summary_span.coverage.non_whitespace";
  return {};
}

std::string whole_text_span(std::string_view text, const json::Value& event_ids) {
  json::Array spans;
  if (!is_blank(text)) {
    spans.emplace_back(json::Object{{"byte_start", 0},
                                    {"byte_end", text.size()},
                                    {"derived_from_event_ids", event_ids},
                                    {"max_source_authority", "derived"}});
  }
  return json::write_compact(std::move(spans), json::Keys::kSorted);
}

}  // namespace cortex::store
