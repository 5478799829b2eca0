#include "app/context_pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/stored_memories_fixture.h"

namespace cortex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ContextPackTest : public StoredMemoriesTest {
 protected:
  void note(int n, const std::string& claim, const std::string& tags = "[]",
            const std::string& type = "operator_note") {
    put_memory(n, claim, tags, type);
  }
  ContextReport build(const ContextRequest& request) {
    auto report = build_context(services_, layout_, {}, request);
    EXPECT_TRUE(report.ok()) << report.error().text();
    return report.ok() ? std::move(report).value() : ContextReport{};
  }
  // What was known about the memory from that moment on.
  void version(int n, const std::string& known_at, int uses, int epoch) {
    exec(
        cat("INSERT INTO cortex_memory_history (memory_id, event_id, operation, known_at, status,"
            " domains_json, use_count, validation_epoch, other_id, actor, reason) VALUES ('",
            memory_id(n), "', '", known_at, "', 'memory.outcome', '", known_at,
            "', 'active', '[]', ", uses, ", ", epoch, ", '', 'cli', '')"));
    exec(cat("DELETE FROM cortex_memories_untold WHERE memory_id = '", memory_id(n), "'"));
  }
  static std::vector<std::string> ids(const ContextReport& report) {
    std::vector<std::string> out;
    for (const json::Value& ref : *report.pack.find("selected_refs")->as_array()) {
      out.push_back(*ref.find("ref_id")->find("memory_id")->as_string());
    }
    return out;
  }
  static std::uint64_t left_out(const ContextReport& report, std::string_view reason) {
    const json::Value* count =
        report.pack.find("selection_audit")->find("exclusion_counts")->find(reason);
    return count == nullptr ? 0 : count->as_number()->u;
  }
};

TEST_F(ContextPackTest, TheTaskDecidesWhatComesFirst) {
  note(1, "about trains");
  note(2, "about rockets");
  EXPECT_THAT(ids(build({.task = "rockets"})), ElementsAre(memory_id(2), memory_id(1)));
  EXPECT_THAT(ids(build({.task = "rockets", .fuzzy = true})), ElementsAre(memory_id(2)));
}

TEST_F(ContextPackTest, AnySmallBudgetGivesAPackThatSaysWhatIsMissing) {
  for (int n = 1; n <= 20; ++n) note(n, std::string(200, 'x'));
  const ContextReport some = build({.task = "x", .max_tokens = 400});
  EXPECT_GT(ids(some).size(), 0U);
  EXPECT_EQ(ids(some).size() + left_out(some, "token_budget"), 20U);
  EXPECT_TRUE(ids(build({.task = "x", .max_tokens = 1})).empty());
  const auto strict = build_context(services_, layout_, {},
                                    {.task = "x", .max_tokens = 400, .strict_budget = true});
  EXPECT_EQ(strict.error().code, Code::kPrecondition);
  const auto tight =
      build_context(services_, layout_, {}, {.task = "a longer task", .max_tokens = 1});
  EXPECT_EQ(tight.error().code, Code::kPrecondition);
}

TEST_F(ContextPackTest, AStrictBudgetSpeaksOfWhatDoesNotFitAlone) {
  note(1, "fine");
  note(2, "unproven", "[]", "semantic");
  note(3, "secret", "[\"sensitivity:high\"]");
  EXPECT_THAT(ids(build({.task = "x", .strict_budget = true})), ElementsAre(memory_id(1)));
  note(4, std::string(2000, 'x'));
  const auto refused = build_context(services_, layout_, {},
                                     {.task = "x", .max_tokens = 400, .strict_budget = true});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("leaves out 1 memory"));
}

TEST_F(ContextPackTest, WhatMayNotBeUsedTakesNoRoom_HoweverMuchOfItThereIs) {
  constexpr int kUnusable = 300;
  for (int n = 1; n <= kUnusable; ++n) {
    const bool secret = n % 2 == 0;
    note(n, "not for use", secret ? "[\"sensitivity:high\"]" : "[]",
         secret ? "operator_note" : "semantic");
  }
  note(kUnusable + 1, "older, and fine");
  exec(cat("UPDATE memories SET updated_at = '2025-01-01T00:00:00+00:00' WHERE id = '",
           memory_id(kUnusable + 1), "'"));
  const ContextReport report = build({.task = "something else"});
  EXPECT_THAT(ids(report), ElementsAre(memory_id(kUnusable + 1)));
  EXPECT_EQ(left_out(report, "token_budget"), 0U);
  EXPECT_EQ(left_out(report, "other"), 150U);
  EXPECT_EQ(left_out(report, "redaction_policy"), 150U);
}

