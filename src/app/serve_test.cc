#include "app/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/init.h"
#include "app/open_store.h"

namespace cortex::app {
namespace {

using ServeTest = AppTest;

TEST_F(ServeTest, AMissingStoreIsAPrecondition) {
  Layout nowhere = layout_in(folder_ / "nowhere");
  const auto ready = prepare_store(services_, nowhere);
  ASSERT_FALSE(ready.ok());
  EXPECT_EQ(ready.error().code, Code::kPrecondition);
}

TEST_F(ServeTest, AFileThatIsNoStoreIsInternal) {
  Layout layout = layout_in(folder_ / "text");
  ASSERT_TRUE(fs_.make_directory(layout.data_dir, 0700).ok());
  put(layout.db_path, std::string(2000, 'x'));
  const auto ready = prepare_store(services_, layout);
  ASSERT_FALSE(ready.ok());
  EXPECT_EQ(ready.error().code, Code::kInternal);
}

TEST_F(ServeTest, ANewStoreIsMigrated_AnOlderOneIsNot) {
  Layout layout = layout_in(folder_ / "new");
  ASSERT_TRUE(init(services_, layout, false).ok());
  ASSERT_TRUE(prepare_store(services_, layout).ok());
  {
    auto store = open_store(services_, layout);
    ASSERT_TRUE(store.ok());
    EXPECT_TRUE(store->migrations.empty());
    ASSERT_TRUE(store->connection
                    .exec("DELETE FROM _migrations WHERE rowid = "
                          "(SELECT max(rowid) FROM _migrations)")
                    .ok());
  }
  const auto ready = prepare_store(services_, layout);
  ASSERT_FALSE(ready.ok());
  EXPECT_EQ(ready.error().code, Code::kSchema);
}

}  // namespace
}  // namespace cortex::app
