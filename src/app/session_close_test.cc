#include "app/session_close.h"

#include <algorithm>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/mirror_fixture.h"
#include "app/trace_events.h"
#include "core/ids.h"
#include "reflect/prompt.h"
#include "store/memories.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kCloseTrace = "trc_01ARZ3NDEKTSV4RRFFQ69G5FAV";

class FakeModel final : public llm::Model {
 public:
  explicit FakeModel(std::string text) : text_(std::move(text)) {}
  std::string_view adapter_id() const override { return "fake"; }
  Result<llm::Response> complete(const llm::Request&) override {
    llm::Response out;
    out.text = text_;
    out.model = "m";
    out.raw_hash = crypto::blake3_hex(text_);
    return out;
  }

 private:
  std::string text_;
};

class SessionCloseTest : public AppTest {
 protected:
  static core::Event said(std::uint64_t n, core::SourceType source, std::string_view text) {
    core::Event out = event(n);
    out.trace_id = *core::parse_id(core::IdKind::kTrace, kCloseTrace);
    out.source.type = source;
    if (source == core::SourceType::kTool) out.source.name = "probe";
    if (source == core::SourceType::kChildAgent) out.source.name = "m";
    out.type = core::EventType::kAgentResponse;
    out.payload = json::write_compact(json::Object{{"text", text}});
    return out;
  }
  // One episode of event 1, one memory of it.
  static std::string reflection(const std::string& memory_type = "semantic",
                                const std::string& event_id = id_of(1),
                                const std::string& contradictions = "") {
    return cat("{\"trace_id\":\"", kCloseTrace,
               "\",\"episode_candidates\":[{\"summary\":\"s\","
               "\"source_event_ids\":[\"",
               event_id,
               "\"],\"domains\":[\"build\"],"
               "\"entities\":[],\"confidence\":0.9}],\"memory_candidates\":[{\"memory_type\":\"",
               memory_type,
               "\",\"claim\":\"the build is green\",\"source_episode_indexes\":[0],"
               "\"applies_when\":[],\"does_not_apply_when\":[],\"confidence\":0.8,"
               "\"initial_salience\":{\"reusability\":0.5,\"consequence\":0.30000000000000004,"
               "\"emotional_charge\":0.0}}],\"contradictions\":[",
               contradictions, "],\"doctrine_suggestions\":[\"keep the build green\"]}");
  }
  CloseReport close(const std::string& answer, Proposed proposed = Proposed::kActive) {
    CloseRequest request{.events = path_, .layout = layout_, .proposed = proposed};
    request.proposer.open = [answer]() -> Result<std::unique_ptr<llm::Model>> {
      return std::unique_ptr<llm::Model>(std::make_unique<FakeModel>(answer));
    };
    request.proposer.ask = [](sqlite::Connection&, const std::string& trace) {
      return Result<llm::Request>(reflect::close_request(trace));
    };
    return close_session(services_, request);
  }
  std::vector<store::Memory> memories() {
    sqlite::Connection db = connect();
    return store::page_of_memories(db, {}).value().rows;
  }
  void expect_accounted() {
    for (const auto& [table, rows] : unaccounted_rows(services_, log_, connect())) {
      EXPECT_EQ(rows, 0U) << table;
    }
  }
  std::string path_ = session_file(
      session_of({said(1, core::SourceType::kTool, "all tests passed"),
                  said(2, core::SourceType::kChildAgent, "We decided to keep SQLite.")}));
};

TEST_F(SessionCloseTest, WhatIsProposedBecomesMemories_AndTheLedgerAccountsForAll) {
  const CloseReport report = close(reflection());
  ASSERT_FALSE(report.failure) << report.failure->text();
  ASSERT_FALSE(report.quarantine) << report.quarantine->detail;
  EXPECT_EQ(report.appended, 2U);
  EXPECT_EQ(report.embedded, 1U);
  EXPECT_EQ(report.episodes, 1U);
  EXPECT_EQ(report.principles, 1U);
  ASSERT_THAT(memories(), SizeIs(1));
  EXPECT_EQ(memories()[0].status, "active");
  EXPECT_EQ(memories()[0].claim, "the build is green");
  EXPECT_EQ(json::write_compact(memories()[0].source_events), cat("[\"", id_of(1), "\"]"));
  EXPECT_EQ(count("events"), 3);
  expect_accounted();
}

