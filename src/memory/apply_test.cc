#include "memory/apply.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "memory/memory_fixture.h"
#include "memory/rows.h"
#include "store/contradictions.h"
#include "store/memory_history.h"
#include "store/outcomes.h"

namespace cortex::memory {
namespace {

using testing::ElementsAre;

constexpr std::string_view kDay1 = "2026-02-01T00:00:00+00:00", kDay2 = "2026-02-02T00:00:00+00:00",
                           kDay3 = "2026-02-03T00:00:00+00:00", kDay4 = "2026-02-04T00:00:00+00:00";

class ApplyTest : public MemoryTest {
 protected:
  store::OperationRow row(std::string name, json::Object args) {
    return {.event_id = cat("evt_", Ulid{2, ++events_}.text()),
            .recorded_at = {},
            .name = std::move(name),
            .args = std::move(args),
            .caller = {.actor = "operator", .client = "", .session = {}, .reason = "why"}};
  }
  store::OperationRow note(std::uint64_t n, std::string_view at) {
    store::Memory one = memory(n, "active", cat("claim ", n));
    one.created_at = one.updated_at = at;
    return row("memory.note", {{"at", at}, {"memory", store::memory_to_json(one)}});
  }
  store::OperationRow transition(std::string name, std::uint64_t n, std::string_view to,
                                 std::string_view at) {
    return row(std::move(name), {{"at", at}, {"memory_id", id_of(n)}, {"from", "?"}, {"to", to}});
  }
  std::string status_of(std::uint64_t n) {
    return store::find_memory(db_, id_of(n)).value()->status;
  }
  std::uint64_t events_ = 0;

  std::vector<std::string> held(std::string_view known, std::string_view valid) {
    std::vector<std::string> ids;
    const store::AsOf when{std::string(known), std::string(valid)};
    for (const auto& one : store::memories_as_of(db_, when, {}).value().rows) {
      ids.push_back(one.memory.id);
    }
    std::ranges::sort(ids);
    return ids;
  }
};

TEST_F(ApplyTest, NoteTagAndTransition_LeaveTheirHistory) {
  ASSERT_TRUE(apply_add(db_, note(1, kDay1)).ok());
  const json::Object tag{{"at", kDay2}, {"memory_id", id_of(1)}, {"tag", "x"}};
  ASSERT_TRUE(apply_tag_add(db_, row("memory.tag.add", tag)).ok());
  ASSERT_TRUE(apply_transition(db_, transition("memory.reject", 1, "rejected", kDay3)).ok());
  const auto versions = store::versions_of(db_, id_of(1)).value();
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(versions[0].status, "active");
  EXPECT_EQ(json::write_compact(versions[1].domains), R"(["a","x"])");
  EXPECT_EQ(versions[2].status, "rejected");
  EXPECT_EQ(versions[2].reason, "why");
  EXPECT_THAT(held(kDay2, kDay2), ElementsAre(id_of(1)));
  EXPECT_TRUE(held(kDay3, kDay3).empty());
  EXPECT_TRUE(held("2026-01-31T00:00:00+00:00", kDay1).empty());
  const auto then = store::memory_as_of(db_, id_of(1), kDay1).value();
  EXPECT_THAT(then->memory.tags(), ElementsAre("a"));
  const auto changes = store::memory_differences(db_, kDay1, kDay3).value();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].status_before, "active");
  EXPECT_EQ(changes[0].status_after, "rejected");
  EXPECT_THAT(changes[0].operations, ElementsAre("memory.tag.add", "memory.reject"));
}

TEST_F(ApplyTest, Supersession_KeepsWhatWasBelievedAndWhatHeld) {
  ASSERT_TRUE(apply_add(db_, note(1, kDay1)).ok());
  ASSERT_TRUE(apply_add(db_, note(2, kDay3)).ok());
  ASSERT_TRUE(apply_supersede(db_, row("memory.supersede", {{"at", kDay3},
                                                            {"memory_id", id_of(1)},
                                                            {"by", id_of(2)},
                                                            {"from", "active"},
                                                            {"to", "superseded"},
                                                            {"valid_until", kDay2}}))
                  .ok());
  EXPECT_EQ(status_of(1), "superseded");
  EXPECT_THAT(held(kDay2, kDay2), ElementsAre(id_of(1)));  // believed on day 2
  EXPECT_THAT(held(kDay4, kDay4), ElementsAre(id_of(2)));
  EXPECT_THAT(held(kDay4, kDay1), ElementsAre(id_of(1), id_of(2)));  // it did hold on day 1
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM memory_supersessions").value(), 1);
}

