// Session files: {"events":[Event...]}, [Event...] or one Event. All or nothing: the whole text is
// read before the first event counts.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "core/event_codec.h"

namespace cortex::ledger {

// Calls `on_event` for every event in file order. Of a repeated "events" member the last one
// counts. Errors: kUsage for text that is not JSON, of another shape or with an event that does not
// decode; what `on_event` returned otherwise.
Status for_each_event(std::string_view text,
                      const std::function<Status(core::DecodedEvent&)>& on_event);

}  // namespace cortex::ledger
