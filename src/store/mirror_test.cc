#include "store/mirror.h"
#include "store/no_operations.h"

#include <gmock/gmock.h>

#include "core/ids.h"
#include "ledger/ledger_fixture.h"
#include "sqlite/transaction.h"
#include "store/mirror_compare.h"
#include "store/private_schema.h"
#include "store/schema_query.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using ledger::row_text;
using ledger::sealed_events;
using testing::HasSubstr;

class MirrorTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
  }
  static std::string id_of(const core::Event& event) {
    return core::id_text(core::IdKind::kEvent, event.id);
  }
  // One catch-up with the ledger, as a transaction. Tells what was added and in conflict.
  std::pair<std::uint64_t, std::uint64_t> mirror(const std::string& text) {
    ledger_.text = text;
    auto transaction =
        sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::kImmediate).value();
    auto writer = catch_up(db_, ledger_, text.size(), system_clock(), no_operations());
    EXPECT_TRUE(writer.ok()) << writer.error().text();
    if (!writer.ok()) return {};
    EXPECT_TRUE(writer->finish().ok());
    EXPECT_TRUE(transaction.commit().ok());
    return {writer->added(), writer->conflicts()};
  }
  MirrorState state() { return read_mirror_state(db_).value(); }
  std::int64_t count(const std::string& table) {
    return db_.query_int(cat("SELECT count(*) FROM ", table)).value();
  }
  MirrorComparison compare(const std::vector<core::Event>& events) {
    auto comparer = MirrorComparer::begin(db_).value();
    for (const core::Event& event : events) EXPECT_TRUE(comparer.add(event, event.payload).ok());
    return comparer.finish().value();
  }
  void expect_mirrored(const std::vector<core::Event>& events) {
    const MirrorComparison result = compare(events);
    EXPECT_EQ(result.equal, events.size());
    EXPECT_EQ(result.lagging + result.differing + result.foreign, 0U);
    EXPECT_EQ(state().offset_bytes, ledger::ledger_text(events).size());
    EXPECT_EQ(state().rows, events.size());
    EXPECT_EQ(state().head, events.back().event_hash);
  }
  std::string conflict(std::string_view column) {
    return db_.query_text(cat("SELECT ", column, " FROM cortex_mirror_conflicts")).value();
  }
  // The row of `event` under the same id, with hashes that are not those of its payload.
  void insert_unsealed(const core::Event& event) {
    exec(
        cat("INSERT INTO events (id, schema_version, observed_at, recorded_at, source_json,"
            " event_type, domain_tags_json, payload_json, payload_hash, event_hash) VALUES ('",
            id_of(event), "', 2, 'then', 'then', '{}', 'x', '[]', '{\"old\":1}', 'given',",
            " 'by the caller')"));
  }

  ledger::TextFile ledger_{""};
};

TEST_F(MirrorTest, FreshStore_RemembersNothing) {
  EXPECT_EQ(state().offset_bytes, 0U);
  EXPECT_EQ(state().rows, 0U);
  EXPECT_EQ(state().head, std::nullopt);
}

TEST_F(MirrorTest, StoreWithoutPrivateTables_RemembersNothing) {
  exec("DROP TABLE cortex_mirror");
  EXPECT_EQ(state().offset_bytes, 0U);
}

TEST_F(MirrorTest, EmptyLedger_IsMirroredAsNothing) {
  EXPECT_EQ(mirror(""), std::pair(std::uint64_t{0}, std::uint64_t{0}));
  EXPECT_EQ(count("events"), 0);
  EXPECT_EQ(count("cortex_mirror"), 1);
}

TEST_F(MirrorTest, FreshStore_TakesTheWholeLedgerInItsOrder) {
  auto events = sealed_events(300);
  std::swap(events[3].id, events[200].id);  // the order is the ledger's, not that of ids
  EXPECT_EQ(mirror(ledger::ledger_text(events)), std::pair(std::uint64_t{300}, std::uint64_t{0}));
  expect_mirrored(events);
  std::vector<std::string> wanted;
  wanted.reserve(events.size());
  for (const core::Event& event : events) wanted.push_back(id_of(event));
  EXPECT_EQ(text_column(db_, "SELECT id FROM events ORDER BY rowid").value(), wanted);
}

