#include "ledger/signature_check.h"

#include <gmock/gmock.h>

#include "ledger/signed_fixture.h"

namespace cortex::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> failures_of(const ChainReport& report) {
  std::vector<std::string> out;
  for (const Failure& failure : report.failures) {
    out.push_back(cat(failure.line, ":", failure.reason.substr(0, failure.reason.find(' '))));
  }
  return out;
}

// What one thread finds; two must find the same.
ChainReport checked(const std::string& text, std::uint8_t key = 7) {
  auto one = verify_signed(text, key, 1);
  const auto two = verify_signed(text, key, 2);
  EXPECT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(failures_of(*one), failures_of(*two));
  EXPECT_EQ(one->failures_total, two->failures_total);
  EXPECT_EQ(one->signatures.rows_verified, two->signatures.rows_verified);
  EXPECT_EQ(one->signatures.rotated_to, two->signatures.rotated_to);
  EXPECT_EQ(one->signatures.foreign_key_ids, two->signatures.foreign_key_ids);
  EXPECT_EQ(one->signatures.first_foreign_line, two->signatures.first_foreign_line);
  EXPECT_EQ(one->signatures.uses.size(), two->signatures.uses.size());
  for (std::size_t i = 0; i < one->signatures.uses.size(); ++i) {
    EXPECT_EQ(one->signatures.uses[i].rows, two->signatures.uses[i].rows);
    EXPECT_EQ(one->signatures.uses[i].first_line, two->signatures.uses[i].first_line);
    EXPECT_EQ(one->signatures.uses[i].key_id, two->signatures.uses[i].key_id);
  }
  return std::move(one).value();
}

TEST(SignatureCheck, SoundLedgerWithRotationsHolds) {
  SignedLedger ledger;
  ledger.rotate(8);
  ledger.add_samples(2);
  ledger.rotate(9);
  ledger.rotate(7);
  ledger.add_samples(1);
  const ChainReport report = checked(ledger.text());
  EXPECT_THAT(failures_of(report), IsEmpty());
  EXPECT_EQ(report.signatures.rows_verified, 6U);
  EXPECT_THAT(report.signatures.rotated_to,
              ElementsAre(test_key(8).key_id(), test_key(9).key_id(), test_key(7).key_id()));
  ASSERT_THAT(report.signatures.uses, SizeIs(3));
  EXPECT_EQ(report.signatures.uses[0].rows, 2U) << "before and after";
  EXPECT_EQ(report.signatures.uses[1].first_line, 2U);
}

TEST(SignatureCheck, RowsBelongToTheirLedgerId) {
  SignedLedger ledger;
  ledger.add_samples(2);
  const auto report = verify_signed(ledger.text(), 7, 1, {}, "renamed");
  EXPECT_THAT(failures_of(*report), ElementsAre("1:BadSignature", "2:BadSignature"));
}

TEST(SignatureCheck, UnsignedRowIsMissingItsSignatureAndKeepsTheLineage) {
  SignedLedger ledger;
  ledger.add_samples(1);
  ledger.add_unsigned(sample_event(2));
  ledger.add_samples(1);
  EXPECT_THAT(failures_of(checked(ledger.text())), ElementsAre("2:MissingSignature"));
}

TEST(SignatureCheck, ReplacedSignatureFailsItsRowAndTheNext) {
  SignedLedger ledger;
  ledger.add_samples(3);
  ledger.rows[1].signature->bytes = ledger.rows[0].signature->bytes;
  EXPECT_THAT(failures_of(checked(ledger.text())), ElementsAre("2:BadSignature", "3:BadSignature"));
  ledger.rows[1].signature->bytes.pop_back();
  EXPECT_THAT(failures_of(checked(ledger.text())), ElementsAre("2:BadSignature", "3:BadSignature"))
      << "what is malformed leaves the lineage as it was";
}

TEST(SignatureCheck, RotationOfARowThatDoesNotVerifyDoesNotCount) {
  SignedLedger ledger;
  ledger.rotate(8);
  ledger.add_samples(1);
  ledger.rows[0].session_id = "other";
  const ChainReport report = checked(ledger.text());
  EXPECT_THAT(failures_of(report), ElementsAre("1:BadSignature", "2:BadSignature"));
  EXPECT_THAT(report.signatures.rotated_to, IsEmpty());
}

TEST(SignatureCheck, PrintedKeyIdIsNotBelievedButNoted) {
  SignedLedger ledger;
  ledger.add_samples(3);
  ledger.rows[1].signature->key_id = "someone";
  const ChainReport report = checked(ledger.text());
  EXPECT_THAT(failures_of(report), IsEmpty());
  EXPECT_EQ(report.signatures.foreign_key_ids, 1U);
  EXPECT_EQ(report.signatures.first_foreign_line, 2U);
}

