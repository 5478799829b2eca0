// `audit verify --attestations`: what is missing, moved, forged or of a key that does not count,
// and every flipped bit of the records.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/attest.h"
#include "app/audit.h"
#include "app/context_pack.h"
#include "app/decay.h"
#include "app/decay_attest.h"
#include "app/decay_work.h"
#include "app/ingest.h"
#include "app/keys.h"
#include "app/memory_note.h"
#include "app/memory_use.h"
#include "app/operator_pack.h"
#include "base/limits.h"
#include "ledger/signed_fixture.h"
#include "ledger/tlog/sidecar.h"
#include "transcript/lines.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;

class AttestationsTest : public AppTest {
 protected:
  AttestationsTest() {
    put(folder_ / "k.seed", std::string(32, '\x07'));
    const crypto::PublicKey key = ledger::test_key(7).public_key();
    put(folder_ / "k.pub", std::string(key.begin(), key.end()));
    const crypto::PublicKey other = ledger::test_key(8).public_key();
    put(folder_ / "other.pub", std::string(other.begin(), other.end()));
    mirror();
    bring_in({event_of(1, core::SourceType::kRuntime), event_of(2, core::SourceType::kUser),
              event_of(3, core::SourceType::kManualCorrection),
              event_of(4, core::SourceType::kUser)});
  }
  static core::Event event_of(std::uint64_t n, core::SourceType source) {
    core::Event out = event(n);
    out.source.type = source;
    return out;
  }
  void bring_in(const std::vector<core::Event>& events) {
    IngestRequest request{.session = session_file(session_of(events)), .layout = layout_};
    request.user_attestation = folder_ / "k.seed";
    const auto done = ingest(services_, request);
    ASSERT_TRUE(done.ok()) << done.error().text();
  }
  VerifyReport verify(const std::string& key = "k.pub", bool strict = false) {
    VerifyRequest request{.layout = layout_, .strict = strict};
    request.attestation_keys = {folder_ / key};
    return audit_verify(services_, request);
  }
  void expect_fault(const VerifyReport& report, std::string_view token, std::string_view place) {
    EXPECT_EQ(report.code, Code::kIntegrity);
    ASSERT_TRUE(report.error);
    EXPECT_EQ(report.error->token, cat("audit.attestation.", token)) << report.error->text();
    EXPECT_THAT(report.error->text(), HasSubstr(std::string(place)));
  }
  std::string records() { return get(records_path_); }
  // As some other program might have written it: no planner looked at it.
  void append_unchecked(const store::Operation& operation) {
    core::Event row = event_of(unchecked_++, core::SourceType::kRuntime);
    row.payload = store::operation_payload(operation, {});
    append({row});
  }

  std::string records_path_ = audit_records_path(live_);
  std::uint64_t unchecked_ = 100;
};

TEST_F(AttestationsTest, WhatWasBroughtInIsAttested) {
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  const json::Value document = to_json(report);
  EXPECT_EQ(document.find("attestations")->find_unsigned("verified"), 3U);
}

TEST_F(AttestationsTest, KeysThatDoNotCount) {
  expect_fault(verify("other.pub"), "key_not_trusted", "row 2");
  exec(
      "INSERT INTO authority_principal_timeline(principal_id, trust_tier, effective_at)"
      " VALUES('anna', 'verified', '2020-01-01T00:00:00+00:00')");
  exec(cat("INSERT INTO authority_key_timeline(key_id, principal_id, state, effective_at) VALUES('",
           ledger::test_key(7).key_id(), "', 'anna', 'active', '2020-01-01T00:00:00+00:00')"));
  EXPECT_EQ(verify("other.pub").code, Code::kOk) << "a registered key counts without being named";
  exec("UPDATE authority_principal_timeline SET trust_tier = 'observed'");
  expect_fault(verify("other.pub"), "key_not_trusted", "insufficient_trust_at_signing");
  EXPECT_EQ(verify().code, Code::kOk) << "named";
}

