#include "app/status.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/style.h"

namespace cortex::cli {
namespace {

constexpr std::size_t kLabelWidth = 10;

// "2 h", "3 d": one unit is enough for an age.
std::string age_text(Timestamp then, Timestamp now) {
  struct Unit {
    std::int64_t seconds;
    std::string_view name;
  };
  constexpr Unit kUnits[] = {{86'400, " d"}, {3'600, " h"}, {60, " min"}, {1, " s"}};
  const std::int64_t age = now.seconds - then.seconds;
  for (const Unit& unit : kUnits) {
    if (age >= unit.seconds) return cat(age / unit.seconds, unit.name, " ago");
  }
  return "just now";
}

class Screen {
 public:
  explicit Screen(bool colour) : colour_(colour) {}

  void line(std::string_view label, std::string_view text) {
    out_ += cat(tinted(padded(label, kLabelWidth), Tint::kDim, colour_), " ", text, "\n");
  }
  std::string tint(std::string_view text, Tint tint) const { return tinted(text, tint, colour_); }
  std::string take() { return std::move(out_); }

 private:
  bool colour_;
  std::string out_;
};

void show_ledger(Screen& screen, const app::StatusReport& report) {
  if (!report.has_ledger) {
    screen.line("ledger", screen.tint("missing", Tint::kBad));
    return;
  }
  screen.line("ledger",
              cat(counted(report.ledger_rows, "row"), ", ", human_bytes(report.ledger_bytes)));
  screen.line("head", report.head ? *report.head : "none yet");
  if (report.torn) {
    screen.line("", screen.tint(cat("torn last row: ", report.torn->size_bytes, " bytes from byte ",
                                    report.torn->offset, " on"),
                                Tint::kWarn));
  }
}

void show_store(Screen& screen, const app::StatusReport& report) {
  if (!report.has_store) {
    screen.line("store", screen.tint("missing", Tint::kBad));
    return;
  }
  const store::TableCounts& counts = report.counts;
  screen.line("store", cat(counted(counts.events, "event"), ", ", with_thousands(counts.memories),
                           " memories, ", counted(counts.episodes, "episode"), ", ",
                           counted(counts.traces, "trace")));
  if (report.pending_migrations > 0) {
    screen.line("", screen.tint(cat(counted(report.pending_migrations, "migration"),
                                    " pending, applied by the next write"),
                                Tint::kWarn));
  }
  std::string mirror =
      report.mirror_lag_rows == 0
          ? std::string("up to date with the ledger")
          : screen.tint(cat(counted(report.mirror_lag_rows, "ledger row"), " behind"), Tint::kWarn);
  if (report.mirror_conflicts > 0) {
    mirror += screen.tint(cat(", ", report.mirror_conflicts, " conflicts"), Tint::kWarn);
  }
  screen.line("mirror", mirror);
}

void show_backup(Screen& screen, const app::StatusReport& report) {
  if (!report.last_backup) {
    screen.line("backup", screen.tint("none known", Tint::kWarn));
    return;
  }
  const app::LastBackup& backup = *report.last_backup;
  std::string text =
      cat(age_text(backup.made_at, report.now), ", ", backup.verified ? "verified" : "not verified",
          ", ",
          backup.is_of_this_ledger
              ? cat(counted(report.rows_since_backup, "row"), " since")
              : screen.tint("with rows that this ledger does not hold", Tint::kWarn));
  if (!backup.present) text += screen.tint(", no longer there", Tint::kWarn);
  screen.line("backup", text);
  screen.line("", backup.bundle_dir);
}

std::string text_of(const app::StatusReport& report, bool colour) {
  Screen screen(colour);
  screen.line("data", report.layout.data_dir);
  if (!report.layout.set_by.empty()) {
    screen.line("", report.layout.db_path);
    screen.line("", report.layout.event_log_path);
    screen.line(
        "", cat("paths set by ", report.layout.set_by, ", which reference 0.1.2 does not look at"));
  }
  show_ledger(screen, report);
  show_store(screen, report);
  show_backup(screen, report);
  for (std::size_t i = 0; i < report.unverified.size(); ++i) {
    screen.line(i == 0 ? "unverified" : "", report.unverified[i]);
  }
  for (std::size_t i = 0; i < report.next_steps.size(); ++i) {
    screen.line(i == 0 ? "next" : "", report.next_steps[i]);
  }
  return screen.take();
}

}  // namespace

Outcome run_status(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report = app::status(context.services, *layout);
  if (!report.ok()) return failed(context, report.error());
  return {.text = text_of(*report, context.terminal.colour_on_stdout()),
          .diagnostics = "",
          .report = to_json(*report)};
}

}  // namespace cortex::cli
