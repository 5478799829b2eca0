// Ids that begin like what somebody has typed, for completion.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"

namespace cortex::app {

enum class Completed { kMemory, kEvent, kPack, kSession };

struct Completions {
  std::vector<std::string> values;
  bool more = false;
};

// Ascending, `limit` at most. Memories: active ones. Sessions: of the newest 5,000 events. Errors:
// those of opening the store. One query, by the primary key except for sessions.
Result<Completions> complete_ids(Services& services, const Layout& layout, Completed kind,
                                 std::string_view prefix, std::size_t limit);

}  // namespace cortex::app
