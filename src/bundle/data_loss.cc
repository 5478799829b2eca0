#include "bundle/data_loss.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "ledger/tail.h"
#include "store/counts.h"
#include "store/open.h"

namespace cortex::bundle {
namespace {

struct Side {
  std::unique_ptr<fs::File> file;
  std::string block = std::string(limits::kIoBlockBytes, '\0');
  std::uint64_t size = 0;
  std::uint64_t lines = 0;
  char last = '\n';

  Result<std::string_view> read(std::uint64_t offset) {
    CORTEX_ASSIGN(const std::size_t got, file->read_at(offset, block));
    const std::string_view bytes = std::string_view(block).substr(0, got);
    size += got;
    lines += count_lines(bytes);
    if (got > 0) last = bytes.back();
    return bytes;
  }
  static std::uint64_t count_lines(std::string_view bytes) {
    return static_cast<std::uint64_t>(std::ranges::count(bytes, '\n'));
  }
  std::uint64_t rows() const { return lines + (last == '\n' ? 0 : 1); }
};

Result<Side> open_side(fs::FileSystem& fs, const std::string& path) {
  Side side;
  CORTEX_ASSIGN(side.file, fs.open(path, fs::Open::kRead));
  return side;
}

LedgerSide summary(Side& side) {
  // A damaged ledger is a reason to restore: it then has rows, but no head.
  const auto tail = ledger::read_tail(*side.file, side.size);
  return {side.rows(), tail.ok() ? tail->head : std::nullopt};
}

using Tables = std::map<std::string, std::uint64_t>;

Result<Tables> tables_of(fs::FileSystem& fs, const std::string& path) {
  Tables out;
  CORTEX_TRY(store::inspect(fs, path, [&out](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(const auto counts, store::count_all(db));
    out = Tables(counts.begin(), counts.end());
    return {};
  }));
  return out;
}

}  // namespace

Result<LedgerComparison> compare_ledgers(fs::FileSystem& fs, const std::string& current,
                                         const std::string& candidate) {
  CORTEX_ASSIGN(Side a, open_side(fs, current));
  CORTEX_ASSIGN(Side b, open_side(fs, candidate));
  LedgerComparison out;
  bool same = true;
  char last_common = '\n';
  for (std::uint64_t offset = 0;; offset += limits::kIoBlockBytes) {
    CORTEX_ASSIGN(const std::string_view left, a.read(offset));
    CORTEX_ASSIGN(const std::string_view right, b.read(offset));
    if (same) {
      const auto ends = std::ranges::mismatch(left, right);
      const std::string_view common(left.begin(), ends.in1);
      out.common_rows += Side::count_lines(common);
      if (!common.empty()) last_common = common.back();
      if (common.size() < std::max(left.size(), right.size())) {
        same = false;
        // A last row without its newline is common when the other side ends or breaks there too.
        const bool left_ends = ends.in1 == left.end();
        const bool right_ends = ends.in2 == right.end();
        const bool row_ends = (left_ends && !right_ends && *ends.in2 == '\n') ||
                              (right_ends && !left_ends && *ends.in1 == '\n');
        if (last_common != '\n' && row_ends) ++out.common_rows;
      }
    }
    if (left.empty() && right.empty()) break;
  }
  if (same && last_common != '\n') ++out.common_rows;
  out.current = summary(a);
  out.candidate = summary(b);
  return out;
}

bool DataLoss::any() const {
  return !ledger.is_extension() || std::ranges::any_of(tables, [](const auto& table) {
    return table.second.candidate < table.second.current;
  });
}

Result<DataLoss> find_data_loss(fs::FileSystem& fs, const DataSide& current,
                                const DataSide& candidate) {
  DataLoss loss;
  CORTEX_ASSIGN(loss.ledger, compare_ledgers(fs, current.ledger, candidate.ledger));
  CORTEX_ASSIGN(Tables now, tables_of(fs, current.store));
  CORTEX_ASSIGN(const Tables then, tables_of(fs, candidate.store));
  for (const auto& [name, rows] : then) now.try_emplace(name, 0);
  for (const auto& [name, rows] : now) {
    const auto other = then.find(name);
    const std::uint64_t restored = other == then.end() ? 0 : other->second;
    if (rows != restored) loss.tables[name] = {rows, restored};
  }
  return loss;
}

json::Value to_json(const DataLoss& loss) {
  const auto side = [](const LedgerSide& s) {
    return json::Object{{"head", json::or_null(s.head)}, {"rows", s.rows}};
  };
  json::Object ledger{{"candidate", side(loss.ledger.candidate)},
                      {"common_rows", loss.ledger.common_rows},
                      {"current", side(loss.ledger.current)},
                      {"extends_current", loss.ledger.is_extension()},
                      {"rows_lost", loss.ledger.rows_lost()}};
  if (!loss.ledger.is_extension()) ledger.add("first_diverging_row", loss.ledger.common_rows + 1);
  json::Object tables;
  for (const auto& [name, counts] : loss.tables) {
    tables.add(name, json::Object{{"candidate", counts.candidate}, {"current", counts.current}});
  }
  return json::Object{{"ledger", std::move(ledger)}, {"tables", std::move(tables)}};
}

}  // namespace cortex::bundle
