// The seam to a language model: one request, one answer. Implementations: recorded answers
// (fixtures.h) and the adapters of servers.
#pragma once

#include <string_view>

#include "base/result.h"
#include "llm/message.h"

namespace cortex::llm {

class Model {
 public:
  virtual ~Model() = default;
  // "replay", "ollama", ...: what reports and rows of the ledger name.
  virtual std::string_view adapter_id() const = 0;
  // Errors: kPrecondition when there is no answer (refused, unreachable, not recorded), with what
  // the model said about it in the message.
  virtual Result<Response> complete(const Request& request) = 0;
};

}  // namespace cortex::llm