// Nothing is to be kept of a session without a trace, and still the store is needed.
TEST_F(SessionCloseTest, AStoreThatCannotBeUsed_IsNoSuccess_AndTheEventsStay) {
  path_ = session(1, 2);
  ASSERT_FALSE(close("").failure);
  exec("DROP TABLE contradictions");
  const CloseReport shape = close("");
  ASSERT_TRUE(shape.failure);
  EXPECT_EQ(shape.failure->token, kCloseReflectFailed);
  EXPECT_EQ(shape.failure->code, Code::kSchema);
  put(db_, std::string(8192, 'x'));
  const CloseReport unreadable = close("");
  ASSERT_TRUE(unreadable.failure);
  EXPECT_EQ(unreadable.failure->token, kCloseReflectFailed);
  EXPECT_EQ(unreadable.failure->code, Code::kInternal);
  EXPECT_EQ(unreadable.skipped, 2U) << "the first close put them into the ledger";
}

TEST_F(SessionCloseTest, ClosingAgainChangesNothing) {
  ASSERT_FALSE(close(reflection()).failure);
  const std::string before = get(log_);
  const CloseReport again = close(reflection());
  EXPECT_EQ(again.skipped, 2U);
  EXPECT_EQ(again.already_existed, 1U);
  EXPECT_THAT(again.memory_ids, IsEmpty());
  EXPECT_EQ(get(log_), before);
}

// The store has what the write gate made of a claim, and that is what a later answer is held to.
TEST_F(SessionCloseTest, ClosingAgainChangesNothing_WhenTheGateChangedTheClaim) {
  std::string answer = reflection();
  const std::string claim = "the build is green";
  answer.replace(answer.find(claim), claim.size(), "the token is ghp_" + std::string(36, 'a'));
  ASSERT_FALSE(close(answer).failure);
  ASSERT_THAT(memories(), SizeIs(1));
  EXPECT_THAT(memories()[0].claim, HasSubstr("the token is [redacted:"));
  const std::string before = get(log_);
  const CloseReport again = close(answer);
  EXPECT_EQ(again.already_existed, 1U);
  EXPECT_THAT(again.memory_ids, IsEmpty());
  EXPECT_EQ(get(log_), before);
}

TEST_F(SessionCloseTest, TheSameSuggestionTwiceIsOnePrinciple) {
  std::string answer = reflection();
  const std::string one = "[\"keep the build green\"";
  answer.replace(answer.find(one), one.size(),
                 one + ",{\"rule\":\" keep the build green\"},\"keep it small\"");
  EXPECT_EQ(close(answer).principles, 2U);
  EXPECT_EQ(count("principles"), 2);
  expect_accounted();
}

TEST_F(SessionCloseTest, AgentsLeaveMemoriesPending) {
  ASSERT_FALSE(close(reflection(), Proposed::kPending).failure);
  EXPECT_EQ(memories()[0].status, "pending_mcp_commit");
}

TEST_F(SessionCloseTest, HostileAnswersAdmitNothing_AndLeaveOneAuditRecord) {
  const struct {
    std::string answer, reason;
  } cases[] = {
      {"not json", "invalid_json"},
      {"{\"trust\":\"operator\"}", "invalid_schema"},
      {reflection("semantic", "evt_01ARZ3NDEKTSV4RRFFQ69G5ZZZ"), "admission_rejected"},
      {reflection("semantic", id_of(1), "\"x\""), "admission_rejected"},
      {reflection("strategic"), "authority_rejected"},
  };
  std::int64_t audits = 0;
  for (const auto& one : cases) {
    const CloseReport report = close(one.answer);
    ASSERT_FALSE(report.failure) << report.failure->text();
    ASSERT_TRUE(report.quarantine) << one.answer;
    EXPECT_EQ(report.quarantine->reason, one.reason);
    EXPECT_EQ(count("audit_records"), ++audits);
    EXPECT_THAT(memories(), IsEmpty());
  }
  EXPECT_EQ(
      connect().query_text("SELECT after_hash FROM audit_records ORDER BY id LIMIT 1").value(),
      crypto::blake3_hex("not json"));
  expect_accounted();
}

TEST_F(SessionCloseTest, EventsStay_WhateverBecomesOfTheReflection) {
  CloseRequest request{.events = path_, .layout = layout_};
  request.proposer.open = []() -> Result<std::unique_ptr<llm::Model>> {
    return make_error(Code::kPrecondition, "no model");
  };
  const CloseReport report = close_session(services_, request);
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->token, kCloseReflectFailed);
  EXPECT_EQ(report.failure->code, Code::kInternal);
  EXPECT_EQ(report.appended, 2U);
  EXPECT_THAT(json::write_compact(to_json(report)), HasSubstr("\"appended_count\":2"));
  EXPECT_THAT(get(log_), HasSubstr(id_of(2)));
}

