// What a context pack may hold of memories beside their claims, each by one query for a set.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "context/pack.h"
#include "json/value.h"
#include "sqlite/connection.h"

namespace cortex::app {

struct RawPayload {
  json::Value payload;
  // By the event's tags and by marks in its payload.
  context::Sensitivity sensitivity = context::Sensitivity::kInternal;
  std::string unusable;  // why it cannot be given, or empty
};

// Payloads of events, by id; of those that are there.
Result<std::map<std::string, RawPayload>> raw_payloads(sqlite::Connection& db,
                                                       const std::vector<std::string>& event_ids);

// Memories that bear a mark of sensitivity now, and which; of those that are there.
Result<std::map<std::string, context::Sensitivity>> marked_now(
    sqlite::Connection& db, const std::vector<std::string>& memory_ids);

// Summary spans by memory id, of those that have any and whose spans are sound.
Result<std::map<std::string, std::vector<context::Span>>> summary_spans(
    sqlite::Connection& db, const std::vector<std::string>& memory_ids);

}  // namespace cortex::app
