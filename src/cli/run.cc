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

bool is_bare(const HandlerRow* handler, const Outcome& outcome) {
  if (handler == nullptr || outcome.bare) return true;
  switch (handler->form) {
    case JsonForm::kReport:
    case JsonForm::kProtocol:
      return true;
    case JsonForm::kReportOrEnvelope:
      return !outcome.text.empty();
    case JsonForm::kEnvelope:
    case JsonForm::kEnvelopeAlways:
      return false;
  }
  return false;
}

// The report of a command that prints one without an envelope, or what it says instead.
json::Value report_of(Outcome& outcome) {
  if (!outcome.report.is_null()) return std::move(outcome.report);
  if (outcome.text.empty()) {
    return json::Object{{"detail", trim(outcome.diagnostics)},
                        {"status", outcome.code == Code::kOk ? "ok" : "error"}};
  }
  auto document = json::parse(outcome.text);
  return document.ok() ? std::move(document).value() : json::Object{{"text", outcome.text}};
}

// `cortex.principles.extract` of the words of a command.
std::string envelope_name(const HandlerRow& handler) {
  if (!handler.envelope.empty()) return std::string(handler.envelope);
  std::string name = cat("cortex.", handler.path);
  for (char& c : name) {
    if (c == ' ') c = '.';
    if (c == '-') c = '_';
  }
  return name;
}

std::string output_of(const Context& context, const HandlerRow* handler, Outcome& outcome,
                      std::string_view correlation_id) {
  const bool bare = is_bare(handler, outcome);
  const bool whole =
      context.invocation.enveloped && handler != nullptr && handler->form != JsonForm::kProtocol;
  const bool always = handler != nullptr && handler->form == JsonForm::kEnvelopeAlways;
  if (!whole && (bare || !(context.json() || always))) return std::move(outcome.text);
  json::Value report = bare ? report_of(outcome) : std::move(outcome.report);
  return envelope(envelope_name(*handler), outcome.code, std::move(report),
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
  ignore_write_signals();
  const std::string correlation = correlation_id(services.clock, ::getpid());
  const Terminal terminal = detect_terminal(environment.vars);
  const Parsed parsed = parse(argc, argv, correlation, terminal.help_columns());
  if (const auto* exit = std::get_if<Exit>(&parsed)) {
    return finish(exit->code, exit->out, exit->err);
  }
  const Invocation& invocation = std::get<Invocation>(parsed);
  const bool logged = logs_info(environment.get("RUST_LOG").value_or(""));
  const std::string word = first_word(invocation);
  if (logged) write_stderr(started_line(services.clock.now(), correlation, word));

  const Context context{services, environment, terminal, invocation, &server};
  const HandlerRow* handler =
      invocation.print_config ? nullptr : find_handler(invocation.command->path);
  CORTEX_CHECK(handler != nullptr || invocation.print_config);
  Outcome outcome = handler == nullptr ? run_print_config(context) : handler->run(context);
  const Code code = outcome.code;
  // Made before the line below, which is no part of what the command says.
  const std::string out = output_of(context, handler, outcome, correlation);
  if (logged) {
    outcome.diagnostics += completed_line(services.clock.now(), correlation, word, code);
  }
  return finish(code, out, outcome.diagnostics);
}

}  // namespace cortex::cli
