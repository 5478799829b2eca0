#include "app/decay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/decay_attest.h"
#include "app/memory_lifecycle.h"
#include "app/memory_note.h"
#include "app/mirror_fixture.h"
#include "app/summary_models.h"
#include "base/fs/folder_syncs.h"
#include "crypto/ed25519.h"
#include "crypto/key_file.h"
#include "llm/sensitivity.h"
#include "net/http_fixture.h"

namespace cortex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class DecayUseTest : public AppTest {
 protected:
  std::string note(const std::string& claim, const std::string& tag = "d") {
    const auto noted = app::note(services_, layout_, {}, {.claim = claim, .domains = {tag}});
    EXPECT_TRUE(noted.ok()) << noted.error().text();
    return noted->memory_id;
  }
  DecayScheduleReport schedule(const DecayScheduleRequest& request) {
    const auto report = schedule_decay(services_, layout_, request);
    EXPECT_TRUE(report.ok()) << report.error().text();
    return *report;
  }
  std::string status_of(const std::string& id) {
    return connect().query_text(cat("SELECT status FROM memories WHERE id = '", id, "'")).value();
  }
  void expect_accounted(std::uint64_t unaccounted = 0) {
    std::uint64_t foreign = 0;
    for (const auto& [table, rows] : unaccounted_rows(services_, log_, connect())) foreign += rows;
    EXPECT_EQ(foreign, unaccounted);
  }
  std::string attestation(const std::string& job, const std::string& model,
                          const std::string& pin = "blake3:00") {
    const crypto::SigningKey key(crypto::Seed{7});
    SummaryAttestation made{.key_hex = key.key_id(),
                            .key_id = "k",
                            .signed_at = "2026-01-01T00:00:00Z",
                            .job_id = job,
                            .model_name = model,
                            .prompt_template = pin};
    const json::Object file{
        {"schema_version", 1},
        {"purpose", "cortex.decay.llm_summary"},
        {"operator_verifying_key_hex", made.key_hex},
        {"operator_key_id", made.key_id},
        {"signed_at", made.signed_at},
        {"decay_job_id", made.job_id},
        {"model_name", made.model_name},
        {"prompt_template_blake3", made.prompt_template},
        {"signature_hex", to_hex(key.sign(summary_attestation_preimage(made)))}};
    const std::string path = folder_ / "attestation.json";
    put(path, json::write_compact(file));
    return path;
  }
};

class FakeBackend final : public SummaryBackend {
 public:
  explicit FakeBackend(std::function<Result<SummaryAnswer>()> answer)
      : answer_(std::move(answer)) {}
  Result<SummaryAnswer> summarize(const SummaryRequest& request) override {
    asked = request;
    return answer_();
  }
  SummaryRequest asked;

 private:
  std::function<Result<SummaryAnswer>()> answer_;
};

TEST_F(DecayUseTest, ASummaryTakesThePlaceOfItsSources_AndTheLedgerAccountsForAll) {
  const std::string one = note("the first thing"), two = note("another matter entirely");
  const auto job = schedule({.source_ids = {{one, two, one}}, .supersede = true}).job;
  EXPECT_THAT(job.source_ids, ElementsAre(one, two));
  const auto run = run_decay(services_, layout_, {.next_pending = true});
  ASSERT_TRUE(run.ok()) << run.error().text();
  EXPECT_FALSE(run->failure);
  EXPECT_THAT(run->retired, ElementsAre(one, two));
  EXPECT_EQ(status_of(one), "superseded");
  EXPECT_EQ(status_of(*run->job.result_memory_id), "active");
  EXPECT_THAT(decay_status(services_, layout_, job.id)->superseded.memories, SizeIs(2));
  EXPECT_EQ(connect()
                .query_text("SELECT group_concat(operation, ' ') FROM (SELECT operation FROM"
                            " audit_records ORDER BY id)")
                .value(),
            "decay.schedule decay.complete");
  expect_accounted();
  // What was retired can be brought back.
  const auto back = restore_memory(services_, layout_, {}, one, "", store::ProofDepth::kHashes);
  ASSERT_TRUE(back.ok()) << back.error().text();
  EXPECT_EQ(status_of(one), "active");
  expect_accounted();
}

