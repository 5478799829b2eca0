// A store with memories that no operation made, for tests of what is read from it.
#pragma once

#include <string>

#include "app/app_fixture.h"
#include "app/init.h"
#include "app/open_store.h"
#include "base/text.h"

namespace cortex::app {

inline std::string memory_id(int n) { return cat("mem_01JH0000000000000000000", 100 + n); }

class StoredMemoriesTest : public AppTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(init(services_, layout_, false).ok());
    ASSERT_TRUE(open_store(services_, layout_).ok());
  }
  void put_memory(int n, const std::string& claim, const std::string& tags,
                  const std::string& type) {
    exec(
        cat("INSERT INTO memories (id, memory_type, status, claim, source_episodes_json, "
            "source_events_json, domains_json, salience_json, confidence, authority, "
            "applies_when_json, does_not_apply_when_json, created_at, updated_at) VALUES ('",
            memory_id(n), "', '", type, "', 'active', '", claim, "', '[]', '[]', '", tags,
            "', '{}', 0.5, 'operator', 'null', 'null', '2026-01-01T00:00:00+00:00', "
            "'2026-01-01T00:00:00+00:00')"));
  }
};

}  // namespace cortex::app
