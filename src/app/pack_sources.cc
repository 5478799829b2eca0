#include "app/pack_sources.h"

#include <algorithm>
#include <utility>

#include "core/sensitivity.h"
#include "ledger/erasure.h"
#include "store/plain_rows.h"
#include "store/summary_spans.h"

namespace cortex::app {
namespace {

RawPayload read_raw_payload(std::string_view text, std::string_view tags) {
  RawPayload out;
  core::Sensitivity marked = core::sensitivity_of_tags(store::texts_in(tags));
  auto payload = json::parse(text);
  if (!payload.ok()) {
    out.unusable = "its payload cannot be read";
  } else if (payload->find(ledger::kErasedMember) != nullptr) {
    out.unusable = "its payload was erased";
  } else {
    // As it would be given: no escape hides a mark.
    marked = std::max(marked, core::sensitivity_of_text(json::write_compact(*payload)));
    out.payload = std::move(payload).value();
  }
  out.sensitivity = context::sensitivity_of(marked);
  return out;
}

}  // namespace

Result<std::map<std::string, RawPayload>> raw_payloads(sqlite::Connection& db,
                                                       const std::vector<std::string>& event_ids) {
  std::map<std::string, RawPayload> out;
  if (event_ids.empty()) return out;
  CORTEX_ASSIGN(auto rows, db.prepare("SELECT id, payload_json, domain_tags_json FROM events WHERE"
                                      " id IN (SELECT value FROM json_each(?1))"));
  CORTEX_TRY(rows.bind(1, json::array_text(event_ids)));
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    out.emplace(rows.column_text(0), read_raw_payload(rows.column_text(1), rows.column_text(2)));
  }
}

Result<std::map<std::string, context::Sensitivity>> marked_now(
    sqlite::Connection& db, const std::vector<std::string>& memory_ids) {
  std::map<std::string, context::Sensitivity> out;
  if (memory_ids.empty()) return out;
  CORTEX_ASSIGN(auto rows, db.prepare("SELECT id, domains_json FROM memories WHERE id IN"
                                      " (SELECT value FROM json_each(?1))"));
  CORTEX_TRY(rows.bind(1, json::array_text(memory_ids)));
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    const auto marked = context::sensitivity_of(store::texts_in(rows.column_text(1)));
    if (marked > context::Sensitivity::kInternal) out.emplace(rows.column_text(0), marked);
  }
}

Result<std::map<std::string, std::vector<context::Span>>> summary_spans(
    sqlite::Connection& db, const std::vector<std::string>& memory_ids) {
  std::map<std::string, std::vector<context::Span>> out;
  CORTEX_ASSIGN(auto rows, db.prepare("SELECT id, claim, summary_spans_json FROM memories WHERE id"
                                      " IN (SELECT value FROM json_each(?1)) AND"
                                      " summary_spans_json <> '[]'"));
  CORTEX_TRY(rows.bind(1, json::array_text(memory_ids)));
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    const auto value = json::parse(rows.column_text(2));
    std::vector<store::SummarySpan> spans;
    if (!value.ok() || !store::read_spans(*value, spans) || spans.empty() ||
        !store::span_failure(rows.column_text(1), spans).empty()) {
      continue;
    }
    std::vector<context::Span>& kept = out[std::string(rows.column_text(0))];
    for (store::SummarySpan& span : spans) {
      kept.push_back({span.byte_start, span.byte_end, std::move(span.derived_from_event_ids),
                      std::move(span.max_source_authority)});
    }
  }
}

}  // namespace cortex::app
