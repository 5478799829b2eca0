#include "ledger/anchor/anchor.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "ledger/anchor/records.h"

namespace cortex::ledger {
namespace {

// A leading plus and leading zeros are tolerated.
std::optional<std::uint64_t> anchor_count(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::uint64_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

Result<Anchor> anchor_record(const RecordLine& record) {
  const auto fields = split(record.body, ' ');
  if (fields.size() != 3 || std::ranges::any_of(fields, &std::string_view::empty)) {
    return record_error(kAnchorFormat, record.line, "fields",
                        "expected a time, a count and a hash with one blank between them");
  }
  const auto at = parse_strict_rfc3339(fields[0]);
  if (!at) {
    return record_error(kAnchorFormat, record.line, "time",
                        cat(quoted(fields[0]), " is no RFC 3339 time"));
  }
  const auto count = anchor_count(fields[1]);
  if (!count) {
    return record_error(kAnchorFormat, record.line, "count",
                        cat(quoted(fields[1]), " is no count of events"));
  }
  if (!is_hash_hex(fields[2])) {
    return record_error(kAnchorFormat, record.line, "hash",
                        cat(quoted(fields[2]), " is no hash of 64 lower-case hex characters"));
  }
  return Anchor{*at, *count, std::string(fields[2])};
}

Error mismatch(std::string_view token, std::string message) {
  return make_error(Code::kIntegrity, std::move(message), "nothing was changed",
                    "compare with the ledger of your last backup", token);
}

}  // namespace

std::string anchor_text(const Anchor& anchor) {
  return cat(kAnchorHeader, "\n", format_rfc3339_seconds(anchor.at), " ", anchor.event_count, " ",
             anchor.head, "\n");
}

Result<Anchor> parse_anchor(std::string_view text) {
  // Told apart from a malformed second record: one file holds one anchor.
  const std::size_t first = text.find('\n');
  const std::size_t second =
      first == std::string_view::npos ? std::string_view::npos : text.find('\n', first + 1);
  const bool more = second != std::string_view::npos && second + 1 < text.size();
  CORTEX_ASSIGN(const auto records,
                split_records(kAnchorFormat, more ? text.substr(0, second + 1) : text));
  CORTEX_ASSIGN(Anchor anchor, anchor_record(records.front()));
  if (more) {
    return record_error(kAnchorFormat, records.front().line + 1, "trailing",
                        "something stands behind the anchor");
  }
  return anchor;
}

Result<std::vector<Anchor>> parse_anchor_history(std::string_view text) {
  CORTEX_ASSIGN(const auto records, split_records(kAnchorFormat, text));
  std::vector<Anchor> anchors;
  anchors.reserve(records.size());
  for (const RecordLine& record : records) {
    CORTEX_ASSIGN(Anchor anchor, anchor_record(record));
    anchors.push_back(std::move(anchor));
  }
  for (std::size_t i = 1; i < anchors.size(); ++i) {
    if (anchors[i].event_count >= anchors[i - 1].event_count) continue;
    return mismatch(
        "anchor.history.count_decreases",
        cat("anchor line ", records[i].line, " counts ", counted(anchors[i].event_count, "event"),
            " after one of ", anchors[i - 1].event_count));
  }
  return anchors;
}

Status check_anchor(const Anchor& anchor, const ChainReport& chain) {
  if (chain.rows < anchor.event_count) {
    return mismatch("anchor.ledger_shorter",
                    cat("the ledger ends after ", counted(chain.rows, "row"),
                        ", the anchor names row ", anchor.event_count, ": the tail was cut off"));
  }
  if (anchor.event_count == 0) {
    return mismatch("anchor.no_position", "the anchor names no row: its count is 0");
  }
  const auto at =
      std::ranges::lower_bound(chain.positions, anchor.event_count, {}, &Position::ordinal);
  const std::string found =
      at == chain.positions.end() || at->ordinal != anchor.event_count ? "" : at->event_hash;
  if (found == anchor.head) return {};
  return mismatch("anchor.head_mismatch",
                  cat("row ", anchor.event_count, " has the hash ", quoted(found),
                      ", the anchor says ", quoted(anchor.head)));
}

}  // namespace cortex::ledger