TEST_F(AttestationsTest, MissingOnes_AreNamedByRow) {
  const std::string text = records();
  put(records_path_, text.substr(text.find('\n') + 1));
  expect_fault(verify(), "missing", cat("row 2 (", id_of(2), ")"));
  ASSERT_TRUE(fs_.remove_file(records_path_).ok());
  const VerifyReport none = verify();
  expect_fault(none, "missing", "row 2");
  EXPECT_EQ(to_json(none).find("attestations")->find_unsigned("failures_total"), 2U)
      << "corrections of reference 0.1.2 have none";
  EXPECT_EQ(to_json(none).find("attestations")->find_unsigned("corrections_missing"), 1U);
  EXPECT_EQ(to_json(verify("k.pub", true)).find("attestations")->find_unsigned("failures_total"),
            3U);
}

TEST_F(AttestationsTest, EventThatIsNotThere_IsAWarning) {
  const std::string text = get(log_);
  const std::size_t last = text.rfind('\n', text.size() - 2);
  put(log_, text.substr(0, last + 1));
  put(live_ + "/cortex_events.jsonl.head", "");  // whoever cut the ledger
  VerifyReport report = verify();
  EXPECT_THAT(testing::PrintToString(report.notes), HasSubstr("audit.attestation.without_event"));
  report = verify("k.pub", true);
  EXPECT_EQ(report.code, Code::kIntegrity);
}

TEST_F(AttestationsTest, EveryChangeOfTheRecordsIsReported) {
  ASSERT_TRUE(fs_.remove_file(db_).ok());  // nobody is registered, and each run is quicker
  const std::string good = records();
  const std::size_t line_end = good.find('\n');
  const std::size_t id = good.find("aud_") + 4;
  std::size_t unnoticed = 0;
  for (std::size_t bit = 0; bit < line_end * 8; ++bit) {
    std::string changed = good;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    ledger::scribble(records_path_, changed);
    const VerifyReport report = verify();
    if (report.code == Code::kOk) {
      ++unnoticed;
      // Only the row's own id means nothing.
      EXPECT_TRUE(bit / 8 >= id && bit / 8 < id + 26) << bit << " " << changed;
      continue;
    }
    ASSERT_TRUE(report.error);
    EXPECT_TRUE(report.error->token.starts_with("audit.attestation.")) << bit;
  }
  EXPECT_LE(unnoticed, 26U * 8);
  for (std::size_t size = 0; size < line_end; ++size) {
    ledger::scribble(records_path_, good.substr(0, size));
    EXPECT_EQ(verify().code, Code::kIntegrity) << "cut to " << size;
  }
}

TEST_F(AttestationsTest, LinesOfAnySize_AreReadOneAtATime) {
  const std::string across_blocks(limits::kIoBlockBytes, ' ');
  const std::string too_long(transcript::LineReader::kLineBytesMax + 1, 'x');
  put(records_path_, cat(across_blocks, "\n", across_blocks, records(), too_long));
  const VerifyReport report = verify();
  expect_fault(report, "malformed", "line 5: the line is too long");
  const json::Value document = to_json(report);
  EXPECT_EQ(document.find("attestations")->find_unsigned("failures_total"), 1U);
  EXPECT_EQ(document.find("attestations")->find_unsigned("verified"), 3U);
}

TEST_F(AttestationsTest, AttestationOfAnotherPlaceOrEvent_DoesNotHold) {
  std::string text = records();
  const std::string first = text.substr(0, text.find('\n'));
  const std::string third = text.substr(text.rfind('\n', text.size() - 2) + 1);
  put(records_path_,
      ledger::replaced(ledger::replaced(first, id_of(2), id_of(4)), id_of(2), id_of(4)) + "\n" +
          text.substr(first.size() + 1));
  expect_fault(verify(), "missing", "row 2");
  put(records_path_,
      text + ledger::replaced(ledger::replaced(third, id_of(4), id_of(2)), id_of(4), id_of(2)));
  expect_fault(verify(), "signature_invalid", "row 2");
}

TEST_F(AttestationsTest, KeysThatCannotBeUsed_EndTheRun) {
  for (const std::string& bytes :
       {std::string(31, 'a'), std::string(33, 'a'), std::string(32, '\0')}) {
    put(folder_ / "bad.pub", bytes);
    EXPECT_EQ(verify("bad.pub").code, Code::kPrecondition);
  }
}

