#include "app/look.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "app/app_fixture.h"

namespace cortex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Flags = std::map<std::string, std::string, std::less<>>;

Result<LogFilter> filter_of(const Flags& flags) {
  return make_log_filter([&flags](std::string_view name) -> std::optional<std::string> {
    const auto entry = flags.find(name);
    if (entry == flags.end()) return std::nullopt;
    return entry->second;
  });
}

std::string trace_id(std::uint64_t n) { return cat("trc_", Ulid{2, n}.text()); }

class LogTest : public AppTest {
 protected:
  // The numbers of the rows that `flags` let through.
  std::vector<std::string> ids(const Flags& flags) {
    const auto report = log(services_, layout_, filter_of(flags).value());
    EXPECT_TRUE(report.ok()) << report.error().text();
    std::vector<std::string> out;
    if (!report.ok()) return out;
    for (const LogRow& row : report->rows) out.push_back(row.id);
    return out;
  }
  void append_variety() {
    std::vector<core::Event> events = {event(1), event(2), event(3), event(4)};
    events[0].session_id = "s-1";
    events[1].session_id = "s-2";
    events[1].trace_id = Ulid{2, 7};
    events[1].type = core::EventType::kToolCall;
    events[1].source = {core::SourceType::kTool, "git"};
    events[2].source = {core::SourceType::kChildAgent, "model-x"};
    events[2].type = core::EventType::kDecision;
    append(events);
  }
};

TEST_F(LogTest, EmptyLedger_HasNoRows) {
  EXPECT_THAT(ids({}), IsEmpty());
  const json::Value document = to_json(*log(services_, layout_, {}));
  EXPECT_EQ(json::write_compact(document), "{\"count\":0,\"events\":[]}");
}

TEST_F(LogTest, Limit_KeepsTheNewestRowsOldestFirst) {
  append(1, 30);
  EXPECT_THAT(ids({}), SizeIs(20));
  EXPECT_THAT(ids({{"limit", "2"}}), ElementsAre(id_of(29), id_of(30)));
  EXPECT_THAT(ids({{"limit", "99999999999999999999999999"}}), SizeIs(30));
}

TEST_F(LogTest, EachFilter_LetsItsRowsThrough) {
  append_variety();
  EXPECT_THAT(ids({{"session", "s-1"}}), ElementsAre(id_of(1)));
  EXPECT_THAT(ids({{"session", "s"}}), IsEmpty());
  EXPECT_THAT(ids({{"trace", trace_id(7)}}), ElementsAre(id_of(2)));
  EXPECT_THAT(ids({{"trace", to_lower_ascii(trace_id(7))}}), ElementsAre(id_of(2)));
  EXPECT_THAT(ids({{"trace", trace_id(8)}}), IsEmpty());
  EXPECT_THAT(ids({{"type", "tool_call"}}), ElementsAre(id_of(2)));
  EXPECT_THAT(ids({{"type", "cortex.event.decision.v1"}}), ElementsAre(id_of(3)));
  EXPECT_THAT(ids({{"source", "tool"}}), ElementsAre(id_of(2)));
  EXPECT_THAT(ids({{"source", "git"}}), ElementsAre(id_of(2)));
  EXPECT_THAT(ids({{"source", "model-x"}}), ElementsAre(id_of(3)));
  EXPECT_THAT(ids({{"source", "runtime"}}), ElementsAre(id_of(1), id_of(4)));
  EXPECT_THAT(ids({{"source", "runtime"}, {"session", "s-1"}}), ElementsAre(id_of(1)));
}

TEST_F(LogTest, TimeRange_HoldsItsStartAndNotItsEnd) {
  append(1, 4);
  const auto time = [](std::uint64_t n) { return format_rfc3339_seconds(event(n).observed_at); };
  EXPECT_THAT(ids({{"since", time(3)}}), ElementsAre(id_of(3), id_of(4)));
  EXPECT_THAT(ids({{"until", time(3)}}), ElementsAre(id_of(1), id_of(2)));
  EXPECT_THAT(ids({{"since", time(2)}, {"until", time(3)}}), ElementsAre(id_of(2)));
  EXPECT_THAT(ids({{"since", "2023-11-14"}}), SizeIs(4)) << "a date is its midnight";
  EXPECT_THAT(ids({{"since", "2023-11-15"}}), IsEmpty());
}

