#include "app/session_text.h"

#include <utility>

#include "base/text.h"
#include "core/event_codec.h"
#include "json/cursor.h"
#include "json/value.h"

namespace cortex::app {
namespace {

Error text_refused(Code code, std::string message) {
  return make_error(code, std::move(message), "the ledger was not changed",
                    "correct the session and close it again");
}

std::string text_of(const json::Value* value) {
  return value == nullptr || value->as_string() == nullptr ? "" : *value->as_string();
}

// What the ingest rules would refuse without naming the place as agents need it.
Status check_event(const json::Value& event, std::size_t index) {
  if (event.as_object() == nullptr) {
    return text_refused(Code::kInternal,
                        cat("event[", index, "] failed to deserialize: no object"));
  }
  const std::string text = json::write_compact(event);
  json::Cursor cursor(text);
  core::DecodedEvent decoded;
  if (!core::decode_event(cursor, core::Dialect::kSession, decoded)) {
    return text_refused(Code::kInternal,
                        cat("event[", index, "] failed to deserialize: ", cursor.fault().text()));
  }
  const std::string id = text_of(event.find("id"));
  const json::Value* source = event.find("source");
  const std::string type = source == nullptr ? "" : text_of(source->find("type"));
  if (type == "user") {
    return text_refused(Code::kInternal, cat("event ", id,
                                             " has source User, which needs an "
                                             "attestation that a tool call cannot give"));
  }
  if (type == "manual_correction") {
    return text_refused(Code::kPrecondition,
                        cat("ledger.append preflight: final outcome Reject: event ", id,
                            " is a manual correction"));
  }
  return {};
}

Result<json::Array> events_of(json::Value document) {
  if (auto* array = document.as_array()) return std::move(*array);
  const json::Value* events = document.find("events");
  if (events == nullptr) return json::Array{std::move(document)};
  if (events->as_array() == nullptr) {
    return text_refused(Code::kInternal, "the events field is not an array");
  }
  return *events->as_array();
}

}  // namespace

Result<IngestReport> ingest_text(Services& services, const Layout& layout, std::string text) {
  if (text.size() > kSessionTextBytesMax) {
    return with_token(text_refused(Code::kPrecondition, "events_json exceeds 5MB limit"),
                      "size_limit_exceeded");
  }
  auto document = json::parse(text);
  if (!document.ok()) {
    return text_refused(Code::kInternal, cat("invalid JSON: ", document.error().message));
  }
  CORTEX_ASSIGN(const json::Array events, events_of(std::move(document).value()));
  for (std::size_t i = 0; i < events.size(); ++i) CORTEX_TRY(check_event(events[i], i));
  if (events.empty()) return IngestReport{};
  IngestRequest request{.layout = layout, .text = std::move(text)};
  auto report = ingest(services, request);
  if (report.ok() || report.error().code != Code::kUsage) return report;
  return with_code(std::move(report).error(), Code::kInternal);
}

}  // namespace cortex::app
