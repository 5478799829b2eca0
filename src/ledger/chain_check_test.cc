#include "ledger/chain_check.h"

#include <gmock/gmock.h>

#include "core/ids.h"
#include "crypto/digest.h"
#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

ChunkReport check(std::string text, std::uint64_t offset = 0) {
  ChunkCheck chunk_check;
  auto report = chunk_check.check({std::move(text), offset});
  EXPECT_TRUE(report.ok());
  return std::move(report).value();
}

// One chunk as a whole ledger.
ChainReport audit(const std::vector<std::string>& chunks) {
  ChainAssembler assembler(0);
  std::string text;
  for (const std::string& chunk : chunks) {
    EXPECT_TRUE(assembler.add(check(chunk, text.size())).ok());
    text += chunk;
  }
  TextFile file(text);
  auto report = assembler.finish(file, text.size());
  EXPECT_TRUE(report.ok());
  return std::move(report).value();
}

std::vector<std::string> reasons(const ChainReport& report) {
  std::vector<std::string> out;
  out.reserve(report.failures.size());
  for (const Failure& failure : report.failures) {
    out.push_back(cat(failure.line, "/", failure.file_line, " ", failure.reason));
  }
  return out;
}

std::string hash_break(std::string_view which, std::string_view observed,
                       std::string_view expected) {
  return cat("HashBreak { which: ", which, ", observed: \"", observed, "\", expected: \"", expected,
             "\" }");
}

std::string orphan(std::string_view observed, std::string_view expected) {
  const auto option = [](std::string_view hash) {
    return hash.empty() ? std::string("None") : cat("Some(\"", hash, "\")");
  };
  return cat("Orphan { observed_prev: ", option(observed), ", expected_prev: ", option(expected),
             " }");
}

const std::string kZeros(64, '0');

class ChainCheckTest : public testing::Test {
 protected:
  std::string hash(std::size_t i) const { return events_[i].event_hash; }
  std::string text() const { return ledger_text(events_); }
  // Seals row `i` again after a change, without telling the next one.
  void reseal(std::size_t i) {
    core::Event& event = events_[i];
    event.event_hash = event_hash(event.prev_event_hash, event.payload_hash);
  }

  std::vector<core::Event> events_ = sealed_events(3);
};

TEST_F(ChainCheckTest, SoundChunk_TellsWhatItIsMadeOf) {
  const ChunkReport report = check("\n" + text());
  EXPECT_EQ(report.rows, 3U);
  EXPECT_EQ(report.lines, 4U);
  EXPECT_EQ(report.failures_total, 0U);
  EXPECT_THAT(report.failures, IsEmpty());
  ASSERT_TRUE(report.first_link.has_value());
  EXPECT_EQ(report.first_link->prev, std::nullopt);
  EXPECT_EQ(report.first_link->orphan.file_line, 2U);
  EXPECT_EQ(report.last_hash, hash(2));
  EXPECT_EQ(report.head, hash(2));
  EXPECT_THAT(report.ids, ElementsAre(Ulid{0, 1}, Ulid{0, 2}, Ulid{0, 3}));
  EXPECT_FALSE(report.fault.has_value());
}

TEST_F(ChainCheckTest, SoundLedger_IsClosed) {
  const ChainReport report = audit({text()});
  EXPECT_TRUE(report.closed());
  EXPECT_EQ(report.rows, 3U);
  EXPECT_EQ(report.head, hash(2));
}

TEST_F(ChainCheckTest, EmptyLedger_IsClosedAndHasNoHead) {
  const ChainReport report = audit({});
  EXPECT_TRUE(report.closed());
  EXPECT_EQ(report.rows, 0U);
  EXPECT_EQ(report.head, std::nullopt);
}

TEST_F(ChainCheckTest, ChangedPayload_IsOneHashBreakAtItsRowAndLine) {
  const std::string claimed = events_[1].payload_hash;
  events_[1].payload = "{\"n\":7}";
  const std::string text =
      cat("\n\r\n", row_text(events_[0]), "  \n", row_text(events_[1]), row_text(events_[2]));
  const ChainReport report = audit({text});
  EXPECT_THAT(reasons(report), ElementsAre("2/5 " + hash_break("PayloadHashMismatch", claimed,
                                                               crypto::blake3_hex("{\"n\":7}"))));
  EXPECT_EQ(report.failures_total, 1U);
  EXPECT_EQ(report.failures[0].event_id, core::id_text(core::IdKind::kEvent, events_[1].id));
  EXPECT_EQ(report.failures[0].invariant, "");
}

TEST_F(ChainCheckTest, ChangedEventHash_BreaksItsRowAndOrphansTheNext) {
  const std::string good = hash(1);
  events_[1].event_hash = kZeros;
  EXPECT_THAT(reasons(audit({text()})),
              ElementsAre("2/2 " + hash_break("EventHashMismatch", kZeros, good),
                          "3/3 " + orphan(good, kZeros)));
}

