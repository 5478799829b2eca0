// Vectors for the active memories that have none: from an Ollama server on this machine (`memory
// embed`), or from the stub.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "json/value.h"
#include "net/http.h"

namespace cortex::app {

struct EmbedRequest {
  bool preview = false;  // only count
  bool stub = false;     // with the deterministic stub; model, endpoint and dim do not count then
  std::optional<std::string> model{}, endpoint{};
  std::optional<std::int64_t> dim{};  // default: that of the configuration
  Progress* progress = nullptr;       // counts memories
};

struct EmbedReport {
  EmbedRequest request;
  std::string backend_id, model;
  std::int64_t dim = 0;
  std::uint64_t total_active = 0;
  std::uint64_t already_enriched = 0;  // with a vector of the present claim and tags
  std::uint64_t wanting = 0;           // without
  std::uint64_t enriched = 0;
  std::vector<std::string> errors;  // one a memory
};

// One request a memory; what one answer makes is kept whatever becomes of the others. Errors:
// kUsage (settings that cannot work), those of opening the store.
Result<EmbedReport> embed_memories(Services& services, const Environment& environment,
                                   const Layout& layout, net::Http& http,
                                   const EmbedRequest& request);
// The same over the system's network.
Result<EmbedReport> embed_memories(Services& services, const Environment& environment,
                                   const Layout& layout, const EmbedRequest& request);

json::Value to_json(const EmbedReport& report);

}  // namespace cortex::app
