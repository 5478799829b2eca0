#include "ledger/anchor/receipt.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "base/fs/fs.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "ledger/anchor/anchor.h"
#include "ledger/anchor/register.h"
#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

std::string golden_record(std::string_view name) {
  return fs::read_all(fs::posix(), cat(CORTEX_TEST_DATA "/ledger/receipts/", name), 1U << 20)
      .value();
}

class ReceiptTest : public testing::Test {
 protected:
  ReceiptTest() {
    receipt_.event_count = 3;
    receipt_.head = events_[2].event_hash;
    receipt_.submitted_at = {1'767'323'045, 0};
    receipt_.endpoint = "https://log.example.test";
    receipt_.receipt = {{"uuid", "u"}, {"logIndex", 3}};
    receipt_.anchor_text_sha256 = crypto::sha256_hex(anchor_text(receipt_.anchor()));
  }
  ChainReport report(std::uint64_t position) {
    TextFile file(ledger_text(events_));
    return verify_chain(file, file.text.size(), {.positions = {position}}).value();
  }
  std::vector<core::Event> events_ = sealed_events(3);
  Receipt receipt_;
};

TEST_F(ReceiptTest, WrittenTextIsReadBackInTheOrderOfTheFormat) {
  const std::string text = receipt_text(receipt_);
  EXPECT_NE(text.find("{\"sink\":\"rekor\",\"anchor_text_sha256\":\""), std::string::npos);
  EXPECT_NE(text.find("\"receipt\":{\"logIndex\":3,\"uuid\":\"u\"}}\n"), std::string::npos);
  const auto again = parse_receipts(text + text);
  ASSERT_TRUE(again.ok());
  ASSERT_EQ(again->size(), 2U);
  EXPECT_EQ(receipt_text(again->front()), text);
}

TEST_F(ReceiptTest, GoldenFilesAreReadOrRefusedAsRecorded) {
  for (const char* name : {"sink-none", "sink-unknown", "upper-hex", "zero-count", "empty-endpoint",
                           "receipt-not-object", "empty", "header2"}) {
    const auto receipts = parse_receipts(golden_record(cat(name, ".txt")));
    ASSERT_FALSE(receipts.ok()) << name;
    EXPECT_EQ(receipts.error().code, Code::kPrecondition) << name;
    EXPECT_TRUE(receipts.error().token.starts_with("receipt.format.")) << name;
  }
  EXPECT_EQ(parse_receipts(golden_record("nonmonotonic.txt")).error().code, Code::kIntegrity);
  for (const char* name : {"two-sinks", "extra-field", "subsecond-submitted-at", "rekor-real-kind",
                           "ots-bad-magic", "text-hash-mismatch", "too-long"}) {
    const auto receipts = parse_receipts(golden_record(cat(name, ".txt")));
    EXPECT_TRUE(receipts.ok()) << name << receipts.error().text();
  }
}

TEST_F(ReceiptTest, BindingNeedsTheRowAndTheTextOfTheAnchor) {
  EXPECT_TRUE(check_binding(receipt_, report(3)).ok());
  Receipt other = receipt_;
  other.submitted_at.seconds += 1;
  EXPECT_EQ(check_binding(other, report(3)).error().token,
            "external_anchor_receipts.anchor_text_hash.mismatch");
  other = receipt_;
  other.head = events_[1].event_hash;
  EXPECT_EQ(check_binding(other, report(3)).error().token, "anchor.head_mismatch");
  other.event_count = 4;
  EXPECT_EQ(check_binding(other, report(4)).error().token, "anchor.ledger_shorter");
  receipt_.submitted_at.nanos = 123'000'000;
  EXPECT_TRUE(check_binding(receipt_, report(3)).ok()) << "the anchor text has whole seconds";
}

TEST_F(ReceiptTest, EveryFlippedBitOfAReceiptIsReported) {
  const fs::TestDir folder;
  const std::string ledger = folder / "events.jsonl";
  const std::string text = receipt_text(receipt_);
  ASSERT_TRUE(register_records(fs::posix(), ledger, {{text, "r.txt"}}).ok());
  const auto known = Register::read(fs::posix(), ledger);
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto receipts = parse_receipts(flipped);
    if (!receipts.ok()) {
      EXPECT_TRUE(receipts.error().token.starts_with("receipt.")) << bit;
      continue;
    }
    const Status bound = check_binding(receipts->front(), report(receipts->front().event_count));
    if (!bound.ok()) {
      EXPECT_FALSE(bound.error().token.empty()) << bit;
      continue;
    }
    EXPECT_EQ((*known)->unknown(kReceiptFormat, flipped)->size(), 1U) << "bit " << bit;
  }
}

TEST_F(ReceiptTest, EveryTruncationOfAReceiptIsReported) {
  const std::string text = receipt_text(receipt_);
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    EXPECT_FALSE(parse_receipts(text.substr(0, size)).ok()) << size;
  }
}

TEST(Register, RecordsThatLeftTheirFileAreCounted) {
  const fs::TestDir folder;
  const std::string ledger = folder / "events.jsonl";
  const std::string head(64, 'a');
  std::vector<std::string> records;
  for (std::uint64_t n = 1; n <= 3; ++n)
    records.push_back(anchor_text({{1'767'323'045, 0}, n, head}));
  const std::string history = records[0] + records[1] + records[2];
  ASSERT_TRUE(register_records(fs::posix(), ledger,
                               {{records[0], "/x/h"},
                                {records[1], "/x/h"},
                                {records[2], "/x/h"},
                                {records[2], "/x/one"},
                                {records[2], ""},
                                {records[2], "a\nb"}})
                  .ok());
  const auto known = Register::read(fs::posix(), ledger);
  const auto missing = [&](std::string_view text, const std::string& path) {
    return (*known)->missing(kAnchorFormat, text, path).value();
  };
  EXPECT_EQ(missing(history, "/elsewhere/h"), 0U);
  EXPECT_EQ(missing(records[0] + records[1], "h"), 1U);
  EXPECT_EQ(missing(history.substr(0, history.size() - 1), "h"), 1U) << "a cut line end";
  EXPECT_EQ(missing(records[0], "unknown"), 0U);
  EXPECT_EQ(missing(records[2], "/x/one"), 0U);
  EXPECT_EQ((*known)->unknown(kAnchorFormat, history)->size(), 0U);
}

TEST(Register, AbsentRegisterKnowsNothingAndIsNoError) {
  const fs::TestDir folder;
  const auto none = Register::read(fs::posix(), folder / "events.jsonl");
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
}

}  // namespace
}  // namespace cortex::ledger
