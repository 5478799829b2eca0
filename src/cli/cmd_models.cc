// `models list`.
#include <algorithm>
#include <utility>

#include "app/models.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

constexpr std::string_view kGuidance =
    "No LLM backend configured. To use a model on this machine, put into config.toml:\n"
    "\n"
    "  [llm]\n"
    "  backend = \"ollama\"\n"
    "\n"
    "  [llm.ollama]\n"
    "  endpoint = \"http://localhost:11434\"\n"
    "  model    = \"llama3.1:8b@sha256:<64-hex-digit-digest>\"\n";

constexpr std::string_view kMark = "\xE2\x86\x90 reflection";  // an arrow to the left
constexpr std::size_t kNameWidthLeast = 30, kSizeWidth = 8, kQuantizationWidth = 14;

std::string column(std::string_view text, std::size_t width) {
  std::string out = printable(text);
  if (out.size() < width) out.append(width - out.size(), ' ');
  return cat("  ", out);
}

// Decimal units: 4.7GB, 12MB, 3KB, 9B; "-" when it is not known.
std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kKilo = 1'000, kMega = 1'000'000, kGiga = 1'000'000'000;
  if (bytes == 0) return "-";
  if (bytes >= kGiga) {
    const std::uint64_t tenths =
        bytes / (kGiga / 10) + (bytes % (kGiga / 10) >= kGiga / 20 ? 1 : 0);
    return cat(tenths / 10, ".", tenths % 10, "GB");
  }
  if (bytes >= kMega) return cat((bytes + kMega / 2) / kMega, "MB");
  if (bytes >= kKilo) return cat((bytes + kKilo / 2) / kKilo, "KB");
  return cat(bytes, "B");
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string table(const app::ModelsReport& report) {
  const bool ollama = report.backend == app::LlmBackend::kOllama;
  std::size_t width = kNameWidthLeast;
  for (const auto& row : report.models) width = std::max(width, printable(row.name).size());
  std::string out = cat("Available models (", app::backend_token(report.backend), " @ ",
                        printable(report.endpoint), ")\n\n", column("NAME", width));
  if (ollama) {
    out += cat(column("SIZE", kSizeWidth), column("PARAMS", kSizeWidth),
               column("QUANTIZATION", kQuantizationWidth));
  }
  out += "  CONFIGURED\n";
  for (const auto& row : report.models) {
    out += column(row.name, width);
    if (ollama) {
      out += cat(column(size_text(row.size_bytes), kSizeWidth),
                 column(or_dash(row.parameter_size), kSizeWidth),
                 column(or_dash(row.quantization), kQuantizationWidth));
    }
    out += cat("  ", report.is_configured(row) ? kMark : "", "\n");
  }
  if (ollama) {
    out +=
        "\nTo use one of them, pin it by its digest in config.toml:\n"
        "  [llm.ollama]\n"
        "  model = \"<name>@sha256:<digest>\"\n";
  }
  return cat(out, "\nCurrently configured reflection model: ",
             report.configured.empty() ? "none" : printable(report.configured), "\n");
}

}  // namespace

// Refusals and the guidance come without an envelope, as reference 0.1.2 has them.
Outcome run_models_list(const Context& context) {
  const auto flag = context.invocation.optional("backend");
  auto report = app::list_models(context.services, context.environment,
                                 flag ? app::parse_backend(*flag) : std::nullopt);
  if (!report.ok()) {
    Outcome outcome = failed(context, report.error());
    outcome.bare = true;
    return outcome;
  }
  Outcome outcome;
  if (!report->note.empty()) {
    outcome.diagnostics = cat("cortex models list: ", report->note, "\n");
  }
  if (report->backend == app::LlmBackend::kOffline) {
    outcome.text = kGuidance;
    outcome.bare = true;
    return outcome;
  }
  outcome.text = table(*report);
  outcome.report = app::to_json(*report);
  return outcome;
}

}  // namespace cortex::cli
