// What a server of agents needs of its store before it speaks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"

namespace cortex::app {

// How `cortex serve` was asked to run.
struct ServeRequest {
  Layout layout;
  Environment environment;
  std::optional<std::string> http{};               // "127.0.0.1:PORT" or "[::1]:PORT"; else stdio
  std::optional<std::string> token_file{};         // confirmation token there instead of on stderr
  std::optional<std::string> bearer_token_file{};  // with http: what clients must send
  bool logs_calls = false;  // a line on stderr a call that may change something
  bool fixtures = false;    // tools of the conformance suite, test builds only
};

// The server behind the command, which main() puts in: the faces do not see each other. Returns
// when the server has ended.
using Server = std::function<Code(Services&, const ServeRequest&)>;

// The store exists, opens, and has the schema of this version. A store that was never opened (0
// bytes) is migrated; an older one is not: an upgrade is a decision, not a side effect. Errors:
// kPrecondition when there is none, kInternal when it does not open, kSchema when migrations are
// pending. Cost: one look, a millisecond.
Status prepare_store(Services& services, const Layout& layout);

}  // namespace cortex::app
