// `session import` and `export`.
#include <utility>

#include "app/export.h"
#include "app/memory_work.h"
#include "app/session_import.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/terminal.h"

namespace cortex::cli {
namespace {

std::string taken_text(const app::TakeOverReport& taken) {
  std::string out;
  for (const auto& [kind, count] : taken.added) out += cat(" ", count, " ", kind);
  return out.empty() ? std::string(" nothing new") : out;
}

std::string import_line(const app::ImportedFile& file, bool dry_run) {
  if (file.taken_over) {
    return cat("session import: ", printable(file.path), " (cortex):", taken_text(*file.taken_over),
               "\n");
  }
  std::string out = cat("session import: ", printable(file.path), " (", file.format,
                        "): ", dry_run ? file.counts.turns : file.appended,
                        dry_run ? " events found" : " events appended");
  if (file.already_known > 0) out += cat(", ", file.already_known, " known");
  if (file.user_lines_skipped > 0) {
    out += cat(", ", file.user_lines_skipped, " lines of people left out");
  }
  if (const std::uint64_t count = app::redacted_count(file.redactions); count > 0) {
    out += cat(", ", counted(count, "secret"), " taken out");
  }
  if (file.counts.unknown > 0) out += cat(", ", file.counts.unknown, " of unknown kind");
  if (file.counts.malformed > 0) out += cat(", ", file.counts.malformed, " malformed");
  if (file.proposals.proposed > 0) out += cat(", ", file.proposals.proposed, " candidates");
  return out + "\n";
}

// Where the export goes: a new file that is gone again when it could not be finished, or stdout.
class ExportTarget {
 public:
  static Result<ExportTarget> open(const Context& context) {
    ExportTarget target;
    const auto path = context.invocation.optional("output");
    if (!path) return target;
    auto file = context.services.fs.open(*path, fs::Open::kCreateExclusive);
    if (!file.ok()) {
      return make_error(
          Code::kPrecondition,
          cat("the file ", quoted(*path), " cannot be made: ", fs::describe(file.error())),
          "nothing was written", "name a file that is not there yet");
    }
    target.file_ = std::move(file).value();
    return target;
  }

  Status write(std::string_view text) {
    if (file_) return file_->append(text);
    if (write_stdout(text)) return {};
    return make_error(Code::kInternal, "standard output could not be written",
                      "nothing was changed", "free space, or name a file with --output");
  }

  Status finish(fs::FileSystem& fs) {
    if (!file_) return {};
    CORTEX_TRY(file_->sync_all());
    return fs.sync_directory(fs::parent_of(file_->path()));
  }

  void discard(fs::FileSystem& fs) {
    if (file_) static_cast<void>(fs.remove_file(file_->path()));  // nobody knows of it yet
  }

 private:
  std::unique_ptr<fs::File> file_;
};

}  // namespace

Outcome run_session_import(const Context& context) {
  const Invocation& flags = context.invocation;
  auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto policy = context.write_gate();
  if (!policy.ok()) return failed(context, policy.error());
  const app::ImportRequest request{.path = flags.value("path"),
                                   .format = transcript::parse_format(flags.value("format")),
                                   .layout = *std::move(layout),
                                   .user_attestation = flags.optional("user-attestation"),
                                   .mark_user_lines = flags.has("mark-user-lines"),
                                   .extract = flags.has("extract"),
                                   .as_is = flags.has("as-is"),
                                   .dry_run = flags.has("dry-run"),
                                   .tags = flags.all("tag"),
                                   .policy = *policy,
                                   .redact = !flags.has("no-redact"),
                                   .caller = app::cli_caller()};
  const auto report = app::import_sessions(context.services, request);
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome{.report = to_json(*report)};
  for (const std::string& note : report->notes) outcome.diagnostics += cat("note: ", note, "\n");
  for (const app::ImportedFile& file : report->files) {
    if (!file.failure) {
      outcome.text += import_line(file, request.dry_run);
      continue;
    }
    Error error = *file.failure;
    error.message = cat(printable(file.path), ": ", error.message);
    outcome.diagnostics += error_line("session import", error);
    if (outcome.code == Code::kOk) outcome.code = error.code;
  }
  if (report->files.empty() && report->not_recognised.empty()) {
    outcome.text = cat("session import: there is no file in ", printable(request.path), "\n");
  }
  for (const std::string& path : report->not_recognised) {
    outcome.diagnostics += cat("note: ", printable(path), " is of no format that is known\n");
  }
  return outcome;
}

Outcome run_export(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  if (context.json() && !flags.has("output")) {
    return failed(context, make_error(Code::kUsage, "the envelope would stand inside the export",
                                      "nothing was written", "give --output with --json"));
  }
  auto target = ExportTarget::open(context);
  if (!target.ok()) return failed(context, target.error());
  const auto format = flags.value("format") == "markdown" ? app::ExportFormat::kMarkdown
                                                          : app::ExportFormat::kJsonLines;
  auto report = app::export_store(context.services, *layout, format,
                                  [&](std::string_view text) { return target->write(text); });
  const Status finished = report.ok() ? target->finish(context.services.fs) : Status();
  if (!report.ok() || !finished.ok()) {
    target->discard(context.services.fs);
    Error error = report.ok() ? finished.error() : report.error();
    if (flags.has("output")) error.unchanged = "the unfinished file was removed";
    return failed(context, error);
  }
  Outcome outcome{.report = to_json(*report)};
  std::string rows;
  for (const auto& [kind, count] : report->rows) rows += cat(" ", count, " ", kind);
  outcome.diagnostics = cat("export:", rows.empty() ? std::string(" nothing") : rows, "\n");
  return outcome;
}

}  // namespace cortex::cli
