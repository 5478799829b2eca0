#include "app/sign_file.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/key_text.h"

namespace cortex::cli {
Outcome run_sign(const Context& context) {
  const Invocation& flags = context.invocation;
  app::SignRequest request;
  request.key_file = flags.optional("signing-key-file");
  auto text = signing_key_text(flags);
  if (!text.ok()) return failed(context, text.error());
  request.key_base64 = *std::move(text);
  if (!request.key_base64 && !request.key_file) {
    Error error = make_error(Code::kUsage, "no signing key was given");
    error.unchanged = "nothing was written";
    error.next = "name its file with --signing-key-file";
    return failed(context, error);
  }
  request.payload_path = flags.value("payload");
  request.output_path = flags.value("output");
  const app::SignReport report = app::sign_file(context.services, std::move(request));
  Outcome outcome;
  outcome.code = report.code;
  outcome.report = to_json(report);
  if (report.error) {
    outcome.diagnostics =
        cat("cortex sign: invariant=", report.error->token, " ", report.error->text(), "\n");
    return outcome;
  }
  outcome.text = cat("cortex sign: signed `", report.payload_path, "` -> `", report.output_path,
                     "` (64-byte Ed25519 detached signature)\n");
  return outcome;
}

}  // namespace cortex::cli
