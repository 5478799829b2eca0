#include "app/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/attest.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "json/value.h"
#include "ledger/signed_fixture.h"
#include "ledger/verify.h"

namespace cortex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class IngestTest : public AppTest {
 protected:
  Result<IngestReport> run(const std::string& session, bool mirror = true) {
    return ingest(services_, {session, layout_, mirror});
  }
  Error refused(Code code, const std::string& session) {
    const FolderState before = state_of(live_);
    auto report = run(session);
    EXPECT_FALSE(report.ok());
    if (report.ok()) return {};
    EXPECT_EQ(report.error().code, code) << report.error().text();
    EXPECT_EQ(state_of(live_), before);
    return report.error();
  }
  ledger::ChainReport chain() {
    auto file = fs_.open(log_, fs::Open::kRead).value();
    return ledger::verify_chain(*file, file->info()->size_bytes).value();
  }
};

TEST_F(IngestTest, Events_AreSealedInOrderAndMirrored) {
  const auto report = run(session(1, 3));
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->appended, ElementsAre(id_of(1), id_of(2), id_of(3)));
  EXPECT_THAT(report->skipped, IsEmpty());
  EXPECT_TRUE(report->mirrored);
  EXPECT_EQ(report->mirror_note, "");
  EXPECT_EQ(chain().rows, 3U);
  EXPECT_TRUE(chain().closed());
  EXPECT_EQ(chain().head, report->chain_head);
  EXPECT_EQ(count("events"), 3);
}

TEST_F(IngestTest, KnownEvents_AreSkippedAndTheLedgerStays) {
  ASSERT_TRUE(run(session(1, 3)).ok());
  const std::string before = get(log_);
  const auto again = run(session(1, 3));
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(again->skipped, SizeIs(3));
  EXPECT_THAT(again->appended, IsEmpty());
  EXPECT_EQ(get(log_), before);
  const auto overlap = run(session(2, 4));
  ASSERT_TRUE(overlap.ok());
  EXPECT_THAT(overlap->skipped, ElementsAre(id_of(2), id_of(3)));
  EXPECT_THAT(overlap->appended, ElementsAre(id_of(4), id_of(5)));
  EXPECT_TRUE(chain().closed());
  EXPECT_EQ(count("events"), 5);
}

TEST_F(IngestTest, KnownEventWithOtherContent_IsStillSkipped) {
  ASSERT_TRUE(run(session(1, 1)).ok());
  core::Event other = event(1);
  other.payload = "{\"other\":true}";
  const auto report = run(session_file(session_of({other})));
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->skipped, SizeIs(1));
  EXPECT_THAT(get(log_), Not(HasSubstr("other")));
}

TEST_F(IngestTest, WithoutAStore_TheLedgerHasTheRowsAndANoteSaysSo) {
  ASSERT_TRUE(fs_.remove_file(db_).ok());
  const auto report = run(session(1, 2));
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->mirrored);
  EXPECT_THAT(report->mirror_note, HasSubstr("there is no store"));
  EXPECT_EQ(chain().rows, 2U);
  EXPECT_EQ(kind_of(db_), fs::Kind::kMissing);
  EXPECT_THAT(run(session(2, 2))->skipped, ElementsAre(id_of(2)));
}

TEST_F(IngestTest, StoreThatIsNoDatabase_OnlyLags) {
  put(db_, std::string(8192, 'x'));
  const auto report = run(session(1, 2));
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->mirrored);
  EXPECT_THAT(report->mirror_note, HasSubstr("cannot follow"));
  EXPECT_EQ(chain().rows, 2U);
  EXPECT_EQ(get(db_), std::string(8192, 'x'));
}

TEST_F(IngestTest, StoreLeftBehindAsAsked_CatchesUpWithTheNextRun) {
  ASSERT_TRUE(run(session(1, 2), false).ok());
  EXPECT_EQ(get(db_), "");
  EXPECT_THAT(run(session(1, 2), false)->skipped, SizeIs(2));
  const auto report = run(session(3, 1));
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->mirrored);
  EXPECT_EQ(count("events"), 3);
}

TEST_F(IngestTest, SessionThatIsNone_IsUsageAndChangesNothing) {
  for (const char* text : {"", "{}", "[1]", "{\"events\":7}", "[", "[{\"id\":\"evt_1\"}]"}) {
    refused(Code::kUsage, session_file(text));
  }
}

