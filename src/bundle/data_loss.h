// What the semantic diff does not see: ledger rows and table rows that a restore would take away.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::bundle {

struct LedgerSide {
  std::uint64_t rows = 0;
  std::optional<std::string> head;  // event_hash of the last row, when it can be read
};

struct LedgerComparison {
  LedgerSide current, candidate;
  std::uint64_t common_rows = 0;  // that both begin with, byte for byte

  std::uint64_t rows_lost() const { return current.rows - common_rows; }
  // The candidate continues the current ledger or is equal to it.
  bool is_extension() const { return rows_lost() == 0; }
};

// One pass over both, constant memory.
Result<LedgerComparison> compare_ledgers(fs::FileSystem& fs, const std::string& current,
                                         const std::string& candidate);

struct DataLoss {
  LedgerComparison ledger;
  struct Counts {
    std::uint64_t current = 0, candidate = 0;
  };
  std::map<std::string, Counts> tables;  // whose counts differ

  bool any() const;
};

struct DataSide {
  std::string store, ledger;
};
Result<DataLoss> find_data_loss(fs::FileSystem& fs, const DataSide& current,
                                const DataSide& candidate);

json::Value to_json(const DataLoss& loss);

}  // namespace cortex::bundle
