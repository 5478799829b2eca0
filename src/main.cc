// The process: its environment and its services. Everything else is a room.
#include <pwd.h>
#include <unistd.h>

#include <exception>
#include <string_view>

#include "app/layout.h"
#include "app/system_services.h"
#include "base/text.h"
#include "cli/run.h"
#include "cli/terminal.h"
#include "mcp/serve.h"

namespace {

cortex::app::Environment process_environment() {
  cortex::app::Environment environment;
  environment.process_id = ::getpid();
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.vars.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  // The user database is asked only when HOME does not say it: a look-up may cost milliseconds.
  if (!environment.get("HOME")) {
    const passwd* user = ::getpwuid(::getuid());  // NOLINT(concurrency-mt-unsafe): no threads yet
    if (user != nullptr && user->pw_dir != nullptr) {
      environment.home_from_user_database = user->pw_dir;
    }
  }
  return environment;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const cortex::app::Environment environment = process_environment();
    cortex::app::SystemServices services(environment);
    return cortex::cli::run(argc, argv, services.get(), environment, cortex::mcp::serve);
  } catch (const std::exception& error) {
    // Nothing of ours throws; this is memory that ran out, or a defect.
    cortex::cli::write_stderr(cortex::cat("cortex: internal error: ", error.what(),
                                          ". What was acknowledged before is safe. "
                                          "Please report this.\n"));
    return static_cast<int>(cortex::Code::kInternal);
  }
}