TEST_F(IngestTest, LateFaultInALongSession_AppendsNothing) {
  ASSERT_TRUE(run(session(1, 1)).ok());
  std::vector<core::Event> events;
  for (std::uint64_t n = 2; n < 400; ++n) events.push_back(event(n));
  events.push_back(event(2));
  EXPECT_THAT(refused(Code::kUsage, session_file(session_of(events))).message,
              HasSubstr("occurs twice"));
  std::string text = session_of(events);
  text.resize(text.size() - 3);
  refused(Code::kUsage, session_file(text));
}

TEST_F(IngestTest, RefusedPolicy_ChangesNothing) {
  core::Event user = event(2);
  user.source.type = core::SourceType::kUser;
  EXPECT_THAT(refused(Code::kPrecondition, session_file(session_of({event(1), user}))).message,
              HasSubstr("policy.ingest.user_attestation.missing"));
}

TEST_F(IngestTest, MissingSessionOrLedgerFolder_IsRefused) {
  refused(Code::kPrecondition, folder_ / "none.json");
  layout_ = layout_in(folder_ / "none");
  EXPECT_EQ(run(session(1, 1)).error().unchanged, "the ledger was not changed");
  EXPECT_EQ(kind_of(folder_ / "none"), fs::Kind::kMissing);
}

TEST_F(IngestTest, MissingLedger_IsMadePrivate) {
  ASSERT_TRUE(fs_.remove_file(log_).ok());
  ASSERT_TRUE(run(session(1, 1)).ok());
  EXPECT_EQ(fs_.stat(log_)->mode, 0600U);
  EXPECT_EQ(chain().rows, 1U);
}

TEST_F(IngestTest, EmptySession_AppendsNothingAndHasNoHead) {
  const auto report = run(session_file("[]"));
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->chain_head.has_value());
  const json::Value document = to_json(*report);
  EXPECT_TRUE(document.find("chain_head")->is_null());
  EXPECT_EQ(document.find("appended_count")->as_number()->u, 0U);
  EXPECT_EQ(document.find("torn_tail_offset"), nullptr);
  EXPECT_EQ(json::write_compact(document), json::write_compact(document, json::Keys::kSorted));
}

TEST_F(IngestTest, UndecodableLedgerLine_IsAChainErrorAndNothingIsAppended) {
  ASSERT_TRUE(run(session(1, 1)).ok());
  put(log_, get(log_) + "no row\n");
  refused(Code::kChain, session(2, 1));
}

TEST_F(IngestTest, LedgerThatIsNotUtf8_IsAnInternalErrorAndNothingIsAppended) {
  append(1, 1);
  put(log_, get(log_) + "\"\xFF\"\n");
  refused(Code::kInternal, session(2, 1));
}

TEST_F(IngestTest, TornTail_IsMovedAsideAndReported) {
  ASSERT_TRUE(run(session(1, 2)).ok());
  const std::string whole = get(log_);
  put(log_, whole + "{\"id\":");
  const auto report = run(session(3, 1));
  ASSERT_TRUE(report.ok()) << report.error().text();
  ASSERT_TRUE(report->torn_tail.has_value());
  EXPECT_EQ(report->torn_tail->offset, whole.size());
  EXPECT_EQ(get(report->torn_tail->evidence_path), "{\"id\":");
  EXPECT_TRUE(get(log_).starts_with(whole));
  EXPECT_EQ(chain().rows, 3U);
  EXPECT_EQ(count("events"), 3);
  EXPECT_EQ(*to_json(*report).find("torn_tail_evidence")->as_string(),
            report->torn_tail->evidence_path);
}

TEST_F(IngestTest, UnstableNumbers_AreAppendedAndNamed) {
  core::Event odd = event(2);
  odd.payload = "{\"x\":-2.72422580300561e-11}";
  const auto report = run(session_file(session_of({event(1), odd})));
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->unstable, ElementsAre(id_of(2)));
  EXPECT_TRUE(chain().closed());
  EXPECT_EQ(to_json(*report).find("unstable_numbers")->as_array()->size(), 1U);
}

TEST_F(IngestTest, OfSeveralEventsMembers_TheLastOneCounts) {
  const std::string first = session_of({event(1), event(2)});
  const std::string last = session_of({event(3)});
  const auto report =
      run(session_file(cat(first.substr(0, first.size() - 1), ",", last.substr(1))));
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->appended, ElementsAre(id_of(3)));
  EXPECT_EQ(chain().rows, 1U);
  EXPECT_EQ(count("events"), 1);
}

