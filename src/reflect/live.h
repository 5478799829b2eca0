// Reflection by a model that runs: the request with the events of the trace, and what is asked of
// its answer beyond that of a recorded one. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "llm/message.h"
#include "reflect/reflection.h"
#include "reflect/trace.h"

namespace cortex::reflect {

inline constexpr std::string_view kLiveTag = "live-reflection-v2";
inline constexpr std::size_t kLiveBytesMax = 96U << 10;        // all events as they are sent
inline constexpr std::size_t kLivePayloadBytesMax = 4U << 10;  // one payload

// System text, schema and one message with the events as data: in the order of the ledger, secrets
// and personal data taken out, long payloads cut, and the oldest left out where all are too long
// (`omitted_events` says how many). An event that may not be written down at all is left out too.
llm::Request live_request(std::string_view trace_id, std::span<const TraceEvent> events);
// The request after an answer that was refused: why stands behind it. Used once.
llm::Request repeated_request(llm::Request request, const llm::Response& answer,
                              const Error& refusal);

// The answer as a reflection of this trace. Errors: those of read_reflection(), and kInvalidSchema
// for another trace or an event that is not among `events`.
Result<SessionReflection> read_live_answer(const llm::Response& answer, std::string_view trace_id,
                                           std::span<const TraceEvent> events);

}  // namespace cortex::reflect
