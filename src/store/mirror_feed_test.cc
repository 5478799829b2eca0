#include "store/mirror_feed.h"
#include "store/no_operations.h"

#include <optional>

#include <gmock/gmock.h>

#include "core/ids.h"
#include "ledger/ledger_fixture.h"
#include "store/private_schema.h"
#include "store/schema_query.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::HasSubstr;

class MirrorFeedTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
    exec("BEGIN IMMEDIATE");
    writer_.emplace(MirrorWriter::begin(db_, {}, system_clock(), no_operations()).value());
  }
  void TearDown() override {
    writer_.reset();
    exec("ROLLBACK");
  }
  // Adds the events one by one; their places are 10, 20, ...
  static void add_all(MirrorFeed& feed, const std::vector<core::Event>& events) {
    core::Event reused;
    std::uint64_t end_offset = 0;
    for (const core::Event& event : events) {
      reused = event;
      feed.add(reused, end_offset += 10);
    }
  }
  std::vector<std::string> column(std::string_view name) {
    return text_column(db_, cat("SELECT ", name, " FROM events ORDER BY rowid")).value();
  }

  std::optional<MirrorWriter> writer_;
};

TEST_F(MirrorFeedTest, NothingAdded_IsFine) {
  MirrorFeed feed(*writer_);
  EXPECT_TRUE(feed.finish().ok());
  EXPECT_EQ(writer_->added(), 0U);
}

TEST_F(MirrorFeedTest, Events_ArriveAllInOrderAndInFull) {
  // Around the size of a batch, and more than may wait.
  for (const std::uint64_t count : {1U, 127U, 128U, 129U, 10'000U}) {
    SCOPED_TRACE(count);
    exec("DELETE FROM events");
    auto writer = MirrorWriter::begin(db_, {}, system_clock(), no_operations()).value();
    const auto events = ledger::sealed_events(count);
    {
      MirrorFeed feed(writer);
      add_all(feed, events);
      const Status status = feed.finish();
      ASSERT_TRUE(status.ok()) << status.error().text();
    }
    std::vector<std::string> ids, payloads;
    for (const core::Event& event : events) {
      ids.push_back(core::id_text(core::IdKind::kEvent, event.id));
      payloads.push_back(event.payload);
    }
    EXPECT_EQ(column("id"), ids);
    EXPECT_EQ(column("payload_json"), payloads);
    EXPECT_EQ(writer.added(), count);
    EXPECT_EQ(writer.state().rows, count);
    EXPECT_EQ(writer.state().offset_bytes, 10 * count);
    EXPECT_EQ(writer.state().head, events.back().event_hash);
  }
}

TEST_F(MirrorFeedTest, MembersOfAReusedEvent_AreThoseOfTheLastFilling) {
  auto events = ledger::sealed_events(400);
  for (std::size_t i = 0; i < events.size(); i += 2) {
    events[i].session_id.reset();
    events[i].trace_id = Ulid{0, i};
    events[i].domain_tags = {"even"};
  }
  MirrorFeed feed(*writer_);
  add_all(feed, events);
  ASSERT_TRUE(feed.finish().ok());
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM events WHERE session_id IS NULL AND trace_id IS NOT"
                          " NULL AND domain_tags_json = '[\"even\"]' AND rowid % 2 = 1")
                .value(),
            200);
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM events WHERE session_id = 's' AND trace_id IS NULL"
                          " AND domain_tags_json = '[]' AND rowid % 2 = 0")
                .value(),
            200);
}

TEST_F(MirrorFeedTest, FailureInTheMiddle_IsReturnedByFinishAndLaterEventsAreDropped) {
  const auto events = ledger::sealed_events(5000);
  exec(
      cat("CREATE TRIGGER stop BEFORE INSERT ON events WHEN new.payload_json = '{\"n\":300}'"
          " BEGIN SELECT RAISE(ABORT, 'enough'); END"));
  MirrorFeed feed(*writer_);
  add_all(feed, events);  // must not wait for ever
  const Status status = feed.finish();
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("enough"));
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM events").value(), 299);
}

TEST_F(MirrorFeedTest, Conflicts_AreNoFailures) {
  auto events = ledger::sealed_events(300);
  events[200].id = events[0].id;
  MirrorFeed feed(*writer_);
  add_all(feed, events);
  ASSERT_TRUE(feed.finish().ok());
  EXPECT_EQ(writer_->conflicts(), 1U);
  EXPECT_EQ(writer_->added(), 299U);
}

TEST_F(MirrorFeedTest, DestructionWithoutFinish_WaitsForWhatWasAdded) {
  {
    MirrorFeed feed(*writer_);
    add_all(feed, ledger::sealed_events(500));
  }
  EXPECT_EQ(writer_->added(), 500U);
}

TEST_F(MirrorFeedTest, DestructionAfterAFailure_IsQuiet) {
  exec("CREATE TRIGGER stop BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'enough'); END");
  {
    MirrorFeed feed(*writer_);
    add_all(feed, ledger::sealed_events(3000));
  }
  EXPECT_EQ(writer_->added(), 0U);
}

}  // namespace
}  // namespace cortex::store