// The cost of a pack does not grow with what may not be used.
TEST_F(ContextPackTest, BehindVeryManyThatMayNotBeUsedTheOthersAreOnlyCounted) {
  constexpr std::uint64_t kUnusable = 2300, kLookedAtMax = 2048 + 256;
  exec(cat("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= ", kUnusable,
           ") INSERT INTO memories (id, memory_type, status, claim, source_episodes_json,"
           " source_events_json, domains_json, salience_json, confidence, authority,"
           " applies_when_json, does_not_apply_when_json, created_at, updated_at) SELECT"
           " printf('mem_%026d', i), 'operator_note', 'active', 'secret ' || i, '[]', '[]',"
           " '[\"sensitivity:high\"]', '{}', 0.9, 'operator', 'null', 'null',"
           " '2026-03-01T00:00:00+00:00', '2026-03-01T00:00:00+00:00' FROM n"));
  note(1, "older, and fine");
  exec(cat("UPDATE memories SET updated_at = '2025-01-01T00:00:00+00:00' WHERE id = '",
           memory_id(1), "'"));
  ContextRequest asked{.task = "something else"};
  const ContextReport report = build(asked);
  const std::uint64_t looked_at = left_out(report, "redaction_policy");
  EXPECT_LE(looked_at, kLookedAtMax);
  EXPECT_EQ(looked_at + left_out(report, "not_considered"), kUnusable + 1);
  EXPECT_EQ(left_out(report, "token_budget"), 0U);
  asked.strict_budget = true;
  EXPECT_THAT(ids(build(asked)), ElementsAre(memory_id(1)));
}

TEST_F(ContextPackTest, WhatWasMarkedSinceIsWithheldAtAMomentToo) {
  note(1, "about rockets");
  note(2, "the code of the safe is 7234", "[\"sensitivity:high\"]");
  version(2, "2026-01-01T00:00:00+00:00", 0, 0);  // without a tag
  for (const char* task : {"code of the safe", "something else"}) {
    const ContextReport report = build({.task = task, .as_of = "2026-02-01T00:00:00Z"});
    EXPECT_THAT(ids(report), ElementsAre(memory_id(1))) << task;
    EXPECT_EQ(left_out(report, "redaction_policy"), 1U) << task;
    EXPECT_THAT(json::write_compact(report.pack), testing::Not(HasSubstr(memory_id(2)))) << task;
  }
}

TEST_F(ContextPackTest, EveryOmissionHasItsReason) {
  note(1, "fine");
  note(2, "unproven", "[]", "semantic");
  note(3, "left");
  note(4, "right");
  note(5, "secret", "[\"sensitivity:high\"]");
  note(6, "unreadable");
  exec(
      cat("PRAGMA ignore_check_constraints = 1; UPDATE memories SET salience_json = '{' WHERE "
          "id = '",
          memory_id(6), "'; INSERT INTO contradictions VALUES ('con_1', '", memory_id(3), "', '",
          memory_id(4), "', 't', 'unresolved', NULL, 'now', 'now')"));
  const ContextReport report = build({.task = "x"});
  EXPECT_THAT(ids(report), ElementsAre(memory_id(1)));
  EXPECT_EQ(left_out(report, "contradiction"), 2U);
  EXPECT_EQ(left_out(report, "redaction_policy"), 1U);
  EXPECT_EQ(left_out(report, "other"), 2U);
  EXPECT_THAT(json::write_compact(report.pack), testing::Not(HasSubstr(memory_id(5))));
}