// Validations and rotations stand in the ledger, and are signed too.
TEST_F(AttestationsTest, SignedOperationsAreChecked) {
  RegisterKeyRequest anna{
      .change = {.layout = layout_}, .principal_id = "anna", .tier = "operator"};
  const auto made = generate_key(services_, anna, folder_ / "op.seed");
  ASSERT_TRUE(made.ok()) << made.error().text();
  NoteRequest request{.claim = "water boils at 100 degrees", .domains = {}};
  const auto noted = note(services_, layout_, {}, request);
  ASSERT_TRUE(noted.ok()) << noted.error().text();
  exec("UPDATE memories SET status = 'active'");
  OutcomeRequest outcome{.memory_id = noted->memory_id, .session = "s", .result = "validated"};
  outcome.scope = "kitchen";
  outcome.evidence = "thermometer";
  outcome.attestation_path = folder_ / "op.seed";
  const auto recorded = record_outcome(services_, layout_, {}, outcome);
  ASSERT_TRUE(recorded.ok()) << recorded.error().text();
  const auto pack =
      build_context(services_, layout_, {},
                    {.task = "tea", .for_operator = true, .attestation_path = folder_ / "op.seed"});
  ASSERT_TRUE(pack.ok()) << pack.error().text();
  ASSERT_TRUE(rotate_key(services_, {.change = {.layout = layout_},
                                     .old_seed_path = folder_ / "op.seed",
                                     .new_seed_path = folder_ / "op2.seed"})
                  .ok());
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_EQ(to_json(report).find("attestations")->find_unsigned("operations_verified"), 3U);
}

// A validation without a signature is no validation.
TEST_F(AttestationsTest, UnsignedValidation_IsMissing) {
  append_unchecked({"memory.outcome", {{"relation", json::Object{{"relation", "validated"}}}}});
  expect_fault(verify(), "missing", "nobody attests the validation");
}

class OperatorPackAttestationsTest : public AttestationsTest {
 protected:
  // Signed by the key of byte 7, or by nobody.
  void write_pack(bool is_signed) {
    const std::string at = "2026-01-01T00:00:00Z";
    const json::Value pack = json::Object{{"pack_mode", "operator"}};
    json::Object args{{"id", "ctx_1"}, {"task", "tea"}, {"pack", pack}, {"created_at", at}};
    if (is_signed) {
      args.add("attestation", attest_pack(ledger::test_key(7), "ctx_1", "tea", pack, at));
    }
    append_unchecked({"context.build", std::move(args)});
  }
  void register_as(const std::string& tier) {
    exec(
        cat("INSERT INTO authority_principal_timeline(principal_id, trust_tier, effective_at)"
            " VALUES('anna', '",
            tier, "', '2020-01-01T00:00:00+00:00')"));
    exec(
        cat("INSERT INTO authority_key_timeline(key_id, principal_id, state, effective_at)"
            " VALUES('",
            ledger::test_key(7).key_id(), "', 'anna', 'active', '2020-01-01T00:00:00+00:00')"));
  }
};

// Every spelling of the row is read; its hashes are those of the canonical form.
TEST_F(OperatorPackAttestationsTest, UnsignedPack_IsMissingHoweverItIsSpelled) {
  write_pack(false);
  expect_fault(verify(), "missing", "nobody attests the operator's pack");
  put(log_,
      ledger::replaced(get(log_), "\"pack_mode\":\"operator\"", "\"pack_mode\" : \"operator\""));
  put(live_ + "/cortex_events.jsonl.head", "");  // whoever wrote the row
  ASSERT_TRUE(fs::remove_tree(fs_, ledger::sidecar_path(log_)).ok());
  expect_fault(verify(), "missing", "nobody attests the operator's pack");
}

TEST_F(OperatorPackAttestationsTest, APackIsSignedByAnOperatorNotByTheVerified) {
  register_as("verified");
  write_pack(true);
  const VerifyReport report = verify("other.pub");
  expect_fault(report, "key_not_trusted", "insufficient_trust_at_signing");
  const json::Value document = to_json(report);
  EXPECT_EQ(document.find("attestations")->find_unsigned("verified"), 3U) << "of the events";
  EXPECT_EQ(document.find("attestations")->find_unsigned("failures_total"), 1U);
  exec("UPDATE authority_principal_timeline SET trust_tier = 'operator'");
  EXPECT_EQ(verify("other.pub").code, Code::kOk);
}

