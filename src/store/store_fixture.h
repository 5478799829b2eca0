// A migrated store in a private folder, for the tests of this room.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "base/fs/test_dir.h"
#include "sqlite/connection.h"
#include "store/migrations.h"

namespace cortex::store {

inline constexpr const char* kInsertMemory =
    "INSERT INTO memories (id, memory_type, status, claim, source_episodes_json,"
    " source_events_json, domains_json, salience_json, confidence, authority, applies_when_json,"
    " does_not_apply_when_json, created_at, updated_at) VALUES ('mem_1', 'semantic', 'active',"
    " 'water is wet', '[]', '[]', '[\"x\"]', '{}', 0.5, 'user', '[]', '[]', 'now', 'now')";

inline constexpr const char* kInsertEvent =
    "INSERT INTO events (id, schema_version, observed_at, recorded_at, source_json, event_type,"
    " domain_tags_json, payload_json, payload_hash, event_hash) VALUES ('evt_1', 2, 'now', 'now',"
    " '{}', 'x', '[]', '{}', 'p1', 'e1')";

class StoreTest : public testing::Test {
 protected:
  static sqlite::Connection create(const std::string& path) {
    return sqlite::Connection::open(path, sqlite::OpenMode::kReadWriteCreate).value();
  }
  void migrate() { ASSERT_TRUE(apply_pending(db_).ok()); }
  void exec(const std::string& sql) {
    const Status status = db_.exec(sql);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }

  fs::TestDir folder_;
  std::string path_ = folder_ / "cortex.db";
  sqlite::Connection db_ = create(path_);
};

}  // namespace cortex::store