TEST_F(ContextPackTest, ASecretIsNotNamedAsTheOtherSideOfAContradiction) {
  note(1, "against a secret");
  note(2, "secret", "[\"sensitivity:high\"]");
  note(3, "against what was one");
  note(4, "rejected secret", "[\"sensitivity:medium\"]");
  note(5, "against an open one");
  note(6, "open");
  for (const auto& [n, m] : {std::pair(1, 2), std::pair(4, 3), std::pair(5, 6)}) {
    exec(cat("INSERT INTO contradictions VALUES ('con_", n, "', '", memory_id(n), "', '",
             memory_id(m),
             "', 't', 'unresolved', NULL, '2026-01-01T00:00:00+00:00',"
             " '2026-01-01T00:00:00+00:00')"));
  }
  exec(cat("UPDATE memories SET status = 'rejected' WHERE id = '", memory_id(4), "'"));
  const std::string external = json::write_compact(build({.task = "x"}).pack);
  EXPECT_THAT(external, HasSubstr("contradicted: open contradiction blocks default use: con_1\""));
  EXPECT_THAT(external, HasSubstr("contradicted: contradiction con_4 references unavailable"
                                  " memory\""));
  EXPECT_THAT(external, HasSubstr(cat("con_5 with ", memory_id(6))));
  EXPECT_THAT(external, testing::Not(HasSubstr(memory_id(2))));
  EXPECT_THAT(external, testing::Not(HasSubstr(memory_id(4))));
}

TEST_F(ContextPackTest, AtAMomentTheOtherSideIsHiddenByItsMarksOfThenAndNow) {
  note(1, "plain");
  note(2, "marked since", "[\"sensitivity:high\"]");
  version(2, "2026-01-01T00:00:00+00:00", 0, 0);  // without a tag
  note(3, "plain, too");
  note(4, "marked then");
  version(4, "2026-01-01T00:00:00+00:00", 0, 0);
  exec(
      cat("UPDATE cortex_memory_history SET domains_json = '[\"sensitivity:high\"]' WHERE"
          " memory_id = '",
          memory_id(4), "'"));
  for (const auto& [n, m] : {std::pair(1, 2), std::pair(3, 4)}) {
    exec(cat("INSERT INTO contradictions VALUES ('con_", n, "', '", memory_id(n), "', '",
             memory_id(m),
             "', 't', 'unresolved', NULL, '2026-01-01T00:00:00+00:00',"
             " '2026-01-01T00:00:00+00:00')"));
  }
  const ContextReport report = build({.task = "x", .as_of = "2026-02-01T00:00:00Z"});
  EXPECT_EQ(left_out(report, "contradiction"), 2U);
  const std::string pack = json::write_compact(report.pack);
  EXPECT_THAT(pack, testing::Not(HasSubstr(memory_id(2))));
  EXPECT_THAT(pack, testing::Not(HasSubstr(memory_id(4))));
}

TEST_F(ContextPackTest, WhatCannotBeReadIsNamedAtAMomentToo) {
  note(1, "fine");
  note(2, "unreadable");
  exec(cat(
      "PRAGMA ignore_check_constraints = 1; UPDATE memories SET salience_json = '{' WHERE id = '",
      memory_id(2), "'"));
  for (const std::string task : {"fine", "something else"}) {
    const ContextReport report = build({.task = task, .as_of = "2030-01-01T00:00:00Z"});
    EXPECT_THAT(ids(report), ElementsAre(memory_id(1))) << task;
    EXPECT_EQ(left_out(report, "other"), 1U) << task;
  }
}

TEST_F(ContextPackTest, UseWithoutValidationIsThatOfTheMoment) {
  note(1, "about rockets");
  version(1, "2026-01-01T00:00:00+00:00", 0, 0);
  version(1, "2026-02-01T00:00:00+00:00", 9, 0);
  version(1, "2026-03-01T00:00:00+00:00", 9, 1);
  exec("UPDATE memories SET cross_session_use_count = 9, validation_epoch = 1");
  const std::pair<const char*, bool> moments[] = {{"2026-01-15T00:00:00Z", false},
                                                  {"2026-02-15T00:00:00Z", true},
                                                  {"2026-03-15T00:00:00Z", false}};
  for (const char* task : {"rockets", "something else"}) {
    for (const auto& [moment, flagged] : moments) {
      const ContextReport report = build({.task = task, .as_of = moment});
      ASSERT_THAT(ids(report), ElementsAre(memory_id(1))) << task << moment;
      EXPECT_EQ(json::write_compact(report.pack).find("contains_cross_session_unvalidated") !=
                    std::string::npos,
                flagged)
          << task << moment;
    }
  }
}