// A backend that cannot be used is no answer to a question about jobs.
TEST_F(DecayUseTest, ABackendThatCannotBeUsed_IsToldOnceTheJobIsKnown) {
  DecayRunRequest request{.next_pending = true,
                          .backend_refused = make_error(Code::kPrecondition, "no such fixture")};
  const auto refused = [&] { return run_decay(services_, layout_, request).error(); };
  const auto named = [&](const std::string& id) {
    return run_decay(services_, layout_, {.job_id = id, .backend_refused = request.backend_refused})
        .error();
  };
  const std::string one = note("the first thing");
  EXPECT_EQ(refused().token, "decay.run.no_pending_jobs");
  EXPECT_EQ(named("dcy_X").code, Code::kUsage);
  EXPECT_EQ(named("dcy_01JM0000000000000000000ZZZ").token, "decay.job_not_found");
  const auto asks_a_model =
      schedule({.method = memory::SummaryMethod::kModel, .source_ids = {{one}}, .attested = true})
          .job;
  EXPECT_EQ(named(asks_a_model.id).token, "decay.run.operator_attestation_required_for_llm");
  const auto plain = schedule({.source_ids = {{one}}}).job;
  EXPECT_EQ(refused().message, "no such fixture") << "whatever the method of the job";
  EXPECT_EQ(decay_status(services_, layout_, plain.id)->job.state, "pending");
}

TEST_F(DecayUseTest, WhoAsksIsJudgedAfterWhatIsAskedFor) {
  const std::string one = note("the first thing");
  const auto refused = [&](const DecayScheduleRequest& request) {
    return schedule_decay(services_, layout_, request).error().code;
  };
  EXPECT_EQ(refused({.source_ids = {{"mem_X"}}, .created_by = " "}), Code::kUsage);
  EXPECT_EQ(refused({.source_ids = {{one}}, .created_by = " "}), Code::kInternal);
}

TEST_F(DecayUseTest, WhoAsksAndWhyNot_PassTheWriteGate) {
  const std::string secret = cat("ghp_", std::string(36, 'a'));
  const std::string one = note("the first thing");
  const auto job = schedule({.source_ids = {{one}}, .created_by = cat("key ", secret)}).job;
  const auto done = cancel_decay(services_, layout_, job.id, cat("it is ", secret), {});
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(done->reason, "it is [redacted:github_token]");
  EXPECT_THAT(get(log_), testing::Not(HasSubstr(secret)));
}

// What an agent noted is not a person's word because a summary says it again.
TEST_F(DecayUseTest, ASummaryOfWhatAnAgentNoted_SpeaksAsTheAgent) {
  const std::string one = note("the first thing");
  const auto noted = app::note(services_, layout_, {.caller = {.actor = "agent"}},
                               {.claim = "another matter entirely", .domains = {"d"}});
  ASSERT_TRUE(noted.ok()) << noted.error().text();
  const std::string ids[] = {one, noted->memory_id};
  for (const std::size_t first : {0U, 1U}) {
    const auto job = schedule({.source_ids = {{ids[first], ids[1 - first]}}}).job;
    const auto run = run_decay(services_, layout_, {.next_pending = true});
    ASSERT_TRUE(run.ok() && run->job.result_memory_id);
    EXPECT_EQ(connect()
                  .query_text(cat("SELECT authority FROM memories WHERE id = '",
                                  *run->job.result_memory_id, "'"))
                  .value(),
              "agent");
  }
  expect_accounted();
}

// As text, the year 10000 comes before today: such a job would be due at once.
TEST_F(DecayUseTest, AJobForAYearThatCannotBeKept_IsRefused) {
  DecayScheduleRequest request{.source_ids = {{note("the first thing")}}};
  request.scheduled_for = "+10000-01-01T00:00:00Z";
  const std::string before = get(log_);
  const auto made = schedule_decay(services_, layout_, request);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, Code::kUsage);
  EXPECT_EQ(get(log_), before);
}

TEST_F(DecayUseTest, SourcesStay_UnlessAskedForAndFit) {
  const std::string one = note("the first thing"), two = note("another matter entirely");
  schedule({.source_ids = {{one, two}}});
  ASSERT_TRUE(run_decay(services_, layout_, {.next_pending = true}).ok());
  EXPECT_EQ(status_of(one), "active");
  ASSERT_TRUE(reject_memory(services_, layout_, {}, two, "wrong").ok());
  schedule({.source_ids = {{one, two}}, .supersede = true});
  const auto run = run_decay(services_, layout_, {.next_pending = true});
  EXPECT_THAT(run->retired, IsEmpty());
  EXPECT_THAT(run->note, HasSubstr("not all active"));
  EXPECT_EQ(status_of(one), "active");
  expect_accounted();
}