TEST_F(MirrorTest, Columns_HaveTheFormatsOfTheStore) {
  core::Event event = ledger::sample_event(1);
  event.schema_version = 1;
  event.observed_at = {1'767'268'800, 500'000'000};
  event.recorded_at = {1'767'268'801, 0};
  event.source = {core::SourceType::kChildAgent, "m\"x"};
  event.type = core::EventType::kToolCall;
  event.trace_id = Ulid{0, 7};
  event.session_id = "s\xC3\xA9";
  event.domain_tags = {"a", "a"};
  ledger::seal(event, std::nullopt);
  event.signature.emplace();
  mirror(row_text(event));
  const auto column = [this](std::string_view name) {
    return db_.query_text(cat("SELECT ", name, " FROM events")).value();
  };
  EXPECT_EQ(column("id"), "evt_00000000000000000000000001");
  EXPECT_EQ(column("schema_version"), "1");
  EXPECT_EQ(column("observed_at"), "2026-01-01T12:00:00.500+00:00");
  EXPECT_EQ(column("recorded_at"), "2026-01-01T12:00:01+00:00");
  EXPECT_EQ(column("source_json"), R"({"type":"child_agent","model":"m\"x"})");
  EXPECT_EQ(column("event_type"), "cortex.event.tool_call.v1");
  EXPECT_EQ(column("trace_id"), "trc_00000000000000000000000007");
  EXPECT_EQ(column("session_id"), "s\xC3\xA9");
  EXPECT_EQ(column("domain_tags_json"), R"(["a","a"])");
  EXPECT_EQ(column("payload_json"), event.payload);
  EXPECT_EQ(column("payload_hash"), event.payload_hash);
  EXPECT_EQ(column("prev_event_hash IS NULL"), "1");
  EXPECT_EQ(column("event_hash"), event.event_hash);
  EXPECT_EQ(column("source_attestation_json IS NULL"), "1");
}

TEST_F(MirrorTest, PayloadColumn_IsThePayloadAsItStandsInTheLedger) {
  const auto events = sealed_events(1);
  mirror(ledger::replaced(row_text(events[0]), "{\"n\":1}", "{ \"n\" : 1 }"));
  EXPECT_EQ(db_.query_text("SELECT payload_json FROM events").value(), "{ \"n\" : 1 }");
}

TEST_F(MirrorTest, NewRows_AreAddedWithoutReadingTheOldOnes) {
  const auto events = sealed_events(2000, 1000);
  const std::vector<core::Event> first(events.begin(), events.end() - 3);
  mirror(ledger::ledger_text(first));
  ledger_.bytes_read = 0;
  EXPECT_EQ(mirror(ledger::ledger_text(events)).first, 3U);
  EXPECT_LT(ledger_.bytes_read, 128U << 10U);
  expect_mirrored(events);
  ledger_.bytes_read = 0;
  EXPECT_EQ(mirror(ledger::ledger_text(events)).first, 0U);
  EXPECT_LT(ledger_.bytes_read, 128U << 10U);
}

TEST_F(MirrorTest, PrefixWithoutNewline_IsGoneOnFromCorrectly) {
  const auto events = sealed_events(2);
  const std::string one = row_text(events[0]);
  EXPECT_EQ(mirror(one.substr(0, one.size() - 1)).first, 1U);
  EXPECT_EQ(mirror(one + row_text(events[1])).first, 1U);
  expect_mirrored(events);
}

TEST_F(MirrorTest, StateOfAnotherLedger_GoesThroughEverythingAgain) {
  const auto events = sealed_events(5);
  mirror(ledger::ledger_text(events));
  const std::string text = ledger::ledger_text(events);
  for (const std::string_view change :
       {"offset_bytes = offset_bytes - 2", "offset_bytes = offset_bytes + 1000000",
        "offset_bytes = 7", "head_hash = 'other'", "head_hash = NULL"}) {
    SCOPED_TRACE(change);
    exec(cat("UPDATE cortex_mirror SET ", change));
    exec(cat("DELETE FROM events WHERE id = '", id_of(events[1]), "'"));
    ledger_.bytes_read = 0;
    EXPECT_EQ(mirror(text), std::pair(std::uint64_t{1}, std::uint64_t{0}))
        << "what is there already is no conflict";
    EXPECT_GE(ledger_.bytes_read, text.size());
    expect_mirrored(events);
  }
}

TEST_F(MirrorTest, LedgerThatBecameShorter_IsGoneThroughAgain) {
  const auto events = sealed_events(5);
  mirror(ledger::ledger_text(events));
  const auto shorter = sealed_events(2);
  EXPECT_EQ(mirror(ledger::ledger_text(shorter)), std::pair(std::uint64_t{0}, std::uint64_t{0}));
  EXPECT_EQ(state().rows, 2U);
  EXPECT_EQ(state().head, shorter.back().event_hash);
  EXPECT_EQ(count("events"), 5);
}

TEST_F(MirrorTest, StateOfALedgerWithBlankLines_Holds) {
  const auto events = sealed_events(2);
  const std::string text = cat("\n", row_text(events[0]), "\n\n", row_text(events[1]), "\n \n");
  mirror(text);
  EXPECT_EQ(state().rows, 2U);
  ledger::TextFile file(text);
  EXPECT_TRUE(matches_ledger(state(), file, text.size()).value());
  EXPECT_FALSE(matches_ledger(state(), file, state().offset_bytes - 1).value());
  EXPECT_EQ(mirror(text).first, 0U);
}

TEST_F(MirrorTest, RowsThatAreThereAlready_AreNoConflicts) {
  const auto events = sealed_events(3);
  mirror(ledger::ledger_text(events));
  exec("DELETE FROM cortex_mirror");
  EXPECT_EQ(mirror(ledger::ledger_text(events)), std::pair(std::uint64_t{0}, std::uint64_t{0}));
  EXPECT_EQ(count("cortex_mirror_conflicts"), 0);
  EXPECT_EQ(state().rows, 3U);
}

TEST_F(MirrorTest, UnsealedRow_IsRepairedAndTheOldOneKept) {
  const auto events = sealed_events(3);
  insert_unsealed(events[1]);
  EXPECT_EQ(mirror(ledger::ledger_text(events)), std::pair(std::uint64_t{2}, std::uint64_t{1}));
  expect_mirrored(events);
  EXPECT_EQ(conflict("kind"), "repaired");
  EXPECT_EQ(conflict("event_id"), id_of(events[1]));
  EXPECT_EQ(conflict("ledger_row"), "2");
  EXPECT_THAT(conflict("detail"), HasSubstr(events[1].event_hash));
  EXPECT_EQ(conflict("json_extract(store_row_json, '$.payload_json')"), "{\"old\":1}");
  EXPECT_EQ(conflict("json_extract(store_row_json, '$.payload_hash')"), "given");
  EXPECT_EQ(conflict("json_extract(store_row_json, '$.event_hash')"), "by the caller");
  EXPECT_EQ(conflict("json_extract(store_row_json, '$.observed_at')"), "then");
  EXPECT_THAT(conflict("recorded_at"), HasSubstr("+00:00"));
}

TEST_F(MirrorTest, RowWithASoundPayloadHashAndAForeignEventHash_IsUnsealedToo) {
  const auto events = sealed_events(1);
  mirror(ledger::ledger_text(events));
  exec("UPDATE events SET event_hash = 'x'");
  exec("DELETE FROM cortex_mirror");
  EXPECT_EQ(mirror(ledger::ledger_text(events)).second, 1U);
  EXPECT_EQ(conflict("kind"), "repaired");
  expect_mirrored(events);
}

TEST_F(MirrorTest, SealedRowOfTheSameId_IsKept) {
  const auto events = sealed_events(2);
  core::Event other = ledger::sample_event(2, 10);
  ledger::seal(other, events[0].event_hash);
  mirror(row_text(events[0]) + row_text(other));
  exec("DELETE FROM cortex_mirror");
  EXPECT_EQ(mirror(ledger::ledger_text(events)), std::pair(std::uint64_t{0}, std::uint64_t{1}));
  EXPECT_EQ(conflict("kind"), "duplicate_id");
  EXPECT_EQ(conflict("json_extract(store_row_json, '$.event_hash')"), other.event_hash);
  EXPECT_EQ(db_.query_text("SELECT event_hash FROM events WHERE rowid = 2").value(),
            other.event_hash);
  EXPECT_EQ(state().rows, 2U);
}

TEST_F(MirrorTest, RepeatedIdInOneLedger_KeepsTheFirstRow) {
  auto events = sealed_events(3);
  events[2].id = events[0].id;
  EXPECT_EQ(mirror(ledger::ledger_text(events)), std::pair(std::uint64_t{2}, std::uint64_t{1}));
  EXPECT_EQ(conflict("kind"), "duplicate_id");
  EXPECT_EQ(conflict("ledger_row"), "3");
  EXPECT_EQ(state().rows, 3U);
}

TEST_F(MirrorTest, HashThatAnotherIdHas_IsRecordedAndTheRowLeftOut) {
  const auto events = sealed_events(2);
  auto renamed = events;
  renamed[1].id.low = 99;  // ids are not covered by the hash
  mirror(ledger::ledger_text(renamed));
  exec("DELETE FROM cortex_mirror");
  EXPECT_EQ(mirror(ledger::ledger_text(events)), std::pair(std::uint64_t{0}, std::uint64_t{1}));
  EXPECT_EQ(conflict("kind"), "event_hash_taken");
  EXPECT_EQ(conflict("event_id"), id_of(events[1]));
  EXPECT_EQ(conflict("store_row_json IS NULL"), "1");
  EXPECT_EQ(count("events"), 2);
  EXPECT_EQ(compare(events).lagging, 1U);
}

TEST_F(MirrorTest, UnsealedRowWhoseHashAnotherIdHas_IsKeptAndSaidToBe) {
  const auto events = sealed_events(2);
  auto renamed = events;
  renamed[1].id.low = 99;
  mirror(ledger::ledger_text(renamed));
  exec(cat("INSERT INTO events SELECT '", id_of(events[1]),
           "', schema_version, observed_at, recorded_at, source_json, event_type, trace_id,"
           " session_id, domain_tags_json, payload_json, payload_hash, prev_event_hash, 'unsealed',"
           " NULL FROM events WHERE rowid = 2"));
  exec("DELETE FROM cortex_mirror");
  EXPECT_EQ(mirror(ledger::ledger_text(events)), std::pair(std::uint64_t{0}, std::uint64_t{1}));
  EXPECT_EQ(conflict("kind"), "event_hash_taken");
}

TEST_F(MirrorTest, ChangedColumnOfASealedRow_IsKeptAsADuplicate) {
  const auto events = sealed_events(1);
  mirror(ledger::ledger_text(events));
  exec("UPDATE events SET session_id = 'other'");
  exec("DELETE FROM cortex_mirror");
  EXPECT_EQ(mirror(ledger::ledger_text(events)).second, 1U);
  EXPECT_EQ(conflict("kind"), "duplicate_id");
  EXPECT_EQ(db_.query_text("SELECT session_id FROM events").value(), "other");
}

TEST_F(MirrorTest, LineThatIsNoRow_IsAnErrorAndNothingIsKept) {
  ledger_.text = row_text(sealed_events(1)[0]) + "x\n";
  {
    const auto transaction = sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::kImmediate);
    ASSERT_TRUE(transaction.ok());
    const auto writer =
        catch_up(db_, ledger_, ledger_.text.size(), system_clock(), no_operations());
    ASSERT_FALSE(writer.ok());
    EXPECT_EQ(writer.error().code, Code::kChain);
  }
  EXPECT_EQ(count("events"), 0);
  EXPECT_EQ(count("cortex_mirror"), 0);
}

