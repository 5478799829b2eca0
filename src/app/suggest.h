// What an agent may want to look at: memories that resemble a question, or the most confident ones.
// Only such as may be used, as by every other way of asking.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

struct SuggestRequest {
  std::optional<std::string> query;  // blank counts as none
  std::size_t limit = 3;
};

struct Suggestion {
  std::string memory_id, claim;
  float confidence = 0;
  float score = 0;  // 0 to 1, the better the larger; without a query the confidence
};

struct SuggestReport {
  std::optional<std::string> query;  // as it was used
  std::vector<Suggestion> suggestions;
};

// A query without anything that the index could hold finds nothing. Errors: those of opening the
// store. Two queries and those of judging max(4 limit, limit + 10) memories.
Result<SuggestReport> suggest(Services& services, const Layout& layout,
                              const SuggestRequest& request);
json::Object to_json(const SuggestReport& report);

}  // namespace cortex::app