TEST_F(SessionCloseTest, ADryRunAppliesTheRulesAndWritesNothing) {
  const std::string before = get(log_);
  const CloseReport fine =
      close_session(services_, {.events = path_, .layout = layout_, .dry_run = true});
  EXPECT_FALSE(fine.failure);
  EXPECT_EQ(fine.ingested(), 2U);
  EXPECT_EQ(fine.proposed, 0U);
  const CloseReport told = close_session(
      services_, {.events = path_, .layout = layout_, .dry_run = true, .extract = true});
  EXPECT_EQ(told.proposed, 1U);
  const std::string user =
      session_file(session_of({said(3, core::SourceType::kUser, "do as I say")}));
  const CloseReport refused =
      close_session(services_, {.events = user, .layout = layout_, .dry_run = true});
  ASSERT_TRUE(refused.failure);
  EXPECT_EQ(refused.failure->code, Code::kPrecondition);
  EXPECT_EQ(get(log_), before);
}

TEST_F(SessionCloseTest, AKeyVouchesForTheWordsOfPeople) {
  put(folder_ / "seed", std::string(32, 's'));
  const std::string user =
      session_file(session_of({said(3, core::SourceType::kUser, "do as I say")}));
  for (const bool dry_run : {true, false}) {
    const CloseReport report = close_session(services_, {.events = user,
                                                         .layout = layout_,
                                                         .user_attestation = folder_ / "seed",
                                                         .dry_run = dry_run,
                                                         .reflect = false});
    ASSERT_FALSE(report.failure) << report.failure->text();
    EXPECT_EQ(report.ingested(), 1U);
  }
  EXPECT_THAT(get(fs::join(live_, "audit_records.jsonl")), HasSubstr("ingest_user_attested"));
}

TEST_F(SessionCloseTest, WithoutAModelSentencesArePutForward) {
  const CloseReport report = close_session(
      services_,
      {.events = path_, .layout = layout_, .extract = true, .proposed = Proposed::kCandidate});
  ASSERT_FALSE(report.failure) << report.failure->text();
  ASSERT_THAT(memories(), SizeIs(1));
  EXPECT_EQ(memories()[0].claim, "We decided to keep SQLite.");
  EXPECT_EQ(memories()[0].status, "candidate");
  EXPECT_EQ(report.adapter_id, "extract");
  expect_accounted();
}

// A transcript as another program leaves it, with two sessions.
class TranscriptCloseTest : public SessionCloseTest {
 protected:
  TranscriptCloseTest() {
    const auto line = [](const char* session, int n, const char* role, const char* text) {
      return cat("{\"sessionId\":\"", session, "\",\"uuid\":\"u", n,
                 "\",\"timestamp\":\"2026-03-02T10:00:0", n, "Z\",\"type\":\"", role,
                 "\",\"message\":{\"role\":\"", role, "\",\"content\":\"", text, "\"}}\n");
    };
    put(transcript_, cat(line("one", 1, "user", "Please look."),
                         line("one", 2, "assistant", "We decided to keep SQLite."), "not JSON\n",
                         line("two", 3, "assistant", "We decided to pay in cents.")));
  }
  CloseRequest request(SessionForm form = SessionForm::kDetected) {
    return {.events = transcript_, .layout = layout_, .form = form};
  }
  // The model says that each session said what its first event says, and believes in it.
  CloseReport close_live(CloseRequest asked) {
    const auto answer = std::make_shared<std::string>();
    asked.proposer.open = [this, answer]() -> Result<std::unique_ptr<llm::Model>> {
      ++opened_;
      return std::unique_ptr<llm::Model>(std::make_unique<SharedModel>(answer));
    };
    asked.proposer.ask = [this, answer](sqlite::Connection& db,
                                        const std::string& trace) -> Result<llm::Request> {
      if (++asked_ == fails_at_) return make_error(Code::kPrecondition, "nobody is there");
      CORTEX_ASSIGN(const auto events, events_of_trace(db, trace));
      std::string text = reflection("semantic", events.front().id);
      text.replace(text.find(kCloseTrace), trace.size(), trace);
      for (const std::string_view claim : {"the build is green", "keep the build green"}) {
        text.replace(text.find(claim), claim.size(), reflect::text_of(events.front().payload));
      }
      *answer = asked_ <= refused_ ? "not json" : text;
      return reflect::close_request(trace);
    };
    return close_session(services_, asked);
  }
  std::vector<std::string> claims() {
    std::vector<std::string> out;
    for (const store::Memory& memory : memories()) out.push_back(memory.claim);
    std::ranges::sort(out);
    return out;
  }