TEST_F(ChainCheckTest, ChangedPredecessor_BreaksAndOrphansItsOwnRow) {
  const std::string claimed = hash(1);
  events_[1].prev_event_hash = kZeros;
  EXPECT_THAT(reasons(audit({text()})),
              ElementsAre("2/2 " + hash_break("EventHashMismatch", claimed,
                                              event_hash(kZeros, events_[1].payload_hash)),
                          "2/2 " + orphan(kZeros, hash(0))));
}

TEST_F(ChainCheckTest, ResealedRowOfAnotherChain_IsAnOrphanAndSoIsTheNext) {
  const std::string old = hash(1);
  events_[1].prev_event_hash = std::nullopt;
  reseal(1);
  EXPECT_THAT(reasons(audit({text()})),
              ElementsAre("2/2 " + orphan("", hash(0)), "3/3 " + orphan(old, hash(1))));
}

TEST_F(ChainCheckTest, FirstRowWithAPredecessor_IsAnOrphan) {
  EXPECT_THAT(reasons(audit({row_text(events_[1])})), ElementsAre("1/1 " + orphan(hash(0), "")));
}

TEST_F(ChainCheckTest, RemovedRow_OrphansTheNext) {
  EXPECT_THAT(reasons(audit({row_text(events_[0]) + row_text(events_[2])})),
              ElementsAre("2/2 " + orphan(hash(1), hash(0))));
}

TEST_F(ChainCheckTest, SeveralFailuresOfOneRow_ComeInTheOrderOfTheChecks) {
  const std::string payload_hash = events_[1].payload_hash;
  events_[1].payload_hash = "x\"y";
  events_[1].prev_event_hash = kZeros;
  events_[1].event_hash = "";
  EXPECT_THAT(reasons(audit({text()})),
              ElementsAre("2/2 " + hash_break("PayloadHashMismatch", "x\\\"y", payload_hash),
                          "2/2 " + hash_break("EventHashMismatch", "", event_hash(kZeros, "x\"y")),
                          "2/2 " + orphan(kZeros, hash(0)),
                          StartsWith("3/3 Orphan { observed_prev: Some(\"")));
}

TEST_F(ChainCheckTest, UnknownSchemaVersion_StandsOutsideTheChain) {
  for (const std::uint16_t version : std::initializer_list<std::uint16_t>{0, 3, 65535}) {
    events_[1].schema_version = version;
    events_[1].payload_hash = "unchecked";
    const ChainReport report = audit({text()});
    EXPECT_THAT(reasons(report), ElementsAre(cat("2/2 UnknownEventSchemaVersion { observed: ",
                                                 version, ", expected: 1 or 2 }"),
                                             "3/3 " + orphan(hash(1), hash(0))));
    EXPECT_EQ(report.failures[0].invariant, "audit.event_schema_version.unsupported");
    EXPECT_EQ(report.failures[1].invariant, "");
    EXPECT_EQ(report.rows, 3U);
  }
}

TEST_F(ChainCheckTest, UnknownSchemaVersionAtTheEnd_IsStillTheHead) {
  events_[2].schema_version = 9;
  const ChunkReport report = check(text());
  EXPECT_EQ(report.last_hash, hash(1));
  EXPECT_EQ(report.head, hash(2));
}

TEST_F(ChainCheckTest, SchemaVersionOne_IsSupported) {
  events_[1].schema_version = 1;
  EXPECT_TRUE(audit({text()}).closed());
}

TEST_F(ChainCheckTest, PayloadThatIsNotCanonical_HoldsByItsCanonicalForm) {
  events_[0].payload = "{\"a\":1,\"b\":[1.5,true]}";
  seal(events_[0], std::nullopt);
  for (const std::string_view spelled :
       {R"({"b":[1.5,true],"a":1})", R"({ "a": 1, "b": [1.5, true] })",
        R"({"a":1,"b":[15e-1,true]})", R"({"\u0061":1,"b":[1.50,true]})",
        R"({"a":2,"b":[1.5,true],"a":1})"}) {
    events_[0].payload = spelled;
    EXPECT_TRUE(audit({row_text(events_[0])}).closed()) << spelled;
  }
  events_[0].payload = R"({"a":1,"b":[1.25,true]})";
  EXPECT_FALSE(audit({row_text(events_[0])}).closed());
}

// docs/formats.md, 4.4: the number reads as one that is written otherwise.
TEST_F(ChainCheckTest, UnstableNumber_HoldsAsWrittenAndAsReadBack) {
  const std::string raw = R"({"n":-2.72422580300561e-11})";
  const std::string reread = core::canonical_payload(raw, 1).value();
  ASSERT_NE(reread, raw);
  for (const std::string& hashed : {raw, reread}) {
    events_[0].payload = hashed;
    seal(events_[0], std::nullopt);
    events_[0].payload = raw;
    EXPECT_TRUE(audit({row_text(events_[0])}).closed()) << hashed;
    events_[0].payload = R"({ "n": -2.72422580300561e-11 })";
    EXPECT_TRUE(audit({row_text(events_[0])}).closed()) << hashed << ", spelled with blanks";
  }
}

