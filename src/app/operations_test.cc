#include "app/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/ingest.h"
#include "app/open_store.h"
#include "base/stop.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class OperationsTest : public AppTest {
 protected:
  static Plan repair(int times) {
    return [times](sqlite::Connection&) -> Result<std::vector<store::Operation>> {
      return std::vector<store::Operation>(static_cast<std::size_t>(times),
                                           {"doctor.repair", {{"what", "test"}}});
    };
  }
  std::string outcomes() {
    sqlite::Connection db = connect();
    return db.query_text("SELECT coalesce(group_concat(outcome), '') FROM cortex_operations")
        .value();
  }
};

TEST_F(OperationsTest, Operations_StandInLedgerMirrorAndBooks) {
  append(1, 2);
  const auto done = perform(services_, layout_, {.reason = "a test"}, repair(2));
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_THAT(done->event_ids, SizeIs(2));
  EXPECT_EQ(done->mirror_note, "");
  EXPECT_EQ(count("events"), 4);
  EXPECT_EQ(outcomes(), "applied,applied");
  EXPECT_THAT(get(log_), HasSubstr(R"("cortex_operation":"doctor.repair","reason":"a test")"));
}

TEST_F(OperationsTest, CalledOffBeforeTheFirstRow_WritesNone_LaterItIsCarriedOut) {
  std::stop_source source;
  std::atomic<std::uint64_t> recorded = 0;
  services_.recorded = &recorded;
  ASSERT_TRUE(perform(services_, layout_, {}, repair(2)).ok());
  EXPECT_EQ(recorded, 2U);
  const std::string before = get(log_);
  services_.stop = source.get_token();
  const auto done = perform(services_, layout_, {},
                            [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
                              source.request_stop();
                              return repair(1)(db);
                            });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().token, kCalledOffToken);
  EXPECT_EQ(get(log_), before);
  EXPECT_EQ(recorded, 2U);
}

TEST_F(OperationsTest, ACompanionIsARowOfItsOwn_AndCountsAsOne) {
  std::atomic<std::uint64_t> counted = 0;
  services_.recorded = &counted;
  const auto done = perform(services_, layout_, {},
                            [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
                              CORTEX_ASSIGN(auto operations, repair(2)(db));
                              operations[0].companion = R"({"said":"beside it"})";
                              return operations;
                            });
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_THAT(done->event_ids, SizeIs(2));
  EXPECT_EQ(done->rows, 3U);
  EXPECT_EQ(counted, 3U);
  EXPECT_EQ(count("events"), 3);
}

TEST_F(OperationsTest, NothingToDo_WritesNoRow) {
  const auto done = perform(services_, layout_, {}, repair(0));
  ASSERT_TRUE(done.ok());
  EXPECT_THAT(done->event_ids, IsEmpty());
  EXPECT_EQ(get(log_), "");
}

TEST_F(OperationsTest, RefusedPlan_ChangesNothing) {
  fill(2);
  const std::string before = get(log_);
  const auto done = perform(services_, layout_, {},
                            [](sqlite::Connection&) -> Result<std::vector<store::Operation>> {
                              return make_error(Code::kPrecondition, "not today");
                            });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().message, "not today");
  EXPECT_EQ(done.error().unchanged, "this change was not recorded");
  EXPECT_EQ(get(log_), before);
}

TEST_F(OperationsTest, OperationWithoutRule_ChangesNothing) {
  fill(1);
  const std::string before = get(log_);
  const auto done = perform(
      services_, layout_, {}, [](sqlite::Connection&) -> Result<std::vector<store::Operation>> {
        return std::vector<store::Operation>{{"doctor.repair", {}}, {"no.such", {}}};
      });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(get(log_), before);
  EXPECT_EQ(count("events"), 1);
  EXPECT_EQ(outcomes(), "");
}

TEST_F(OperationsTest, PlanSeesTheLedgerInTheStore) {
  append(1, 3);
  std::int64_t seen = 0;
  const auto done = perform(services_, layout_, {},
                            [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
                              CORTEX_ASSIGN(seen, db.query_int("SELECT count(*) FROM events"));
                              return std::vector<store::Operation>();
                            });
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(seen, 3);
}

TEST_F(OperationsTest, StoreThatMissedAnOperation_AppliesItWhenItIsOpened) {
  fill(1);
  const std::string old_store = get(db_);
  ASSERT_TRUE(perform(services_, layout_, {}, repair(1)).ok());
  for (const char* sidecar : {"-wal", "-shm"}) {
    static_cast<void>(fs_.remove_file(db_ + sidecar).ok());  // they go with the connection
  }
  put(db_, old_store);
  ASSERT_TRUE(open_store(services_, layout_).ok());
  EXPECT_EQ(outcomes(), "applied");
}

TEST_F(OperationsTest, Session_CannotBringOperations) {
  core::Event event = this->event(1);
  event.payload = store::operation_payload({"doctor.repair", {}}, {});
  const auto done =
      ingest(services_, {.session = session_file(session_of({event})), .layout = layout_});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::kPrecondition);
  EXPECT_EQ(done.error().token, "ingest.operation_reserved");
  EXPECT_EQ(get(log_), "");
}

}  // namespace
}  // namespace cortex::app
