// The three envelopes of a trust exchange: their shape, as data (docs/formats.md, "Axiom
// admission"). Members that the shape does not name are errors, as are missing ones, other types
// and words outside their list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace cortex::trust {

enum class Envelope : std::uint8_t { kContextTrust, kExecutionTrust, kFeedbackLoop };

std::string_view schema_name(Envelope envelope);  // "cortex_context_trust"

// The envelope inside `document`: bare, or (except the loop) below its schema name, where other
// members are ignored. Error: kQuarantined, token "<schema>.envelope.schema_drift", with the path
// of the first member that does not fit.
Result<json::Value> read_envelope(Envelope envelope, const json::Value& document);

// The value at a dotted path of objects, or nullptr.
const json::Value* value_at(const json::Value& value, std::string_view path);
// The text there; "" when there is none.
std::string_view text_at(const json::Value& value, std::string_view path);
bool flag_at(const json::Value& value, std::string_view path);

}  // namespace cortex::trust
