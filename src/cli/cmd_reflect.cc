// `reflect` and `fixtures sign`.
#include "app/reflect.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {

Outcome run_reflect(const Context& context) {
  const std::string way = context.invocation.value("model");
  const auto by = app::parse_reflect_by(way);
  if (!by) {
    return failed(context, make_error(Code::kUsage, cat("--model ", quoted(way), " is not known"),
                                      "no state was changed", "use replay, live or none"));
  }
  const bool record = context.invocation.has("record");
  if (record && *by != app::ReflectBy::kLive) {
    return failed(context,
                  make_error(Code::kUsage, "--record keeps what a live model answers",
                             "no state was changed", "give --model live, or go without --record"));
  }
  const auto report = app::reflect(context.services, context.environment,
                                   {.trace_id = context.invocation.value("trace"),
                                    .by = *by,
                                    .fixtures_dir = context.invocation.optional("fixtures-dir"),
                                    .record = record});
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome;
  outcome.text = json::write_pretty(report->document) + "\n";
  for (const std::string& warning : report->warnings) {
    outcome.diagnostics += cat("cortex reflect: ", warning, "\n");
  }
  return outcome;
}

Outcome run_fixtures_sign(const Context& context) {
  const auto done = app::sign_fixtures(context.services, context.invocation.value("dir"));
  if (!done.ok()) return failed(context, done.error());
  Outcome outcome;
  outcome.text = cat("cortex fixtures sign: ", counted(done->names.size(), "fixture"), " in ",
                     printable(done->index_path), "\n");
  outcome.report =
      json::Object{{"index", done->index_path}, {"fixtures", json::array_of(done->names)}};
  return outcome;
}

}  // namespace cortex::cli
