// The authorisation of an emergency override (`run --break-glass`): what its caller claims of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "trust/policy.h"

namespace cortex::app {

struct BreakGlassOrder {
  trust::BreakGlass flags;
  json::Value document;  // sorted: permitted, attested, scope, reason_code
};

// Members that are not known are ignored. Errors: kUsage when it does not parse or gives another
// reason than `diagnostic_only`; kPrecondition when it is not permitted, not attested, not bound to
// anything, or when `now` lies outside its window.
Result<BreakGlassOrder> read_break_glass(std::string_view text, Timestamp now);

}  // namespace cortex::app