TEST_F(IngestTest, HashesAndSignatureOfTheSession_AreNotTaken) {
  core::Event sealed = event(1);
  sealed.payload_hash = sealed.event_hash = std::string(64, 'a');
  sealed.prev_event_hash = std::string(64, 'b');
  sealed.signature = core::RowSignature{.key_id = "k", .signed_at = {}, .bytes = "x"};
  ASSERT_TRUE(run(session_file(session_of({sealed}))).ok());
  EXPECT_TRUE(chain().closed());
  EXPECT_THAT(get(log_), Not(HasSubstr("signature")));
  EXPECT_THAT(get(log_), Not(HasSubstr("aaaa")));
}

class AttestedIngestTest : public IngestTest {
 protected:
  AttestedIngestTest() { put(key_, std::string(32, '\x07')); }
  static core::Event from(std::uint64_t n, core::SourceType type) {
    core::Event out = event(n);
    out.source.type = type;
    return out;
  }
  Result<IngestReport> attest(const std::vector<core::Event>& events) {
    return ingest(
        services_,
        {.session = session_file(session_of(events)), .layout = layout_, .user_attestation = key_});
  }
  // The rows of the file, decoded.
  std::vector<json::Value> records() {
    std::vector<json::Value> out;
    const std::string text = get(records_);
    for (const std::string_view line : split(text, '\n')) {
      if (!line.empty()) out.push_back(json::parse(line).value());
    }
    return out;
  }

  std::string key_ = folder_ / "operator.key";
  std::string records_ = audit_records_path(live_);
};

TEST_F(AttestedIngestTest, PeoplesEvents_GetASignedRowEachForTheirPlace) {
  ASSERT_TRUE(run(session(1, 1)).ok());
  const auto report = attest(
      {from(2, core::SourceType::kUser), event(3), from(4, core::SourceType::kManualCorrection)});
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->attested, ElementsAre(id_of(2)));
  const auto rows = records();
  ASSERT_THAT(rows, SizeIs(2));
  for (const auto& [row, n] : {std::pair{rows[0], 2U}, std::pair{rows[1], 4U}}) {
    const json::Value& actor = *row.find("actor_json");
    const std::string hash = crypto::blake3_hex(cat("{\"n\":", n, "}"));
    const std::string id = id_of(n);
    const std::string key_id = ledger::test_key(7).key_id();
    ledger::Attested what;
    what.source = n == 2 ? core::SourceType::kUser : core::SourceType::kManualCorrection;
    what.event_id = id;
    what.payload_hash = hash;
    what.ledger_id = "events";
    what.lineage = ledger::ChainPosition{n - 1};
    what.signed_at = clock_.time;
    what.key_id = key_id;
    std::string preimage;
    ledger::attestation_preimage(what, preimage);
    EXPECT_EQ(*actor.find("signature_hex")->as_string(),
              to_hex(ledger::test_key(7).sign(preimage)));
    EXPECT_EQ(*row.find("target_ref")->as_string(), id);
  }
  EXPECT_EQ(fs_.stat(records_)->mode, 0600U);
}

TEST_F(AttestedIngestTest, EventsThatAreKnown_AreNotAttestedAgain) {
  ASSERT_TRUE(attest({from(1, core::SourceType::kUser)}).ok());
  const auto again = attest({from(1, core::SourceType::kUser)});
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(again->attested, IsEmpty());
  EXPECT_THAT(records(), SizeIs(1));
}

TEST_F(AttestedIngestTest, TornLastRecord_CostsNoOther) {
  put(records_, "{\"id\":\"aud_");
  ASSERT_TRUE(attest({from(1, core::SourceType::kUser)}).ok());
  const std::string text = get(records_);
  EXPECT_EQ(text.find('\n'), std::string_view("{\"id\":\"aud_").size());
  EXPECT_TRUE(json::parse(text.substr(text.find('\n'))).ok());
}

TEST_F(AttestedIngestTest, KeyOfAnotherLengthAndRecordsThatCannotBeWritten_ChangeNothing) {
  put(key_, std::string(31, '\x07'));
  EXPECT_EQ(code_of(attest({event(1)})), Code::kPrecondition);
  put(key_, std::string(32, '\x07'));
  ASSERT_TRUE(fs_.make_directory(records_, 0700).ok());
  EXPECT_FALSE(attest({from(1, core::SourceType::kUser)}).ok());
  EXPECT_EQ(get(log_), "") << "no event without its attestation";
}

}  // namespace
}  // namespace cortex::app