TEST_F(ContextPackTest, AtAMomentTheRestIsCountedToo) {
  constexpr std::uint64_t kMemories = 800;
  constexpr int kErased = 9;
  for (int n = 0; n < static_cast<int>(kMemories); ++n) note(n, std::string(200, 'x'));
  note(static_cast<int>(kMemories), "[erased]");
  // One that is known from a row of its history, and one that was not known yet.
  version(kErased, "2026-01-02T00:00:00+00:00", 0, 0);
  exec(cat("UPDATE memories SET claim = '[erased]' WHERE id = '", memory_id(kErased), "'"));
  note(static_cast<int>(kMemories) + 1, "later");
  exec(cat("UPDATE memories SET created_at = '2026-06-01T00:00:00+00:00' WHERE id = '",
           memory_id(static_cast<int>(kMemories) + 1), "'"));
  const std::string moment = "2026-05-01T00:00:00Z";
  for (const std::uint64_t budget : {400U, 1'000'000U}) {
    const ContextReport report =
        build({.task = "nothing like it", .max_tokens = budget, .as_of = moment});
    EXPECT_EQ(ids(report).size() + left_out(report, "token_budget"), kMemories - 1) << budget;
    EXPECT_EQ(left_out(report, "token_budget") == 0, budget > 400) << budget;
  }
}

TEST_F(ContextPackTest, EqualInputGivesEqualPacksButForTheId) {
  for (int n = 1; n <= 9; ++n) note(n, cat("fact ", n));
  ContextReport a = build({.task = "fact"}), b = build({.task = "fact"});
  EXPECT_NE(a.context_pack_id, b.context_pack_id);
  a.pack.as_object()->erase("context_pack_id");
  b.pack.as_object()->erase("context_pack_id");
  EXPECT_EQ(json::write_compact(a.pack), json::write_compact(b.pack));
}

TEST_F(ContextPackTest, ThePackIsKeptWithoutItsClaims) {
  note(1, "a private thing");
  const ContextReport report = build({.task = "x"});
  EXPECT_TRUE(report.persisted) << report.note;
  sqlite::Connection db = connect();
  const std::string kept = db.query_text(cat("SELECT pack_json FROM context_packs WHERE id = '",
                                             report.context_pack_id, "'"))
                               .value();
  EXPECT_THAT(kept, HasSubstr(memory_id(1)));
  EXPECT_THAT(kept, testing::Not(HasSubstr("private")));
  EXPECT_THAT(get(layout_.event_log_path), HasSubstr("context.build"));
  EXPECT_FALSE(build({.task = "x", .persist = false}).persisted);
  EXPECT_FALSE(build({.task = "x", .compatible = true}).persisted);
  EXPECT_EQ(count("context_packs"), 1);
}

TEST_F(ContextPackTest, ATaskIsKeptWithoutItsSecrets) {
  const std::string secret = cat("ghp_", std::string(36, 'a'));
  const ContextReport report = build({.task = cat("push with ", secret)});
  EXPECT_TRUE(report.persisted) << report.note;
  EXPECT_EQ(*report.pack.find_text("task"), cat("push with ", secret)) << "to the caller only";
  EXPECT_EQ(connect().query_text("SELECT task FROM context_packs").value(),
            "push with [redacted:github_token]");
  EXPECT_THAT(get(layout_.event_log_path), testing::Not(HasSubstr(secret)));
  const ContextReport refused = build({.task = "-----BEGIN RSA PRIVATE KEY-----"});
  EXPECT_FALSE(refused.persisted);
  EXPECT_THAT(refused.note, HasSubstr("was not kept"));
}

TEST_F(ContextPackTest, BlankTasksAndEmptyBudgetsAreUsageErrors) {
  EXPECT_EQ(build_context(services_, layout_, {}, {.task = " "}).error().code, Code::kUsage);
  EXPECT_EQ(build_context(services_, layout_, {}, {.task = "x", .max_tokens = 0}).error().code,
            Code::kUsage);
}

}  // namespace
}  // namespace cortex::app
