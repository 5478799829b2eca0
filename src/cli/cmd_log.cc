#include <unistd.h>

#include <algorithm>

#include "app/look.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/style.h"

namespace cortex::cli {
namespace {

constexpr std::size_t kIdWidth = 30, kTypeWidth = 14;
constexpr std::size_t kPayloadWidthMin = 10, kPayloadWidthPiped = 160;

// Columns beside id, type and payload. A narrow screen has no room for seconds and sources.
struct Columns {
  std::size_t time = 20, source = 18;
};
constexpr Columns kWide{}, kNarrow{16, 0};
constexpr std::size_t kWideFrom = 110;

constexpr unsigned kFollowPauseMicros = 250'000;

// How one row is printed: as it stands in the ledger, or as a line of the table.
class RowPrinter {
 public:
  RowPrinter(const Context& context, bool jsonl)
      : jsonl_(jsonl),
        on_terminal_(context.terminal.stdout_is_tty),
        colour_(context.terminal.colour_on_stdout()) {
    const auto width = static_cast<std::size_t>(std::max(context.terminal.width, 0));
    // Behind a pipe nothing is cut to the width of a screen that is not there.
    if (!on_terminal_) return;
    if (width < kWideFrom) columns_ = kNarrow;
    const std::size_t used =
        kIdWidth + columns_.time + kTypeWidth + 3 + (columns_.source > 0 ? columns_.source + 1 : 0);
    payload_width_ = std::max(kPayloadWidthMin, width > used ? width - used : 0);
  }

  std::string header() const {
    if (jsonl_) return "";
    return tinted(line_of("ID", "OBSERVED", "TYPE", "SOURCE", "PAYLOAD"), Tint::kDim, colour_) +
           "\n";
  }

  std::string line(const app::LogRow& row) const {
    if (jsonl_) return (on_terminal_ ? printable(row.line) : row.line) + "\n";
    const std::string time = format_rfc3339_seconds(row.observed_at).substr(0, columns_.time);
    return line_of(row.id, time, row.type, row.source, fitted(row.payload, payload_width_)) + "\n";
  }

 private:
  std::string line_of(std::string_view id, std::string_view time, std::string_view type,
                      std::string_view source, std::string_view payload) const {
    std::string out = cat(padded(id, kIdWidth), " ", padded(time, columns_.time), " ",
                          padded(type, kTypeWidth), " ");
    if (columns_.source > 0) {
      out += cat(padded(fitted(source, columns_.source), columns_.source), " ");
    }
    return cat(out, payload);
  }

  bool jsonl_;
  bool on_terminal_;
  bool colour_;
  Columns columns_ = kWide;
  std::size_t payload_width_ = kPayloadWidthPiped;
};

// Prints new rows until the reader goes away or the process is told to stop.
Outcome follow(const Context& context, const app::Layout& layout, const app::LogFilter& filter,
               const RowPrinter& printer, std::uint64_t from_bytes) {
  for (;;) {
    std::string out;
    const auto end = app::log_since(context.services, layout, filter, from_bytes,
                                    [&](const app::LogRow& row) { out += printer.line(row); });
    if (!end.ok()) return failed(context, end.error());
    from_bytes = *end;
    if (!out.empty() && !write_stdout(out)) return {.code = Code::kInternal};
    if (reader_has_gone()) return {};
    ::usleep(kFollowPauseMicros);
  }
}

}  // namespace

Outcome run_log(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto filter =
      app::make_log_filter([&flags](std::string_view name) { return flags.optional(name); });
  if (!filter.ok()) return failed(context, filter.error());
  if (flags.has("follow") && context.json()) {
    Error error = make_error(Code::kUsage, "--follow has no end, so it has no envelope");
    error.next = "use --follow --jsonl for rows as they are";
    return failed(context, error);
  }
  const auto report = app::log(context.services, *layout, *filter);
  if (!report.ok()) return failed(context, report.error());
  if (context.json()) return {.report = to_json(*report)};

  const RowPrinter printer(context, flags.has("jsonl"));
  std::string text;
  if (!report->rows.empty() || flags.has("follow")) text = printer.header();
  for (const app::LogRow& row : report->rows) text += printer.line(row);
  if (flags.has("follow")) {
    if (!write_stdout(text)) return {.code = Code::kInternal};
    return follow(context, *layout, *filter, printer, report->end_bytes);
  }
  Outcome outcome{.text = std::move(text), .diagnostics = ""};
  if (report->rows.empty()) outcome.diagnostics = "note: no event matches\n";
  return outcome;
}

}  // namespace cortex::cli