TEST_F(LogTest, ValuesThatCannotMatchAnything_AreUsageErrors) {
  const Flags wrong[] = {{{"trace", "7"}},         {{"trace", id_of(1)}},
                         {{"type", "tool"}},       {{"type", "cortex.event.tool_call.v2"}},
                         {{"since", "yesterday"}}, {{"until", "2026-02-30"}},
                         {{"since", ""}}};
  for (const Flags& flags : wrong) {
    const auto filter = filter_of(flags);
    ASSERT_FALSE(filter.ok()) << flags.begin()->second;
    EXPECT_EQ(filter.error().code, Code::kUsage);
    EXPECT_THAT(filter.error().message, HasSubstr(cat("--", flags.begin()->first)));
  }
}

TEST_F(LogTest, RowsLongerThanABlock_AreAllReadBackwardsOnce) {
  constexpr std::size_t kSizes[] = {10, 70'000, 65'000, 300'000, 5, 1'500'000, 1'048'576, 40};
  std::vector<core::Event> events;
  std::vector<std::string> expected;
  for (std::uint64_t n = 1; n <= 40; ++n) {
    events.push_back(event(n));
    events.back().payload = cat("\"", std::string(kSizes[n % std::size(kSizes)], 'x'), "\"");
    expected.push_back(id_of(n));
  }
  append(events);
  EXPECT_EQ(ids({{"limit", "100"}}), expected);
  EXPECT_EQ(ids({{"limit", "17"}}), std::vector<std::string>(expected.end() - 17, expected.end()));
}

TEST_F(LogTest, ManyShortRows_AreAllReadBackwardsOnce) {
  append(1, 6000);
  const std::vector<std::string> all = ids({{"limit", "10000"}});
  ASSERT_THAT(all, SizeIs(6000));
  for (std::uint64_t n = 1; n <= all.size(); ++n) ASSERT_EQ(all[n - 1], id_of(n));
}

TEST_F(LogTest, Row_IsHandedOutAsItStands) {
  append_variety();
  const std::string text = get(log_);
  const auto report = log(services_, layout_, filter_of({{"limit", "4"}}).value());
  ASSERT_TRUE(report.ok());
  std::string lines;
  for (const LogRow& row : report->rows) lines += row.line + "\n";
  EXPECT_EQ(lines, text);
  EXPECT_EQ(report->end_bytes, text.size());
  EXPECT_EQ(report->rows[1].source, "tool:git");
  EXPECT_EQ(report->rows[1].type, "tool_call");
  EXPECT_EQ(report->rows[1].payload, "{\"n\":2}");
  EXPECT_EQ(report->rows[3].source, "runtime");
  const json::Value document = to_json(*report);
  EXPECT_EQ(*document.find("events")->as_array()->at(1).find("id")->as_string(), id_of(2));
}

TEST_F(LogTest, BlankLines_AreNoRows) {
  append(1, 2);
  put(log_, cat("\n \n", get(log_), "\n\n"));
  EXPECT_THAT(ids({}), ElementsAre(id_of(1), id_of(2)));
}

TEST_F(LogTest, TornTail_IsNoRow) {
  append(1, 2);
  put(log_, get(log_) + "{\"id\":");
  EXPECT_THAT(ids({}), ElementsAre(id_of(1), id_of(2)));
}

TEST_F(LogTest, LineThatIsNoRow_IsAChainError) {
  append(1, 2);
  put(log_, cat("no row\n", get(log_)));
  EXPECT_EQ(code_of(log(services_, layout_, {})), Code::kChain);
}

TEST_F(LogTest, MissingLedger_IsAPrecondition) {
  ASSERT_TRUE(fs_.remove_file(log_).ok());
  EXPECT_EQ(code_of(log(services_, layout_, {})), Code::kPrecondition);
  EXPECT_EQ(kind_of(log_), fs::Kind::kMissing);
}

class FollowTest : public LogTest {
 protected:
  std::uint64_t end_of_log() { return log(services_, layout_, {})->end_bytes; }
  std::vector<std::string> follow(std::uint64_t& from, const LogFilter& filter = {}) {
    std::vector<std::string> out;
    const auto end = log_since(services_, layout_, filter, from,
                               [&out](const LogRow& row) { out.push_back(row.id); });
    EXPECT_TRUE(end.ok()) << end.error().text();
    if (end.ok()) from = *end;
    return out;
  }
};

TEST_F(FollowTest, NewRows_AreSeenOnceInOrder) {
  append(1, 2);
  std::uint64_t from = end_of_log();
  EXPECT_THAT(follow(from), IsEmpty());
  append(3, 2);
  EXPECT_THAT(follow(from), ElementsAre(id_of(3), id_of(4)));
  EXPECT_THAT(follow(from), IsEmpty());
  EXPECT_EQ(from, get(log_).size());
}

TEST_F(FollowTest, Filter_HoldsForNewRowsToo) {
  std::uint64_t from = end_of_log();
  append_variety();
  EXPECT_THAT(follow(from, filter_of({{"source", "git"}}).value()), ElementsAre(id_of(2)));
  EXPECT_EQ(from, get(log_).size());
}

TEST_F(FollowTest, TornTail_IsPassedOverUntilTheNextWriterMovedIt) {
  append(1, 2);
  put(log_, get(log_) + std::string(5000, '{'));
  std::uint64_t from = end_of_log();
  EXPECT_THAT(follow(from), IsEmpty());
  append(3, 1);
  EXPECT_THAT(follow(from), ElementsAre(id_of(3)));
}

TEST_F(FollowTest, TailThatTearsWhileFollowing_IsWaitedFor) {
  append(1, 1);
  std::uint64_t from = end_of_log();
  append(2, 1);
  put(log_, get(log_) + "{\"id\":");
  EXPECT_THAT(follow(from), ElementsAre(id_of(2)));
  EXPECT_THAT(follow(from), IsEmpty());
  append(3, 1);
  EXPECT_THAT(follow(from), ElementsAre(id_of(3)));
}

class ShowTest : public AppTest {
 protected:
  Error refused(const std::string& id) {
    auto shown = show(services_, layout_, id);
    EXPECT_FALSE(shown.ok()) << id;
    return shown.ok() ? Error{} : shown.error();
  }
};

TEST_F(ShowTest, Event_IsTheRowOfTheLedger) {
  append(1, 5);
  const auto shown = show(services_, layout_, to_lower_ascii(id_of(3)));
  ASSERT_TRUE(shown.ok()) << shown.error().text();
  EXPECT_EQ(shown->kind, "event");
  EXPECT_EQ(shown->id, id_of(3));
  EXPECT_EQ(shown->record.find("payload")->find("n")->as_number()->u, 3U);
  EXPECT_EQ(*to_json(*shown).find("record")->find("id")->as_string(), id_of(3));
}

TEST_F(ShowTest, IdInsideThePayloadOfAnotherRow_IsNotTakenForTheRow) {
  core::Event mention = event(1);
  mention.payload = cat("{\"a\":\"", id_of(2), "\",\"b\":\"", id_of(2), "\"}");
  append({mention});
  EXPECT_EQ(refused(id_of(2)).code, Code::kPrecondition);
  append({event(2), event(3)});
  EXPECT_EQ(show(services_, layout_, id_of(2))->record.find("payload")->find("n")->as_number()->u,
            2U);
  EXPECT_NE(show(services_, layout_, id_of(1))->record.find("payload")->find("a"), nullptr);
}

TEST_F(ShowTest, EventBehindManyBlocks_IsFound) {
  std::vector<core::Event> events;
  for (std::uint64_t n = 1; n <= 5; ++n) {
    events.push_back(event(n));
    events.back().payload = cat("\"", std::string(700'000, 'x'), "\"");
  }
  append(events);
  append(6, 1);
  EXPECT_EQ(show(services_, layout_, id_of(6))->id, id_of(6));
}

TEST_F(ShowTest, RecordOfEveryKind_IsTheRowOfItsTable) {
  fill(1);
  const std::string end = Ulid{3, 1}.text();
  struct Row {
    const char *prefix, *kind, *table, *values;
  };
  constexpr Row kRows[] = {
      {"trc_", "trace", "traces", "2, 'now', NULL, 'x', 'open'"},
      {"epi_", "episode", "episodes", "'t', '[]', 's', '[]', '[]', NULL, '{}', 0.5, 'x', '[1]'"},
      {"mem_", "memory", "memories",
       "'semantic', 'active', 'c', '[]', '[]', '[\"d\"]', '{}', 0.5, 'user', '[]', '[]', 'now',"
       " 'now', NULL, NULL, NULL, NULL, NULL, NULL, NULL"},
      {"prn_", "principle", "principles",
       "'s', 'x', '[]', '[]', '[]', '[]', '[]', 0.5, 0.5, 0.5, '{}', 'now', 'now'"},
      {"doc_", "doctrine", "doctrine", "'p', 'r', 'f', 'w', '{}', 'now', NULL"},
      {"ctx_", "context pack", "context_packs", "'t', '{\"a\":1}', 's', 'now', NULL"},
      {"con_", "contradiction", "contradictions", "'l', 'r', 't', 's', NULL, 'now', 'now'"},
      {"aud_", "audit record", "audit_records", "'o', 't', NULL, 'h', 'r', '{}', '[]', 'now'"},
      {"dcy_", "decay job", "decay_jobs",
       "'episode_compression', 'none', '[]', 'pending', NULL, NULL, 'now', 'now', 'c', 'now'"}};
  for (const Row& row : kRows) {
    const std::string id = row.prefix + end;
    exec(cat("PRAGMA foreign_keys = OFF; INSERT INTO ", row.table, " VALUES ('", id, "', ",
             row.values, ")"));
    const auto shown = show(services_, layout_, id);
    ASSERT_TRUE(shown.ok()) << id << ": " << shown.error().text();
    EXPECT_EQ(shown->kind, row.kind);
    EXPECT_EQ(*shown->record.find("id")->as_string(), id);
  }
  const auto pack = show(services_, layout_, "ctx_" + end);
  EXPECT_EQ(pack->record.find("pack_json")->find("a")->as_number()->u, 1U);
  EXPECT_TRUE(pack->record.find("consumer_advisory_json")->is_null());
}

TEST_F(ShowTest, TextThatIsNoId_IsAUsageError) {
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("evt_"), std::string("evt_1"),
        cat("EVT_", Ulid{1, 1}.text()), cat("xyz_", Ulid{1, 1}.text()), id_of(1) + " "}) {
    EXPECT_EQ(refused(text).code, Code::kUsage) << text;
  }
}

TEST_F(ShowTest, IdThatNamesNothing_IsAPrecondition) {
  append(1, 1);
  const std::string end = Ulid{3, 1}.text();
  EXPECT_EQ(refused("evt_" + end).code, Code::kPrecondition);
  EXPECT_EQ(refused("mem_" + end).code, Code::kPrecondition) << "the store is new";
  mirror();
  EXPECT_EQ(refused("mem_" + end).code, Code::kPrecondition);
  EXPECT_EQ(refused("cor_" + end).code, Code::kPrecondition) << "no table holds these";
  ASSERT_TRUE(fs_.remove_file(log_).ok());
  ASSERT_TRUE(fs_.remove_file(db_).ok());
  EXPECT_EQ(refused("evt_" + end).code, Code::kPrecondition);
  EXPECT_EQ(refused("mem_" + end).code, Code::kPrecondition);
}

}  // namespace
}  // namespace cortex::app