TEST_F(ChainCheckTest, LinkAcrossChunks_IsLookedAt) {
  const std::vector<std::string> rows = {row_text(events_[0]), row_text(events_[1]),
                                         row_text(events_[2])};
  EXPECT_TRUE(audit(rows).closed());
  EXPECT_TRUE(audit({rows[0], "\n\n", rows[1], rows[2]}).closed());
  EXPECT_THAT(reasons(audit({"\n" + rows[0], "\n" + rows[2]})),
              ElementsAre("2/4 " + orphan(hash(1), hash(0))));
}

TEST_F(ChainCheckTest, OrphanAtAChunkBorder_ComesAfterTheOtherFailuresOfItsRow) {
  events_[1].prev_event_hash = kZeros;
  events_[1].payload = "[]";
  const ChainReport whole = audit({text()});
  const ChainReport parts =
      audit({row_text(events_[0]), row_text(events_[1]) + row_text(events_[2])});
  EXPECT_EQ(reasons(parts), reasons(whole));
  EXPECT_EQ(parts.failures_total, 3U);
  EXPECT_THAT(parts.failures[2].reason, StartsWith("Orphan"));
}

TEST_F(ChainCheckTest, ChunkThatBeginsWithUnsupportedRows_IsLinkedAtItsFirstSupportedOne) {
  events_ = sealed_events(5);
  events_[2].schema_version = events_[3].schema_version = 7;
  const ChainReport whole = audit({text()});
  const std::string first = row_text(events_[0]) + row_text(events_[1]);
  const std::string rest = row_text(events_[2]) + row_text(events_[3]) + row_text(events_[4]);
  EXPECT_EQ(reasons(audit({first, rest})), reasons(whole));
  EXPECT_EQ(whole.failures_total, 3U);
  // A row that skips them on purpose closes the chain.
  events_[4].prev_event_hash = hash(1);
  reseal(4);
  EXPECT_EQ(audit({first, row_text(events_[2]), row_text(events_[3]), row_text(events_[4])})
                .failures_total,
            2U);
}

TEST_F(ChainCheckTest, MoreFailuresThanAreShown_AreCounted) {
  const std::uint64_t shown = limits::kFailuresShownMax;
  events_ = sealed_events(shown + 200);
  for (core::Event& event : events_) event.payload = "[]";
  std::vector<std::string> chunks(3);
  for (std::size_t i = 0; i < events_.size(); ++i)
    chunks[i * 3 / events_.size()] += row_text(events_[i]);
  for (const auto& parts : {std::vector<std::string>{text()}, chunks}) {
    const ChainReport report = audit(parts);
    EXPECT_EQ(report.failures_total, shown + 200);
    ASSERT_EQ(report.failures.size(), shown);
    EXPECT_EQ(report.failures.back().line, shown);
  }
}

TEST_F(ChainCheckTest, BoundaryRows_AreNumberedAcrossChunks) {
  events_[2].payload = R"({"kind":"schema_migration.v1_to_v2"})";
  seal(events_[2], hash(1));
  const std::string chunk = "\n" + row_text(events_[2]);
  EXPECT_THAT(audit({text(), chunk, chunk}).boundary_lines, ElementsAre(3U, 4U, 5U));
}

TEST_F(ChainCheckTest, LineThatIsNoRow_IsNumberedAcrossChunks) {
  ChainAssembler assembler(0);
  ASSERT_TRUE(assembler.add(check("\n" + text())).ok());
  const ChunkReport broken = check("\n" + row_text(events_[0]) + "{}\n", 5000);
  ASSERT_TRUE(broken.fault.has_value());
  EXPECT_EQ(broken.rows, 2U) << "the broken one has its ordinal";
  const Status status = assembler.add(ChunkReport(broken));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kChain);
  EXPECT_THAT(status.error().message, HasSubstr("ledger line 7 (byte "));
}

TEST_F(ChainCheckTest, FailureOfTheCaller_EndsTheChunk) {
  int seen = 0;
  const RowFunction on_row = [&seen](const core::DecodedEvent&, std::uint64_t) -> Status {
    if (++seen == 2) return make_error(Code::kQuarantined, "enough");
    return {};
  };
  ChunkCheck chunk_check({.on_row = &on_row});
  const auto report = chunk_check.check({text(), 0});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kQuarantined);
  EXPECT_EQ(seen, 2);
}

TEST_F(ChainCheckTest, OneCheckerForManyChunks_ForgetsTheLastOne) {
  ChunkCheck chunk_check;
  events_[1].payload = "[]";
  EXPECT_EQ(chunk_check.check({text() + "x\n", 0})->failures_total, 1U);
  const ChunkReport report = chunk_check.check({row_text(events_[0]), 0}).value();
  EXPECT_EQ(report.failures_total, 0U);
  EXPECT_EQ(report.rows, 1U);
  EXPECT_EQ(report.ids.size(), 1U);
  EXPECT_FALSE(report.fault.has_value());
}

}  // namespace
}  // namespace cortex::ledger
