#include <charconv>

#include "app/backup.h"
#include "app/backup_check.h"
#include "app/backup_shelf.h"
#include "base/join.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/number_flag.h"
#include "cli/progress_line.h"

namespace cortex::cli {
namespace {

Error usage(std::string message, std::string next) {
  return make_error(Code::kUsage, std::move(message), "no state was changed", std::move(next));
}

template <class T>
bool read_number(const std::string& text, T& out) {
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, out);
  return failure == std::errc() && stop == end;
}

// "5%" and "5" are five percent.
Result<std::optional<double>> sample_flag(const Invocation& flags) {
  std::optional<double> percent;
  const auto text = flags.optional("sample");
  if (!text) return percent;
  std::string number = *text;
  if (number.ends_with('%')) number.pop_back();
  if (read_number(number, percent.emplace())) return percent;
  return usage(cat("--sample ", quoted(*text), " is no percentage"),
               "give for example --sample 5%");
}

Result<std::optional<app::BackupPart>> part_flag(const Invocation& flags) {
  std::optional<app::BackupPart> part;
  const auto text = flags.optional("part");
  if (!text) return part;
  const std::string& whole = *text;
  const std::size_t slash = whole.find('/');
  if (slash != std::string::npos && read_number(whole.substr(0, slash), part.emplace().number) &&
      read_number(whole.substr(slash + 1), part->of)) {
    return part;
  }
  return usage(cat("--part ", quoted(whole), " is not n/t"), "give for example --part 3/7");
}

Result<app::BackupCheckRequest> check_request(const Invocation& flags) {
  app::BackupCheckRequest request;
  request.bundle_dir = flags.value("bundle");
  request.identity_file = flags.optional("identity");
  request.drill = flags.has("drill");
  CORTEX_ASSIGN(request.sample_percent, sample_flag(flags));
  CORTEX_ASSIGN(request.part, part_flag(flags));
  return request;
}

std::string check_text(const app::BackupCheckReport& report) {
  std::string out = cat("bundle    ", report.bundle_dir, " (", report.source, ")",
                        report.bundle.manifest.backup_timestamp.empty() ? "" : " of ",
                        report.bundle.manifest.backup_timestamp, "\nbytes     ",
                        human_bytes(report.bytes_checked), " of ", human_bytes(report.bytes_total),
                        " checked (", report.coverage, ")\n");
  if (report.bundle.content) {
    const auto& content = *report.bundle.content;
    out +=
        cat("content   ", counted(content.ledger_rows, "ledger row"),
            ", chain intact, store sound, ", with_thousands(content.mirror.equal), " mirrored\n");
  }
  for (const app::DrillStep& step : report.drill) {
    out += cat("drill     ", step.name, ": ", step.status, " in ", step.millis, " ms, ",
               step.detail, "\n");
  }
  if (!report.drill_record.empty()) out += cat("recorded  ", report.drill_record, "\n");
  return out + (report.drill_passed() ? "verified\n" : "");
}

std::string bundle_line(const bundle::ShelvedBundle& bundle) {
  std::string out = printable(bundle.name);
  if (bundle.made_at) out += cat("  ", format_rfc3339_seconds(*bundle.made_at));
  out += cat("  ", bundle::kind_token(bundle.kind));
  if (bundle.ledger_rows) out += cat("  ", counted(*bundle.ledger_rows, "row"));
  if (bundle.made_at) out += cat("  ", human_bytes(bundle.size_bytes));
  if (bundle.last_drill) out += cat("  drill ", printable(*bundle.last_drill));
  if (!bundle.problem.empty()) out += cat("  PROBLEM: ", bundle.problem);
  return out;
}

Result<bundle::Retention> retention(const Invocation& flags) {
  bundle::Retention out;
  struct Row {
    std::string_view flag;
    std::uint64_t bundle::Retention::* count;
  };
  constexpr Row kRows[] = {{"keep-last", &bundle::Retention::last},
                           {"keep-daily", &bundle::Retention::daily},
                           {"keep-weekly", &bundle::Retention::weekly},
                           {"keep-monthly", &bundle::Retention::monthly},
                           {"keep-yearly", &bundle::Retention::yearly}};
  for (const Row& row : kRows) {
    CORTEX_ASSIGN(const auto count, count_flag(flags, row.flag));
    out.*row.count = count.value_or(0);
  }
  return out;
}

}  // namespace

Outcome run_backup_verify(const Context& context) {
  const auto request = check_request(context.invocation);
  if (!request.ok()) return failed(context, request.error());
  const auto report = [&] {
    ProgressLine line(context.terminal);
    return app::check_backup(context.services, context.environment, *request, line.progress());
  }();
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome{.text = check_text(*report), .report = to_json(*report)};
  if (!report->note.empty()) outcome.diagnostics = cat("note: ", report->note, "\n");
  if (report->drill_passed()) return outcome;
  outcome.code = Code::kIntegrity;
  outcome.diagnostics +=
      "cortex backup verify: the drill failed; no state was changed. Next: look at the failed step,"
      " and make another bundle now.\n";
  return outcome;
}

Outcome run_backup_compact(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto report = [&] {
    ProgressLine line(context.terminal);
    return app::compact_backup(context.services, {.bundle_dir = flags.value("bundle"),
                                                  .output = flags.value("output"),
                                                  .identity_file = flags.optional("identity"),
                                                  .progress = line.progress()});
  }();
  if (!report.ok()) return failed(context, report.error());
  return {.text = cat("full bundle of the ", report->source, " one = ", report->output, " (",
                      counted(report->bundle.content ? report->bundle.content->ledger_rows : 0,
                              "ledger row"),
                      ", every byte verified)\n"),
          .report = to_json(*report)};
}

Outcome run_backup_list(const Context& context) {
  const auto report = app::list_backups(context.services, context.invocation.value("dir"));
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome{.report = to_json(*report)};
  for (const auto& bundle : report->bundles) outcome.text += bundle_line(bundle) + "\n";
  if (report->bundles.empty()) outcome.text = "no bundles\n";
  return outcome;
}

Outcome run_backup_prune(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto rules = retention(flags);
  if (!rules.ok()) return failed(context, rules.error());
  const auto report = [&] {
    ProgressLine line(context.terminal);
    return app::prune_backups(context.services, {flags.value("dir"), *rules, flags.has("apply")},
                              line.progress());
  }();
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome{.report = to_json(*report)};
  for (const auto& row : report->rows) {
    const std::string fate = !row.kept_by.empty() ? cat("keep    (", join(row.kept_by, ", "), ")  ")
                             : row.removed        ? std::string("removed  ")
                                                  : std::string("remove  ");
    outcome.text += cat(printable(fate), bundle_line(row.bundle), "\n");
  }
  outcome.text += cat(human_bytes(report->bytes_freed),
                      report->applied ? " freed\n" : " would be freed; --apply does it\n");
  return outcome;
}

}  // namespace cortex::cli