  class SharedModel final : public llm::Model {
   public:
    explicit SharedModel(std::shared_ptr<std::string> text) : text_(std::move(text)) {}
    std::string_view adapter_id() const override { return "fake"; }
    Result<llm::Response> complete(const llm::Request& asked) override {
      return FakeModel(*text_).complete(asked);
    }

   private:
    std::shared_ptr<std::string> text_;
  };
  const std::string transcript_ = folder_ / "t.jsonl";
  int opened_ = 0, asked_ = 0;
  int fails_at_ = 0;  // this question is not answered
  int refused_ = 0;   // so many first answers are none
};

TEST_F(TranscriptCloseTest, ItsSessionsAreReflectedUponOneByOne_AndClosingAgainChangesNothing) {
  const CloseReport report = close_live(request());
  ASSERT_FALSE(report.failure) << report.failure->text();
  EXPECT_EQ(report.format, "claude-code");
  EXPECT_EQ(report.sessions, 2U);  // the line that is no JSON stands in none
  EXPECT_EQ(report.user_lines_skipped, 1U);
  EXPECT_EQ(report.appended, 3U);
  EXPECT_EQ(report.proposed, 2U);
  EXPECT_FALSE(report.quarantine);
  EXPECT_EQ(opened_, 1);
  EXPECT_EQ(report.principles, 2U);
  // Each by the memory of its own session.
  EXPECT_EQ(count("principles WHERE json_array_length(supporting_memories_json) = 1"), 2);
  EXPECT_EQ(claims(), (std::vector<std::string>{"We decided to keep SQLite.",
                                                "We decided to pay in cents."}));
  expect_accounted();
  const std::string before = get(log_);
  const CloseReport again = close_live(request());
  EXPECT_EQ(again.appended, 0U);
  EXPECT_EQ(again.skipped, 3U);
  EXPECT_EQ(again.already_existed, 2U);
  EXPECT_EQ(get(log_), before);
}

TEST_F(TranscriptCloseTest, WordsOfPeopleMayBeMarked) {
  CloseRequest marked = request();
  marked.mark_user_lines = true;
  marked.reflect = false;
  EXPECT_EQ(close_session(services_, marked).appended, 4U);
}

TEST_F(TranscriptCloseTest, AKeyVouchesForThem) {
  put(folder_ / "seed", std::string(32, 's'));
  CloseRequest attested = request();
  attested.user_attestation = folder_ / "seed";
  attested.reflect = false;
  const CloseReport report = close_session(services_, attested);
  ASSERT_FALSE(report.failure) << report.failure->text();
  EXPECT_EQ(report.appended, 4U);
  EXPECT_NE(get(fs::join(live_, "audit_records.jsonl")).find("ingest_user_attested"),
            std::string::npos);
}

TEST_F(TranscriptCloseTest, WhatWasKeptBeforeAFailureIsToldAndHasVectors) {
  fails_at_ = 2;
  const CloseReport report = close_live(request());
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->token, kCloseReflectFailed);
  EXPECT_EQ(report.failure->unchanged, "the events and what was kept before it stay");
  ASSERT_THAT(memories(), SizeIs(1));
  EXPECT_EQ(report.memory_ids, std::vector<std::string>{memories()[0].id});
  EXPECT_EQ(report.embedded, 1U);
  EXPECT_EQ(count("memory_embeddings"), 1);
  EXPECT_THAT(json::write_compact(to_json(report)),
              HasSubstr(cat("\"kept_memory_ids\":[\"", memories()[0].id, "\"]")));
  // It goes on from there.
  fails_at_ = 0;
  const CloseReport again = close_live(request());
  EXPECT_EQ(again.already_existed, 1U);
  EXPECT_THAT(again.memory_ids, SizeIs(1));
  expect_accounted();
}

TEST_F(TranscriptCloseTest, EverySessionOfWhichNothingIsKeptIsCounted) {
  refused_ = 2;
  const CloseReport report = close_live(request());
  ASSERT_FALSE(report.failure) << report.failure->text();
  ASSERT_TRUE(report.quarantine);
  EXPECT_EQ(report.quarantined, 2U);
  EXPECT_EQ(count("audit_records"), 2);
  EXPECT_THAT(json::write_compact(to_json(report)), HasSubstr("\"quarantined_count\":2"));
  asked_ = 0;
  refused_ = 1;
  const CloseReport half = close_live(request());
  EXPECT_EQ(half.quarantined, 1U);
  EXPECT_THAT(half.memory_ids, SizeIs(1));
}

