// What `audit verify --mirror` compares, for the tests of this room: the ledger alone must give the
// same tables.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "app/rebuild.h"
#include "app/services.h"
#include "sqlite/connection.h"
#include "store/projection_compare.h"

namespace cortex::app {

// Expects that every row of the ledger's tables stands in the store as it is. Answers how many rows
// of each table the ledger does not account for.
inline std::map<std::string, std::uint64_t> unaccounted_rows(Services& services,
                                                             const std::string& ledger,
                                                             sqlite::Connection live) {
  std::map<std::string, std::uint64_t> unaccounted;
  auto log = services.fs.open(ledger, fs::Open::kRead).value();
  const std::uint64_t size = log->info()->size_bytes;
  auto rebuilt = project_ledger(services, *log, size);
  EXPECT_TRUE(rebuilt.ok()) << rebuilt.error().text();
  if (!rebuilt.ok()) return unaccounted;
  for (const auto& table : store::compare_projection(live, *rebuilt).value()) {
    EXPECT_TRUE(table.holds()) << table.table << " " << table.first_wrong;
    unaccounted[std::string(table.table)] = table.unaccounted;
  }
  return unaccounted;
}

}  // namespace cortex::app