TEST_F(ApplyTest, Replay_OverTheSameStore_ChangesNothing) {
  std::vector<store::OperationRow> rows = {note(1, kDay1), note(2, kDay1)};
  OutcomeRows outcome{
      .use = {id_of(1), "s", std::string(kDay2), std::string(kDay2), 3},
      .relation = {"outcome:s:x:helpful", id_of(1), "used", std::string(kDay2), {}, {}, {}},
      .report = {"", id_of(1), "s", "helpful", std::string(kDay2), "a note"},
      .totals = {3, std::string(kDay2), std::string(kDay2), 0, {}}};
  rows.push_back(row("memory.outcome", to_args(outcome)));
  rows.push_back(row("contradiction.add", to_args(store::Contradiction{"con_1",
                                                                       id_of(1),
                                                                       id_of(2),
                                                                       "hard",
                                                                       "unresolved",
                                                                       {},
                                                                       std::string(kDay2),
                                                                       std::string(kDay2)})));
  const auto apply_all = [&] {
    ASSERT_TRUE(apply_add(db_, rows[0]).ok());
    ASSERT_TRUE(apply_add(db_, rows[1]).ok());
    ASSERT_TRUE(apply_outcome(db_, rows[2]).ok());
    ASSERT_TRUE(apply_contradiction(db_, rows[3]).ok());
  };
  const auto all = [&] {
    return db_
        .query_text(
            "SELECT (SELECT group_concat(id || status || domains_json ||"
            " coalesce(cross_session_use_count, '-')) FROM memories) ||"
            " (SELECT group_concat(seq || memory_id || event_id) FROM"
            " cortex_memory_history) || (SELECT group_concat(id || status) FROM"
            " contradictions) || (SELECT group_concat(use_count) FROM memory_session_uses)")
        .value();
  };
  apply_all();
  const std::string once = all();
  apply_all();
  EXPECT_EQ(all(), once);
  EXPECT_EQ(store::reports_of(db_, id_of(1)).value().at(0).note, "a note");
}

TEST_F(ApplyTest, Adopt_RestoresAMemoryThatOnlyAStoreHad) {
  store::Memory foreign = memory(1, "candidate", "from elsewhere");
  foreign.cross_session_use_count = 2;
  json::Object args{{"memory", store::memory_to_json(foreign)}};
  add_to(args, {{{id_of(1), "s", std::string(kDay1), std::string(kDay1), 2}}, {}});
  ASSERT_TRUE(apply_adopt(db_, row("memory.adopt", args)).ok());
  EXPECT_EQ(status_of(1), "candidate");
  EXPECT_EQ(store::session_uses_of(db_, id_of(1)).value().at(0).use_count, 2);
  EXPECT_EQ(store::versions_of(db_, id_of(1)).value().at(0).known_at, foreign.created_at);
}

TEST_F(ApplyTest, ArgsOfAStranger_AreErrors) {
  const json::Object some{{"at", kDay1}, {"memory_id", id_of(9)}, {"to", "active"}, {"tag", "x"}};
  EXPECT_FALSE(apply_add(db_, row("memory.note", some)).ok());
  EXPECT_FALSE(apply_adopt(db_, row("memory.adopt", some)).ok());
  EXPECT_FALSE(apply_transition(db_, row("memory.accept", some)).ok());
  EXPECT_FALSE(apply_supersede(db_, row("memory.supersede", some)).ok());
  EXPECT_FALSE(apply_tag_add(db_, row("memory.tag.add", some)).ok());
  EXPECT_FALSE(apply_outcome(db_, row("memory.outcome", some)).ok());
  EXPECT_FALSE(apply_contradiction(db_, row("contradiction.add", some)).ok());
  ASSERT_TRUE(apply_add(db_, note(1, kDay1)).ok());
  EXPECT_FALSE(apply_transition(db_, transition("memory.accept", 1, "king", kDay1)).ok());
}

TEST_F(ApplyTest, Resolution_GivesPrecedence) {
  json::Object args =
      to_args(store::Contradiction{"con_1", id_of(1), id_of(2), "hard", "resolved",
                                   "the second one", std::string(kDay1), std::string(kDay2)});
  args.set("winner", id_of(2));
  args.set("loser", id_of(1));
  ASSERT_TRUE(apply_contradiction(db_, row("contradiction.resolve", args)).ok());
  EXPECT_EQ(store::list_precedences(db_).value().at(0).winner, id_of(2));
  EXPECT_TRUE(store::list_contradictions(db_, store::Which::kOpen).value().empty());
  EXPECT_EQ(store::list_contradictions(db_, store::Which::kAll, id_of(1)).value().size(), 1U);
}

}  // namespace
}  // namespace cortex::memory