TEST_F(TranscriptCloseTest, SecretsThatAreTakenOutAreTold) {
  put(transcript_,
      cat("{\"role\":\"assistant\",\"content\":\"It is ghp_", std::string(36, 'a'), ".\"}\n"));
  CloseRequest silent = request();
  silent.reflect = false;
  const CloseReport report = close_session(services_, silent);
  ASSERT_FALSE(report.failure) << report.failure->text();
  EXPECT_EQ(report.redactions, (memory::Redactions{{"github_token", 1}}));
  EXPECT_THAT(json::write_compact(to_json(report)),
              HasSubstr("\"redacted_count\":1,\"redactions\":{\"github_token\":1}"));
}

TEST_F(TranscriptCloseTest, AFolderIsRefusedBeforeAnythingIsWritten) {
  const std::string empty = folder_ / "empty", full = folder_ / "full";
  ASSERT_TRUE(fs_.make_directory(empty, 0700).ok() && fs_.make_directory(full, 0700).ok());
  put(fs::join(full, "t.jsonl"), get(transcript_));
  for (const std::string& path : {empty, full}) {
    for (const SessionForm form :
         {SessionForm::kTranscript, SessionForm::kDetected, SessionForm::kSession}) {
      CloseRequest folder = request(form);
      folder.events = path;
      folder.format = transcript::Format::kClaudeCode;
      const CloseReport report = close_session(services_, folder);
      ASSERT_TRUE(report.failure) << path;
      EXPECT_EQ(report.failure->code, Code::kPrecondition);
      EXPECT_EQ(report.failure->token, kCloseIngestFailed);
      EXPECT_EQ(get(log_), "");
    }
  }
}

TEST_F(TranscriptCloseTest, MemoriesOfOtherProgramsAreReferredToTheImport) {
  put(transcript_,
      "{\"type\":\"entity\",\"name\":\"a\",\"entityType\":\"t\",\"observations\":[\"o\"]}\n"
      "{\"type\":\"entity\",\"name\":\"b\",\"entityType\":\"t\",\"observations\":[\"o\"]}\n");
  const CloseReport report = close_session(services_, request());
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->code, Code::kPrecondition);
  EXPECT_THAT(report.failure->next, HasSubstr("cortex session import"));
}

// What is heard is what the file says, not as much of it as the store gives back.
TEST_F(TranscriptCloseTest, SentencesAreHeardHoweverManyFollow) {
  std::string text = "{\"role\":\"assistant\",\"content\":\"We decided to keep SQLite.\"}\n";
  for (std::size_t i = 0; i < kTraceEventsMax; ++i) {
    text += cat("{\"role\":\"assistant\",\"content\":\"Step ", i, ".\"}\n");
  }
  put(transcript_, text);
  CloseRequest extract = request();
  extract.extract = true;
  EXPECT_EQ(close_session(services_, extract).proposed, 1U);
  EXPECT_EQ(claims(), std::vector<std::string>{"We decided to keep SQLite."});
}

TEST_F(TranscriptCloseTest, WithoutAModelSentencesArePutForward) {
  CloseRequest extract = request(SessionForm::kTranscript);
  extract.format = transcript::Format::kClaudeCode;
  extract.extract = true;
  extract.proposed = Proposed::kCandidate;
  extract.dry_run = true;
  EXPECT_EQ(close_session(services_, extract).proposed, 2U);
  EXPECT_EQ(get(log_), "");
  extract.dry_run = false;
  const CloseReport report = close_session(services_, extract);
  for (const store::Memory& memory : memories()) {
    EXPECT_EQ(memory.tags(), (std::vector<std::string>{"decision", "claude-code"}));
  }
  ASSERT_FALSE(report.failure) << report.failure->text();
  EXPECT_EQ(claims(), (std::vector<std::string>{"We decided to keep SQLite.",
                                                "We decided to pay in cents."}));
  expect_accounted();
}

TEST_F(TranscriptCloseTest, ADryRunCountsAndWritesNothing_AndAFileNamedASessionIsNoTranscript) {
  CloseRequest dry = request();
  dry.dry_run = true;
  EXPECT_EQ(close_session(services_, dry).ingested(), 3U);
  const CloseReport refused = close_session(services_, request(SessionForm::kSession));
  ASSERT_TRUE(refused.failure);
  EXPECT_EQ(refused.failure->code, Code::kPrecondition);
  EXPECT_EQ(refused.failure->token, kCloseIngestFailed);
  EXPECT_EQ(get(log_), "");
}

}  // namespace
}  // namespace cortex::app
