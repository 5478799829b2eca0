#include "cli/run.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/envelope.h"
#include "cli/handlers.h"
#include "cli/logging.h"
#include "cli/parse.h"
#include "cli/terminal.h"

namespace cortex::cli {
namespace {

int finish(Code code, std::string_view out, std::string_view err) {
  if (!err.empty()) write_stderr(err);
  if (!out.empty() && !write_stdout(out)) code = Code::kInternal;
  return static_cast<int>(code);
}

std::string output_of(const Context& context, const HandlerRow* handler, Outcome& outcome,
                      std::string_view correlation_id) {
  const bool bare = handler == nullptr || outcome.bare || handler->form == JsonForm::kReport ||
                    (handler->form == JsonForm::kReportOrEnvelope && !outcome.text.empty());
  const bool always = handler != nullptr && handler->form == JsonForm::kEnvelopeAlways;
  if (bare || !(context.json() || always)) {
    return std::move(outcome.text);
  }
  return envelope(handler->envelope, outcome.code, std::move(outcome.report),
                  std::move(outcome.policy_outcome), correlation_id, std::move(outcome.outcome));
}

std::string first_word(const Invocation& invocation) {
  if (invocation.print_config) return "print_config";
  const std::string_view path = invocation.command->path;
  return std::string(path.substr(0, path.find(' ')));
}

}  // namespace

int run(int argc, const char* const* argv, app::Services& services,
        const app::Environment& environment, const app::Server& server) {
  ignore_closed_pipes();
  const std::string correlation = correlation_id(services.clock, ::getpid());
  const Parsed parsed = parse(argc, argv, correlation);
  if (const auto* exit = std::get_if<Exit>(&parsed)) {
    return finish(exit->code, exit->out, exit->err);
  }
  const Invocation& invocation = std::get<Invocation>(parsed);
  const bool logged = logs_info(environment.get("RUST_LOG").value_or(""));
  const std::string word = first_word(invocation);
  if (logged) write_stderr(started_line(services.clock.now(), correlation, word));

  const Terminal terminal = detect_terminal(environment.vars);
  const Context context{services, environment, terminal, invocation, &server};
  const HandlerRow* handler =
      invocation.print_config ? nullptr : find_handler(invocation.command->path);
  CORTEX_CHECK(handler != nullptr || invocation.print_config);
  Outcome outcome = handler == nullptr ? run_print_config(context) : handler->run(context);
  const Code code = outcome.code;
  if (logged) {
    outcome.diagnostics += completed_line(services.clock.now(), correlation, word, code);
  }
  const std::string out = output_of(context, handler, outcome, correlation);
  return finish(code, out, outcome.diagnostics);
}

}  // namespace cortex::cli