TEST_F(DecayUseTest, FadingMemoriesChooseThemselves) {
  const std::string one = note("the first thing"), two = note("another matter entirely");
  const DecayScheduleRequest request{.fading = FadingChoice{.older_than_days = 30}};
  const auto young = schedule_decay(services_, layout_, request);
  ASSERT_FALSE(young.ok());
  EXPECT_EQ(young.error().token, "decay.schedule.nothing_fades");
  clock_.time.seconds += 31 * 86'400;
  note("a young one of today");
  EXPECT_THAT(schedule(request).job.source_ids, ElementsAre(one, two));
  EXPECT_EQ(schedule_decay(services_, layout_, request).error().token,
            "decay.schedule.nothing_fades");  // the job speaks for them already
}

TEST_F(DecayUseTest, AFadingChoiceWithoutBoundsIsRefused) {
  note("the first thing");
  note("another matter entirely");
  for (const FadingChoice& choice :
       {FadingChoice{.older_than_days = ~std::uint64_t{0}}, FadingChoice{.at_most = 0}}) {
    const auto scheduled = schedule_decay(services_, layout_, {.fading = choice});
    ASSERT_FALSE(scheduled.ok());
    EXPECT_EQ(scheduled.error().code, Code::kUsage) << scheduled.error().text();
  }
  EXPECT_EQ(count("decay_jobs"), 0);
}

TEST_F(DecayUseTest, AModelIsAskedUnderALease_AndALostLeaseSettlesNothing) {
  const std::string one = note("the first thing");
  const auto job =
      schedule({.method = memory::SummaryMethod::kModel, .source_ids = {{one}}, .attested = true})
          .job;
  FakeBackend taken([&]() -> Result<SummaryAnswer> {
    // While the model thinks, nobody else gets the job.
    const auto other = run_decay(services_, layout_,
                                 {.job_id = job.id, .attestation_path = attestation(job.id, "m")});
    EXPECT_EQ(other->failure->token, "decay.run.job_in_progress");
    EXPECT_THAT(recover_decay(services_, layout_, {})->running, ElementsAre(job.id));
    clock_.time.seconds += 301;
    EXPECT_THAT(recover_decay(services_, layout_, {})->recovered, ElementsAre(job.id));
    return SummaryAnswer{"short", "m"};
  });
  const DecayRunRequest request{
      .job_id = job.id, .attestation_path = attestation(job.id, "m"), .backend = &taken};
  EXPECT_EQ(run_decay(services_, layout_, request)->failure->token, "decay.run.lease_lost");
  EXPECT_THAT(taken.asked.source_claims, ElementsAre("the first thing"));
  EXPECT_EQ(count("memories"), 1);
  FakeBackend good([] { return Result<SummaryAnswer>(SummaryAnswer{"short", "m"}); });
  const DecayRunRequest again{
      .job_id = job.id, .attestation_path = attestation(job.id, "m"), .backend = &good};
  const auto done = run_decay(services_, layout_, again);
  ASSERT_TRUE(done.ok() && !done->failure);
  EXPECT_EQ(done->operator_key_state.find("key_unknown"), 0U);
  EXPECT_EQ(count("memories"), 2);
  expect_accounted();
}

TEST_F(DecayUseTest, WhatAModelSaysIsJudged) {
  const std::string one = note("the first thing");
  const SummaryAnswer bad[] = {
      {"short", "other"}, {" \n", "m"}, {std::string(4097, 'x'), "m"}, {"\xff", "m"}};
  for (const SummaryAnswer& answer : bad) {
    const auto job =
        schedule({.method = memory::SummaryMethod::kModel, .source_ids = {{one}}, .attested = true})
            .job;
    FakeBackend backend([&] { return Result<SummaryAnswer>(answer); });
    const DecayRunRequest request{
        .job_id = job.id, .attestation_path = attestation(job.id, "m"), .backend = &backend};
    const auto run = run_decay(services_, layout_, request);
    ASSERT_TRUE(run.ok());
    EXPECT_EQ(run->failure->token, kBackendCallFailed);
    EXPECT_EQ(run->job.state, "failed");
    EXPECT_EQ(run->job.state_reason, kBackendCallFailed);
  }
  EXPECT_EQ(count("memories"), 1);
}

