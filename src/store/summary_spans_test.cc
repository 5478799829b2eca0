#include "store/summary_spans.h"

#include <gtest/gtest.h>

namespace cortex::store {
namespace {

std::string_view failure(std::string_view text, std::string_view spans_json) {
  std::vector<SummarySpan> spans;
  EXPECT_TRUE(read_spans(json::parse(spans_json).value(), spans)) << spans_json;
  return span_failure(text, spans);
}

std::string span(int start, int end, std::string_view authority = "derived") {
  return "{\"byte_start\":" + std::to_string(start) + ",\"byte_end\":" + std::to_string(end) +
         ",\"derived_from_event_ids\":[\"e\"],\"max_source_authority\":\"" +
         std::string(authority) + "\"}";
}

TEST(SummarySpans, FirstBrokenRule_IsNamed) {
  EXPECT_EQ(failure("ab c", "[" + span(0, 4) + "]"), "");
  EXPECT_EQ(failure("ab c", "[" + span(0, 2) + "," + span(3, 4) + "]"), "");
  EXPECT_EQ(failure(" \n", "[]"), "");
  EXPECT_EQ(failure("ab", "[" + span(0, 3) + "]"), "summary_span.range.in_bounds");
  EXPECT_EQ(failure("ab", "[" + span(2, 1) + "]"), "summary_span.range.in_bounds");
  EXPECT_EQ(failure("\xC3\xA9", "[" + span(0, 1) + "]"), "summary_span.range.utf8_boundary");
  EXPECT_EQ(failure("abc", "[" + span(0, 2) + "," + span(1, 3) + "]"),
            "summary_span.range.ordered_non_overlapping");
  EXPECT_EQ(failure("abc", "[" + span(0, 3, "user") + "]"),
            "summary_span.authority.cache_matches_fold");
  EXPECT_EQ(failure("abc", "[]"), "summary_span.coverage.non_whitespace");
  EXPECT_EQ(failure("ab c", "[" + span(0, 2) + "]"), "summary_span.coverage.non_whitespace");
}

TEST(SummarySpans, OtherShapes_AreNoSpans) {
  std::vector<SummarySpan> spans;
  for (const char* text : {"{}", "null", "[1]", R"([{"byte_start":0}])",
                           R"([{"byte_start":-1,"byte_end":1,"derived_from_event_ids":[],)"
                           R"("max_source_authority":"derived"}])"}) {
    EXPECT_FALSE(read_spans(json::parse(text).value(), spans)) << text;
  }
}

TEST(SummarySpans, WholeText_IsOneSpanInBytes) {
  const json::Value ids = json::Array{"evt_1"};
  EXPECT_EQ(whole_text_span("d\xC3\xA9", ids),
            R"([{"byte_end":3,"byte_start":0,"derived_from_event_ids":["evt_1"],)"
            R"("max_source_authority":"derived"}])");
  EXPECT_EQ(whole_text_span(" ", ids), "[]");
}

}  // namespace
}  // namespace cortex::store
