#include "app/sign_file.h"
#include "base/fs/standard_input.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

constexpr std::size_t kKeyBytesMax = 4096;

// The key as text: from the flag, or from standard input for "-".
Result<std::optional<std::string>> key_text(const Invocation& flags) {
  std::optional<std::string> text = flags.optional("signing-key-b64");
  if (text != "-") return text;
  CORTEX_ASSIGN(text, fs::read_standard_input(kKeyBytesMax));
  return text;
}

}  // namespace

Outcome run_sign(const Context& context) {
  const Invocation& flags = context.invocation;
  app::SignRequest request;
  request.key_file = flags.optional("signing-key-file");
  auto text = key_text(flags);
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
  outcome.text = cat("signed ", quoted(report.payload_path), " (", report.payload_blake3, ")\n",
                     "public key ", report.public_key, "\nsignature  ", report.output_path, "\n");
  return outcome;
}

}  // namespace cortex::cli