TEST_F(DecayUseTest, AWrongAttestationCostsNoJob) {
  const std::string one = note("the first thing");
  const auto job =
      schedule({.method = memory::SummaryMethod::kModel, .source_ids = {{one}}, .attested = true})
          .job;
  FakeBackend backend([] { return Result<SummaryAnswer>(SummaryAnswer{"short", "m"}); });
  const std::string other = attestation("dcy_01JM0000000000000000000001", "m");
  const std::string before = get(log_);
  const auto run = run_decay(
      services_, layout_, {.next_pending = true, .attestation_path = other, .backend = &backend});
  EXPECT_EQ(run->failure->token, kAttestationRejected);
  EXPECT_EQ(run->job.state, "pending");
  EXPECT_EQ(get(log_), before);
  const auto strict = run_decay(services_, layout_,
                                {.next_pending = true,
                                 .attestation_path = attestation(job.id, "m"),
                                 .require_registered_key = true,
                                 .backend = &backend});
  EXPECT_EQ(strict->failure->token, kAttestationRejected);
  EXPECT_EQ(run_decay(services_, layout_, {.next_pending = true}).error().token,
            "decay.run.operator_attestation_required_for_llm");
}

TEST_F(DecayUseTest, AnAttestationThatWasSignedHereIsHeeded) {
  const std::string one = note("the first thing"), key = folder_ / "operator.seed";
  ASSERT_TRUE(crypto::write_seed(fs_, key, crypto::Seed{7}).ok());
  const auto job =
      schedule({.method = memory::SummaryMethod::kModel, .source_ids = {{one}}, .attested = true})
          .job;
  const SummaryAttestRequest request{
      .job_id = job.id, .model_name = "m", .key_path = key, .output_path = folder_ / "signed.json"};
  fs::FolderSyncs syncs;
  Services watched{syncs, clock_, random_};
  ASSERT_TRUE(attest_summary(watched, layout_, request).ok());
  EXPECT_THAT(syncs.folders, ElementsAre(folder_.path()));
  EXPECT_EQ(attest_summary(services_, layout_, request).error().code, Code::kPrecondition);
  FakeBackend backend([] { return Result<SummaryAnswer>(SummaryAnswer{"short", "m"}); });
  const auto run =
      run_decay(services_, layout_,
                {.job_id = job.id, .attestation_path = request.output_path, .backend = &backend});
  ASSERT_TRUE(run.ok() && !run->failure);
  EXPECT_EQ(backend.asked.prompt_template, summary_prompt_pin());
  const auto plain = schedule({.source_ids = {{one}}}).job;
  SummaryAttestRequest other = request;
  other.job_id = plain.id;
  other.output_path = folder_ / "other.json";
  EXPECT_EQ(attest_summary(services_, layout_, other).error().code, Code::kPrecondition);
}

// A service elsewhere hears claims only as far as their tags allow, and people are told.
TEST_F(DecayUseTest, MemoriesTaggedAsSensitiveDoNotLeaveThisMachine) {
  Environment environment;
  environment.vars = {{"CORTEX_CLAUDE_API_KEY", "k"}};
  net::ListedHttp http;
  Services services{fs_, clock_, random_, http};
  std::vector<std::string> told;
  const auto backend = model_summaries(services, environment, LlmBackend::kClaude,
                                       [&](const std::string& text) { told.push_back(text); });
  ASSERT_TRUE(backend.ok()) << backend.error().text();
  const auto run = [&](const std::vector<std::string>& ids) {
    const auto job =
        schedule({.method = memory::SummaryMethod::kModel, .source_ids = ids, .attested = true})
            .job;
    return run_decay(services, layout_,
                     {.job_id = job.id,
                      .attestation_path = attestation(job.id, "claude-3-7", summary_prompt_pin()),
                      .backend = backend->get()});
  };
  const std::string plain = note("the first thing");
  const auto refused = run({plain, note("another matter entirely", "Sensitivity:High")});
  ASSERT_TRUE(refused.ok() && refused->failure);
  EXPECT_EQ(refused->failure->token, kBackendCallFailed);
  EXPECT_THAT(refused->failure->message, HasSubstr(llm::kSensitivityToken));
  EXPECT_THAT(http.requests, IsEmpty());
  http.answers.emplace_back(
      net::Answer{200, R"({"model":"claude-3-7","content":[{"type":"text","text":"short"}]})"});
  const auto done = run({plain});
  ASSERT_TRUE(done.ok() && !done->failure);
  EXPECT_THAT(http.requests, SizeIs(1));
  EXPECT_THAT(told, ElementsAre(HasSubstr("prompts leave this machine"),
                                HasSubstr("prompts leave this machine")));
}

