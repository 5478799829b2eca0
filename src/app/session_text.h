// `cortex_session_close` without reflection: the events of a session that came as text go into the
// ledger and its mirror, all or none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "app/ingest.h"
#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"

namespace cortex::app {

inline constexpr std::size_t kSessionTextBytesMax = 5'242'880;

// `text`: {"events": [...]}, an array, or one event. Errors, before anything is written: kInternal
// for text that is no session (named by event) and for events of the user, kPrecondition for text
// that is too long and events that the policy rejects.
Result<IngestReport> ingest_text(Services& services, const Layout& layout, std::string text);

}  // namespace cortex::app
