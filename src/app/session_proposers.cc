#include "app/session_proposers.h"

#include <utility>

#include "app/fixtures.h"
#include "reflect/prompt.h"

namespace cortex::app {

Proposer replay_proposer(Services& services, const Environment& environment,
                         std::optional<std::string> dir) {
  const auto open = [&services, environment,
                     dir = std::move(dir)]() -> Result<std::unique_ptr<llm::Model>> {
    CORTEX_ASSIGN(const std::string folder, fixtures_dir(environment, dir));
    return open_fixtures_in(services, folder);
  };
  const auto ask = [](sqlite::Connection&, const std::string& trace_id) -> Result<llm::Request> {
    return reflect::close_request(trace_id);
  };
  return {open, ask};
}

}  // namespace cortex::app