TEST_F(DecayUseTest, AModelJobInFrontDoesNotBlockTheQueue) {
  const std::string one = note("the first thing");
  const auto first =
      schedule({.method = memory::SummaryMethod::kModel, .source_ids = {{one}}, .attested = true})
          .job;
  clock_.time.seconds += 1;
  const auto second = schedule({.source_ids = {{one}}}).job;
  const auto run = run_decay(services_, layout_, {.next_pending = true});
  EXPECT_EQ(run->job.id, second.id);
  EXPECT_THAT(run->skipped, ElementsAre(first.id));
}

TEST_F(DecayUseTest, SourcesMustExistWhenAJobIsPlanned) {
  note("the first thing");
  const auto refused =
      schedule_decay(services_, layout_, {.source_ids = {{"mem_01JM0000000000000000000009"}}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().token, "decay.schedule.source_missing");
  EXPECT_EQ(count("decay_jobs"), 0);
}

TEST_F(DecayUseTest, ACancelledJobKeepsItsReason) {
  const auto job = schedule({.source_ids = {{note("the first thing")}}}).job;
  ASSERT_TRUE(cancel_decay(services_, layout_, job.id, "no need", {}).ok());
  EXPECT_EQ(decay_status(services_, layout_, job.id)->job.cancel_reason, "no need");
  EXPECT_EQ(cancel_decay(services_, layout_, job.id, "no need", {}).error().token,
            "decay.cancel.terminal_state");
  EXPECT_EQ(cancel_decay(services_, layout_, job.id, "  ", {}).error().code, Code::kUsage);
  expect_accounted();
}

TEST_F(DecayUseTest, AReviewSaysWhatBecameOfTheSupport) {
  const std::string one = note("the first thing"), two = note("another matter entirely");
  exec(cat("INSERT INTO principles VALUES('prn_01JM0000000000000000000001', 's', 'candidate', '[\"",
           one, "\",\"", two, "\"]', '[]', '[]', '[]', '[]', 0.5, 0.5, 0.5, '{}', 't', 't')"));
  ASSERT_TRUE(reject_memory(services_, layout_, {}, two, "wrong").ok());
  schedule({.kind = memory::DecayKind::kPrincipleReview,
            .source_ids = {{"prn_01JM0000000000000000000001"}}});
  const auto run = run_decay(services_, layout_, {.next_pending = true});
  ASSERT_TRUE(run.ok() && run->review);
  EXPECT_EQ(*run->review->find_text("verdict"), "needs_review");
  EXPECT_THAT(json::write_compact(*run->review), HasSubstr("\"finding\":\"rejected\""));
  const auto status = decay_status(services_, layout_, run->job.id);
  EXPECT_EQ(json::canonical(*status->review), json::canonical(*run->review));
  const json::Value told = to_json(*status);
  ASSERT_NE(told.find("review"), nullptr);
  EXPECT_EQ(json::canonical(*told.find("review")), json::canonical(*run->review));
  EXPECT_EQ(connect()
                .query_text("SELECT after_hash FROM audit_records WHERE operation ="
                            " 'principle.review'")
                .value(),
            "principle:review:needs_review");
  expect_accounted(1);
}

TEST(DecaySummaryTest, BytesAndHashesAreThoseOfTheVectors) {
  fs::FileSystem& fs = fs::posix();
  const std::string folder = std::string(CORTEX_TEST_DATA) + "/agents/decay/";
  const auto text = [&](const char* name) {
    return fs::read_all(fs, folder + name, 1U << 20).value();
  };
  const auto made =
      read_summary_attestation(fs, folder + "attestation.json", "dcy_01ARZ3NDEKTSV4RRFFQ69G5FAV");
  ASSERT_TRUE(made.ok()) << made.error().text();
  const std::string preimage = summary_attestation_preimage(*made);
  EXPECT_EQ(
      to_hex(std::span(reinterpret_cast<const std::uint8_t*>(preimage.data()), preimage.size())),
      trim(text("attestation.signing-input.hex")));
  const SummaryRequest request{
      .model_name = "m1",
      .prompt_template = "blake3:" + std::string(64, '0'),
      .source_claims = {"Claim number 1 \u00e9.", "Claim number 2 \u00e9."},
      .max_output_bytes = 4096,
      .job_id = "dcy_01ARZ3NDEKTSV4RRFFQ69G5FAV"};
  EXPECT_EQ(summary_request_hash(request),
            *json::parse(text("vectors.json")).value().find_text("summary_request_hash"));
}

}  // namespace
}  // namespace cortex::app