class SummaryBy final : public SummaryBackend {
 public:
  explicit SummaryBy(std::string model) : model_(std::move(model)) {}
  Result<SummaryAnswer> summarize(const SummaryRequest& /*request*/) override {
    return SummaryAnswer{"short", model_};
  }

 private:
  std::string model_;
};

// What an operator allowed a model to write stands in the ledger with the operator's signature.
class SummaryAttestationsTest : public AttestationsTest {
 protected:
  SummaryAttestationsTest() {
    job_ = schedule();
    const SummaryAttestRequest request{.job_id = job_.id,
                                       .model_name = "m",
                                       .key_path = folder_ / "k.seed",
                                       .output_path = folder_ / "signed.json"};
    const auto made = attest_summary(services_, layout_, request);
    EXPECT_TRUE(made.ok()) << made.error().text();
    good_ = to_json(made->attestation);
  }
  store::DecayJob schedule() {
    const auto noted =
        note(services_, layout_, {}, {.claim = cat("thing ", count("memories")), .domains = {}});
    EXPECT_TRUE(noted.ok()) << noted.error().text();
    const auto made = schedule_decay(services_, layout_,
                                     {.method = memory::SummaryMethod::kModel,
                                      .source_ids = {{noted->memory_id}},
                                      .attested = true});
    EXPECT_TRUE(made.ok()) << made.error().text();
    return made->job;
  }
  void run() {
    SummaryBy backend("m");
    const auto done = run_decay(
        services_, layout_,
        {.job_id = job_.id, .attestation_path = folder_ / "signed.json", .backend = &backend});
    ASSERT_TRUE(done.ok() && !done->failure);
  }
  void write(std::string_view verb, json::Object more) {
    append_unchecked(decay_operation(services_, verb, job_, job_.state, "r", std::move(more)));
  }
  static json::Object memory_by(std::string_view model) {
    return {
        {"applies_when_json", json::Object{{"llm_summary", json::Object{{"model_name", model}}}}}};
  }

  store::DecayJob job_;
  json::Object good_;
};

TEST_F(SummaryAttestationsTest, AskingAndAnswering_AreBothSigned) {
  run();
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_EQ(to_json(report).find("attestations")->find_unsigned("operations_verified"), 2U);
  VerifyRequest request{.layout = layout_};
  request.mirror = true;
  EXPECT_EQ(audit_verify(services_, request).code, Code::kOk);
}

TEST_F(SummaryAttestationsTest, OfAKeyThatDoesNotCount) {
  run();
  const VerifyReport report = verify("other.pub");
  EXPECT_THAT(json::write_compact(to_json(report)),
              HasSubstr("the key " + ledger::test_key(7).key_id() + " was not named"));
  EXPECT_EQ(to_json(report).find("attestations")->find_unsigned("failures_total"), 5U)
      << "three events, the question and the summary";
}

TEST_F(SummaryAttestationsTest, WithoutOne_IsMissing) {
  write("claim", {{"model", "m"}});
  expect_fault(verify(), "missing", "nobody attests the summary");
  write("complete", {{"memory", memory_by("m")}});
  EXPECT_EQ(to_json(verify()).find("attestations")->find_unsigned("failures_total"), 2U);
  job_.method = "deterministic_concatenate";
  write("complete", {{"memory", memory_by("m")}});
  EXPECT_EQ(to_json(verify()).find("attestations")->find_unsigned("failures_total"), 3U)
      << "whatever the job says";
}

TEST_F(SummaryAttestationsTest, ForAnotherModelOrJob_OrChanged_DoesNotHold) {
  write("claim", {{"model", "n"}, {"attestation", good_}});
  expect_fault(verify(), "signature_invalid", "for the model \"m\", not for \"n\"");
  write("complete", {{"memory", memory_by("n")}, {"attestation", good_}});
  json::Object other = good_;
  other.set("signed_at", "2026-01-01T00:00:01Z");
  write("claim", {{"model", "m"}, {"attestation", other}});
  job_ = schedule();
  write("claim", {{"model", "m"}, {"attestation", good_}});
  EXPECT_EQ(to_json(verify()).find("attestations")->find_unsigned("failures_total"), 4U);
  EXPECT_EQ(to_json(verify()).find("attestations")->find_unsigned("operations_verified"), 0U);
}

}  // namespace
}  // namespace cortex::app