TEST_F(MirrorTest, StateWithoutCommit_IsForgottenWithTheRows) {
  const auto events = sealed_events(2);
  ledger_.text = ledger::ledger_text(events);
  {
    const auto transaction = sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::kImmediate);
    ASSERT_TRUE(transaction.ok());
    auto writer = catch_up(db_, ledger_, ledger_.text.size(), system_clock(), no_operations());
    ASSERT_TRUE(writer.ok() && writer->finish().ok());
  }
  EXPECT_EQ(count("events"), 0);
  EXPECT_EQ(state().rows, 0U);
}

TEST_F(MirrorTest, RowsAfterACatchUp_CanFollowInTheSameTransaction) {
  const auto events = sealed_events(3);
  const std::string two = row_text(events[0]) + row_text(events[1]);
  ledger_.text = two;
  auto transaction = sqlite::Transaction::begin(db_, sqlite::Transaction::Kind::kImmediate).value();
  auto writer = catch_up(db_, ledger_, two.size(), system_clock(), no_operations());
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(writer->state().rows, 2U);
  ASSERT_TRUE(
      writer->add(events[2], events[2].payload, two.size() + row_text(events[2]).size()).ok());
  ASSERT_TRUE(writer->finish().ok() && transaction.commit().ok());
  expect_mirrored(events);
}

TEST_F(MirrorTest, MissingTable_IsAnError) {
  exec("PRAGMA foreign_keys = OFF");
  exec("DROP TABLE events");
  ledger_.text = row_text(sealed_events(1)[0]);
  EXPECT_FALSE(catch_up(db_, ledger_, ledger_.text.size(), system_clock(), no_operations()).ok());
}

}  // namespace
}  // namespace cortex::store
