// The seam to a language model: one request, one answer. Implementations: recorded answers
// (fixtures.h), servers (servers.h), and no model at all (offline.h).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "llm/message.h"

namespace cortex::llm {

// Sees each piece of an answer's text as it comes; false ends the answer there.
using OnDelta = std::function<bool(std::string_view)>;

class Model {
 public:
  virtual ~Model() = default;
  // "replay", "ollama", ...: what reports and rows of the ledger name.
  virtual std::string_view adapter_id() const = 0;
  // Errors: kPrecondition when there is no answer (refused, unreachable, not recorded), with what
  // the model said about it in the message.
  virtual Result<Response> complete(const Request& request) = 0;
  // The same in one call, telling the text as it comes.
  virtual Result<Response> stream(const Request& request, const OnDelta& on_delta) {
    Result<Response> response = complete(request);
    if (response.ok()) static_cast<void>(on_delta(response->text));
    return response;
  }
  // True when requests go to another machine.
  virtual bool is_remote() const { return false; }
  // Looks at what will answer, before anything is asked. An error refuses it; a text is a warning.
  virtual Result<std::string> examine() { return std::string(); }
};

}  // namespace cortex::llm
