#include "ledger/anchor/anchor.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "base/fs/fs.h"
#include "base/text.h"
#include "ledger/anchor/register.h"
#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

std::string golden_anchor(std::string_view name) {
  return fs::read_all(fs::posix(), cat(CORTEX_TEST_DATA "/ledger/anchors/", name), 1U << 20)
      .value();
}

const std::string kHash(64, 'a');

TEST(Anchor, WrittenTextIsReadBackAndIsThatOfTheFormat) {
  const Anchor anchor{{1'767'323'045, 987}, 7, kHash};
  const std::string text = anchor_text(anchor);
  EXPECT_EQ(text, cat("# cortex-ledger-anchor-format: 1\n2026-01-02T03:04:05Z 7 ", kHash, "\n"));
  const auto again = parse_anchor(text);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(anchor_text(*again), text);
}

TEST(Anchor, EveryMalformedTextHasItsToken) {
  const std::string head = "# cortex-ledger-anchor-format: 1\n";
  const std::string good = cat("2026-01-02T03:04:05Z 7 ", kHash);
  const std::tuple<std::string, const char*> cases[] = {
      {"", "empty"},
      {"# cortex-ledger-anchor-format: 2\n" + good, "header"},
      {head, "body"},
      {head + "\n" + good, "body"},
      {head + " " + good, "body"},
      {head + good + " \n", "body"},
      {head + good + "\n\n", "trailing"},
      {head + good + "\n" + head + good + "\n", "trailing"},
      {head + cat("2026-01-02T03:04:05Z  7 ", kHash), "fields"},
      {head + cat("2026-01-02T03:04:05Z 7 ", kHash, " x"), "fields"},
      {head + cat("2026-01-02 7 ", kHash), "time"},
      {head + cat("2026-01-02T03:04:05Z -7 ", kHash), "count"},
      {head + cat("2026-01-02T03:04:05Z 18446744073709551616 ", kHash), "count"},
      {head + "2026-01-02T03:04:05Z 7 " + std::string(64, 'A'), "hash"},
      {head + "2026-01-02T03:04:05Z 7 " + std::string(63, 'a'), "hash"},
  };
  for (const auto& [text, kind] : cases) {
    const auto anchor = parse_anchor(text);
    ASSERT_FALSE(anchor.ok()) << text;
    EXPECT_EQ(anchor.error().token, cat("anchor.format.", kind)) << text;
    EXPECT_EQ(anchor.error().code, Code::kPrecondition);
  }
}

// The golden files, without those that need the ledger to be refused.
TEST(Anchor, GoldenFilesAreReadOrRefusedAsRecorded) {
  const std::string table = golden_anchor("expected.tsv");
  for (const std::string_view line : split(table, '\n')) {
    const auto fields = split(line, '\t');
    if (fields.size() != 3 || fields[0] == "file") continue;
    const std::string text = golden_anchor(fields[0]);
    const bool malformed =
        fields[1] == "--against" ? !parse_anchor(text).ok() : !parse_anchor_history(text).ok();
    const bool decreases = fields[0] == "h-nonmonotonic.txt";
    EXPECT_EQ(malformed, fields[2] == "7" || decreases) << fields[0];
  }
  EXPECT_EQ(parse_anchor_history(golden_anchor("h-nonmonotonic.txt")).error().token,
            "anchor.history.count_decreases");
}

class AnchorCheckTest : public testing::Test {
 protected:
  ChainReport report(std::vector<std::uint64_t> positions) {
    TextFile file(ledger_text(events_));
    return verify_chain(file, file.text.size(), {.positions = std::move(positions)}).value();
  }
  std::string token(const Anchor& anchor) {
    const Status status = check_anchor(anchor, report({anchor.event_count}));
    if (status.ok()) return "";
    EXPECT_EQ(status.error().code, Code::kIntegrity);
    return status.error().token;
  }
  std::vector<core::Event> events_ = sealed_events(3);
};

TEST_F(AnchorCheckTest, HoldsForEveryRowAndForNothingElse) {
  for (std::uint64_t n = 1; n <= 3; ++n) EXPECT_EQ(token({{}, n, events_[n - 1].event_hash}), "");
  EXPECT_EQ(token({{}, 2, events_[2].event_hash}), "anchor.head_mismatch");
  EXPECT_EQ(token({{}, 4, events_[2].event_hash}), "anchor.ledger_shorter");
  EXPECT_EQ(token({{}, 0, events_[2].event_hash}), "anchor.no_position");
}

TEST_F(AnchorCheckTest, EveryFlippedBitOfAnAnchorIsReported) {
  const fs::TestDir folder;
  const std::string ledger = folder / "events.jsonl";
  const std::string text = anchor_text({{1'767'323'045, 0}, 3, events_[2].event_hash});
  ASSERT_TRUE(register_records(fs::posix(), ledger, {{text, "a.anchor"}}).ok());
  const auto known = Register::read(fs::posix(), ledger);
  ASSERT_TRUE(known.ok() && *known && (*known)->knows(text));
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto anchor = parse_anchor(flipped);
    if (!anchor.ok()) {
      EXPECT_TRUE(anchor.error().token.starts_with("anchor.format.")) << bit;
      continue;
    }
    const Status held = check_anchor(*anchor, report({anchor->event_count}));
    if (!held.ok()) {
      EXPECT_TRUE(held.error().token.starts_with("anchor.")) << bit;
      continue;
    }
    EXPECT_EQ((*known)->unknown(kAnchorFormat, flipped)->size(), 1U) << "bit " << bit;
  }
}

TEST_F(AnchorCheckTest, EveryTruncationOfAnAnchorIsReported) {
  const std::string text = anchor_text({{1'767'323'045, 0}, 3, events_[2].event_hash});
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    EXPECT_FALSE(parse_anchor(text.substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace cortex::ledger
