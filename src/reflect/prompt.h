// What a model is asked when it is to reflect. The texts are part of the keys of recorded answers
// (llm/message.h): a change of one makes recordings of it useless.
#pragma once

#include <string_view>

#include "json/value.h"
#include "llm/message.h"

namespace cortex::reflect {

inline constexpr std::string_view kReflectModel = "claude-3-5-sonnet-20240620";
inline constexpr std::string_view kCloseModel = "replay-reflection-v1";

// The request of `cortex reflect` and that of `cortex session close`. They name the trace
// ("trc_...") and carry none of its events: they are answered from recordings.
llm::Request reflect_request(std::string_view trace_id);
llm::Request close_request(std::string_view trace_id);

// JSON Schema (draft-07) of the document that read_reflection() reads.
json::Value reflection_schema();

}  // namespace cortex::reflect