TEST(SignatureCheck, TimesAreJudgedRowByRow) {
  SignedLedger ledger;
  ledger.add_samples(10);
  const SigningJudge judge = [](std::string_view key_id, Timestamp at) {
    EXPECT_EQ(key_id, test_key(7).key_id());
    return at.seconds < kSignedAt.seconds + 4 ? 0U : 5U;
  };
  const auto report = verify_signed(ledger.text(), 7, 1, judge);
  ASSERT_THAT(report->signatures.uses, SizeIs(2));
  EXPECT_EQ(report->signatures.uses[0].rows, 4U);
  EXPECT_EQ(report->signatures.uses[1].rows, 6U);
  EXPECT_EQ(report->signatures.uses[1].first_line, 5U);
  EXPECT_EQ(report->signatures.uses[1].first_signed_at.seconds, kSignedAt.seconds + 4);
  EXPECT_EQ(report->signatures.uses[1].last_signed_at.seconds, kSignedAt.seconds + 9);
}

// What a signature binds: a flipped bit there is noticed, and the row is named. What signatures of
// this version leave out is covered by the row hash. The first character of an id is left alone:
// two of its bits are above the 128 that count, so that flipping one spells the same id.
TEST(SignatureCheck, EveryFlippedBitOfWhatIsSignedIsReportedWithItsRow) {
  SignedLedger ledger;
  ledger.add_samples(3);
  const std::string text = ledger.text();
  std::size_t offset = 0;
  for (std::uint64_t row = 1; row <= 3; ++row) {
    const std::string line = row_text(ledger.rows[row - 1]);
    for (const std::string_view member : {"\"id\":\"evt_0", "\"session_id\":", "\"payload\":",
                                          "\"payload_hash\":", "\"event_hash\":"}) {
      const std::size_t begin = line.find(member) + member.size();
      const std::size_t end = line.find(',', begin);
      for (std::size_t bit = begin * 8; bit < end * 8; ++bit) {
        std::string flipped = text;
        char& byte = flipped[offset + bit / 8];
        byte = static_cast<char>(byte ^ (1 << (bit % 8)));
        const auto report = verify_signed(flipped);
        if (!report.ok()) {
          EXPECT_THAT(report.error().message, HasSubstr(cat("line ", row))) << bit;
          continue;
        }
        ASSERT_FALSE(report->closed()) << flipped;
        EXPECT_EQ(report->failures.front().line, row) << flipped;
      }
    }
    offset += line.size();
  }
}

// Several chunks, so that two threads work and signatures are joined across borders.
class LargeSignedTest : public testing::Test {
 protected:
  // Row numbers from 1: first and last rows of the chunks.
  static std::vector<std::size_t> borders(const std::string& text) {
    TextFile file(text);
    ChunkReader reader(file, 0, text.size());
    Chunk chunk;
    std::vector<std::size_t> out;
    while (reader.next(chunk).value()) {
      const auto end = text.begin() + static_cast<std::ptrdiff_t>(chunk.offset);
      const auto rows = static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
      if (rows > 0) out.insert(out.end(), {rows, rows + 1});
    }
    return out;
  }
};

TEST_F(LargeSignedTest, FaultsAtChunkBordersAreThoseOfOneThread) {
  SignedLedger ledger;
  ledger.add_samples(1100, 4500);
  const std::string sound = ledger.text();
  EXPECT_THAT(failures_of(checked(sound)), IsEmpty());
  const std::vector<std::size_t> rows = borders(sound);
  ASSERT_GE(rows.size(), 6U);
  SignedLedger changed = std::move(ledger);
  for (const std::size_t row : rows) {
    core::Event& event = changed.rows[row - 1];
    const core::Event saved = event;
    event.session_id = "other";
    EXPECT_THAT(failures_of(checked(changed.text())), ElementsAre(cat(row, ":BadSignature")));
    event = saved;
    event.signature.reset();
    EXPECT_THAT(failures_of(checked(changed.text())),
                ElementsAre(cat(row, ":MissingSignature"), cat(row + 1, ":BadSignature")));
    event = saved;
    event.prev_event_hash = saved.event_hash;
    event.session_id = "other";
    EXPECT_THAT(
        failures_of(checked(changed.text())),
        ElementsAre(cat(row, ":HashBreak"), cat(row, ":Orphan"), cat(row, ":BadSignature")));
    event = saved;
  }
}

TEST_F(LargeSignedTest, RotationsAtChunkBordersSwitchTheKeyForAllThatFollows) {
  SignedLedger plain;
  plain.add_samples(1100, 4500);
  SignedLedger ledger;
  std::uint8_t key = 7;
  const std::vector<std::size_t> rows = borders(plain.text());
  while (ledger.rows.size() < 1100) {
    const std::size_t next = ledger.rows.size() + 1;
    if (std::ranges::find(rows, next) != rows.end()) {
      ledger.rotate(++key);
    } else {
      ledger.add_samples(1, 4500);
    }
  }
  const ChainReport report = checked(ledger.text());
  EXPECT_THAT(failures_of(report), IsEmpty());
  EXPECT_THAT(report.signatures.rotated_to, SizeIs(rows.size()));
  EXPECT_EQ(report.signatures.rows_verified, 1100U);
  EXPECT_EQ(checked(ledger.text(), 8).failures_total, rows.front())
      << "the second key finds all before the rotation to it wrong, and what follows right";
}

}  // namespace
}  // namespace cortex::ledger
