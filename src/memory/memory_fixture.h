// A migrated store with memories, for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/fs/test_dir.h"
#include "base/text.h"
#include "base/ulid.h"
#include "sqlite/connection.h"
#include "store/claim_marks.h"
#include "store/memories.h"
#include "store/open.h"

namespace cortex::memory {

class MemoryTest : public testing::Test {
 protected:
  static sqlite::Connection create(const std::string& path) {
    static_cast<void>(sqlite::Connection::open(path, sqlite::OpenMode::kReadWriteCreate)
                          .value()
                          .exec("PRAGMA user_version = 0"));
    return store::open_for_writing(path).value().connection;
  }
  static std::string id_of(std::uint64_t n) { return cat("mem_", Ulid{1, n}.text()); }
  static store::Memory memory(std::uint64_t n, std::string_view status, std::string_view claim) {
    store::Memory row;
    row.id = id_of(n);
    row.type = "semantic";
    row.status = status;
    row.claim = claim;
    row.source_episodes = row.source_events = json::Array();
    row.domains = json::Array{"a"};
    row.salience = json::Object();
    row.confidence = 0.5;
    row.authority = "user";
    row.created_at = row.updated_at = "2026-01-01T00:00:00+00:00";
    return row;
  }
  void add(std::uint64_t n, std::string_view status, std::string_view claim) {
    ASSERT_TRUE(store::insert_memory(db_, memory(n, status, claim)).value());
  }

  fs::TestDir folder_;
  std::string path_ = folder_ / "cortex.db";
  sqlite::Connection db_ = create(path_);
};

}  // namespace cortex::memory
