#include "ledger/anchor/ots.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/text.h"
#include "crypto/old_digest.h"
#include "crypto/sha256.h"
#include "ledger/anchor/ots_receipt.h"

namespace cortex::ledger {
namespace {

std::string golden_receipt(std::string_view name) {
  return fs::read_all(fs::posix(), cat(CORTEX_TEST_DATA "/ledger/ots/", name), 1U << 20).value();
}

std::string bytes(std::string_view hex) {
  const auto raw = from_hex(hex).value();
  return {raw.begin(), raw.end()};
}

template <class Digest>
std::string text_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

const std::string kDigest = text_of(crypto::sha256("an anchor"));
const std::string kBitcoin = bytes("000588960d73d71901") + bytes("03e7c907");  // height 124135
std::string pending(std::string_view uri) {
  return cat(bytes("0083dfe30d2ef90c8e"), static_cast<char>(uri.size() + 1),
             static_cast<char>(uri.size()), uri);
}
const std::string kPending = pending("https://a.pool.opentimestamps.org");
const std::string kFork = "\xff";

TEST(Ots, GoldenProofsAreRead) {
  const auto both = parse_ots(golden_receipt("both.ots"));
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->attestations.size(), 2U);
  EXPECT_EQ(both->digest(), text_of(crypto::sha256("unrelated")));
  EXPECT_EQ(parse_ots(golden_receipt("btc.ots"))->attestations.front().kind,
            OtsAttestation::Kind::kBitcoin);
  EXPECT_EQ(parse_ots(golden_receipt("pend.ots"))->attestations.front().kind,
            OtsAttestation::Kind::kPending);
  const auto unknown = parse_ots(golden_receipt("unk.ots"));
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().token, kOtsUnknownTagToken);
  EXPECT_EQ(unknown.error().code, Code::kIntegrity);
}

TEST(Ots, EveryStepMakesTheMessageThatTheFormatSays) {
  struct Case {
    std::string step, message;
  };
  const std::vector<Case> cases = {
      {bytes("f003") + "abc", kDigest + "abc"},
      {bytes("f103") + "abc", "abc" + kDigest},
      {bytes("f2"), std::string(kDigest.rbegin(), kDigest.rend())},
      {bytes("f3"), crypto::sha256_hex("an anchor")},
      {bytes("02"), text_of(crypto::sha1(kDigest))},
      {bytes("03"), text_of(crypto::ripemd160(kDigest))},
      {bytes("08"), text_of(crypto::sha256(kDigest))},
  };
  for (const Case& c : cases) {
    const auto proof = parse_ots(wrap_timestamp(kDigest, c.step + kPending));
    ASSERT_TRUE(proof.ok()) << to_hex({reinterpret_cast<const std::uint8_t*>(c.step.data()), 1});
    EXPECT_EQ(proof->nodes.back().message, c.message);
    EXPECT_EQ(proof->attestations.front().node, 1U);
  }
}

TEST(Ots, MalformedProofsAreRefusedByName) {
  const std::string tag = bytes("0083dfe30d2ef90c8e");
  const std::string deep(257, '\x08');
  std::string wide;
  for (int i = 0; i < 65; ++i) wide += kFork + kBitcoin;
  const std::vector<std::string> trees = {
      "",
      kFork,
      kFork + kPending,
      kFork + kFork + kPending,
      kPending + "x",
      bytes("f000") + kPending,
      bytes("f0ffffffffffffffffffff01") + kPending,
      bytes("f08120") + std::string(4097, 'x') + kPending,
      bytes("f08020") + std::string(4096, 'x') + kPending,
      bytes("77") + kPending,
      tag + bytes("0604") + "http!",
      tag + bytes("0201") + "~",
      tag + bytes("03") + bytes("02") + "hi" + "x",
      bytes("000588960d73d719010301") + "xx",
      deep + kPending,
      wide + kBitcoin,
      std::string(kOtsProofBytesMax, '\xff'),
  };
  for (const std::string& tree : trees) {
    const auto proof = parse_ots(wrap_timestamp(kDigest, tree));
    ASSERT_FALSE(proof.ok()) << tree.size();
    EXPECT_EQ(proof.error().token, kOtsMalformedToken);
    EXPECT_EQ(proof.error().code, Code::kPrecondition);
  }
  EXPECT_FALSE(parse_ots("").ok());
  EXPECT_FALSE(parse_ots(kDigest).ok());
  EXPECT_TRUE(parse_ots(wrap_timestamp(kDigest, deep.substr(1) + kPending)).ok());
}

TEST(Ots, WrittenProofIsReadBackAsTheSameTree) {
  const std::string tree = kFork + kPending + kFork + bytes("08") + kBitcoin + bytes("f2") + kFork +
                           kBitcoin + bytes("f003") + "abc" +
                           pending("https://finney.calendar.eternitywall.com");
  const auto proof = parse_ots(wrap_timestamp(kDigest, tree));
  ASSERT_TRUE(proof.ok());
  EXPECT_EQ(write_ots(*proof), wrap_timestamp(kDigest, tree));
}

TEST(Ots, JoinedTimestampKeepsThePromiseAndAddsTheConfirmation) {
  const std::string tree = bytes("f003") + "abc" + kPending;
  auto proof = parse_ots(wrap_timestamp(kDigest, tree));
  ASSERT_TRUE(proof.ok());
  ASSERT_TRUE(join_timestamp(*proof, 1, bytes("08") + kBitcoin).ok());
  const auto again = parse_ots(write_ots(*proof));
  ASSERT_TRUE(again.ok());
  ASSERT_EQ(again->attestations.size(), 2U);
  EXPECT_EQ(again->nodes[again->attestations[1].node].message,
            text_of(crypto::sha256(kDigest + "abc")));
  EXPECT_TRUE(again->descends(again->attestations[1].node, again->attestations[0].node));
  EXPECT_FALSE(join_timestamp(*proof, 1, "").ok());
  EXPECT_EQ(proof->attestations.size(), 2U) << "a refused answer changes nothing";
}

class OtsReceiptTest : public testing::Test {
 protected:
  OtsReceiptTest() {
    receipt_.sink = Sink::kOpenTimestamps;
    receipt_.event_count = 1;
    receipt_.submitted_at = {1'767'323'045, 0};
    receipt_.anchor_text_sha256 = crypto::sha256_hex("an anchor");
  }
  // Any regtest work will do here: the floors have their own test.
  static constexpr WorkFloor kEasy[] = {{0, 0}};

  OtsVerdict judge(std::string_view tree, std::optional<BlockHeader> header = std::nullopt) {
    const std::string proof = wrap_timestamp(kDigest, tree);
    const auto* raw = reinterpret_cast<const std::uint8_t*>(proof.data());
    receipt_.receipt.set("ots_proof_base64", to_base64({raw, proof.size()}));
    return judge_ots(
               receipt_, proof_of(receipt_).value(),
               [&](std::uint64_t height) -> Result<std::optional<BlockHeader>> {
                 EXPECT_EQ(height, 124'135U);
                 return header;
               },
               kEasy)
        .value();
  }
  // A header of the easiest target that commits to `root`, with its work done.
  BlockHeader mine(std::string_view root, std::int64_t time) {
    BlockHeader header;
    std::copy(root.begin(), root.end(), header.bytes.begin() + 36);
    for (unsigned i = 0; i < 4; ++i) {
      header.bytes[68 + i] = static_cast<std::uint8_t>(time >> (8 * i));
    }
    header.bytes[72] = header.bytes[73] = 0xFF;
    header.bytes[74] = 0x7F;
    header.bytes[75] = 0x20;
    while (!check_work(header, kEasy).ok()) ++header.bytes[76];
    return header;
  }
  Receipt receipt_;
};

TEST_F(OtsReceiptTest, PromiseAloneIsPending) {
  const OtsVerdict verdict = judge(kPending);
  EXPECT_EQ(verdict.state, OtsState::kPending);
  EXPECT_EQ(verdict.token, kOtsPendingToken);
}

TEST_F(OtsReceiptTest, BlockWithoutItsHeaderIsPartial) {
  const OtsVerdict verdict = judge(kBitcoin);
  EXPECT_EQ(verdict.state, OtsState::kPartial);
  EXPECT_EQ(verdict.token, kOtsNoHeaderToken);
}

TEST_F(OtsReceiptTest, BlockThatHoldsTheDigestIsFullAndNamesItsOperators) {
  const BlockHeader header = mine(text_of(crypto::sha256(kDigest)), receipt_.submitted_at.seconds);
  const OtsVerdict verdict = judge(kFork + kPending + bytes("08") + kBitcoin, header);
  EXPECT_EQ(verdict.state, OtsState::kFull) << verdict.message;
  EXPECT_EQ(verdict.operators, std::set<std::string_view>{"peter_todd"});
  // A promise elsewhere in the tree says nothing about this block.
  const OtsVerdict beside = judge(kFork + bytes("f2") + kPending + bytes("08") + kBitcoin, header);
  EXPECT_EQ(beside.state, OtsState::kFull);
  EXPECT_TRUE(beside.operators.empty());
}

TEST_F(OtsReceiptTest, FabricatedEvidenceIsBrokenByName) {
  const std::int64_t time = receipt_.submitted_at.seconds;
  const std::string tree = bytes("08") + kBitcoin;
  const std::string root = text_of(crypto::sha256(kDigest));
  BlockHeader header = mine(text_of(crypto::sha256("another block")), time);
  EXPECT_EQ(judge(tree, header).token, kOtherBlockToken);
  header = mine(root, time);
  do {
    ++header.bytes[77];
  } while (check_work(header, kEasy).ok());
  EXPECT_EQ(judge(tree, header).token, kNoWorkToken);
  EXPECT_EQ(judge(tree, mine(root, time - 7201)).token, kTooEarlyToken);
  EXPECT_EQ(judge(tree, mine(root, time - 7200)).state, OtsState::kFull);
  receipt_.anchor_text_sha256 = crypto::sha256_hex("another anchor");
  const OtsVerdict other = judge(tree, mine(root, time));
  EXPECT_EQ(other.state, OtsState::kBroken);
  EXPECT_EQ(other.token, kOtsOtherDigestToken);
}

TEST_F(OtsReceiptTest, QuorumNeedsTwoOperatorsBehindOneAnchor) {
  const OtsVerdict todd{OtsState::kFull, "", "", {"peter_todd"}};
  const OtsVerdict wall{OtsState::kFull, "", "", {"eternitywall"}};
  std::vector<Receipt> receipts = {receipt_, receipt_};
  std::vector<OtsVerdict> verdicts = {todd, todd};
  demand_quorum(receipts, verdicts);
  EXPECT_EQ(verdicts[0].state, OtsState::kPartial);
  EXPECT_EQ(verdicts[1].token, kOtsQuorumToken);
  verdicts = {todd, wall};
  demand_quorum(receipts, verdicts);
  EXPECT_EQ(verdicts[0].state, OtsState::kFull);
  receipts[1].anchor_text_sha256 = crypto::sha256_hex("another anchor");
  demand_quorum(receipts, verdicts);
  EXPECT_EQ(verdicts[1].token, kOtsQuorumToken) << "operators of different anchors do not add up";
}

TEST_F(OtsReceiptTest, OperatorsAreToldByHostAlone) {
  EXPECT_EQ(calendar_operator("https://A.pool.opentimestamps.org:443/x"), "peter_todd");
  EXPECT_EQ(calendar_operator("https://x.finney.calendar.eternitywall.com"), "eternitywall");
  EXPECT_EQ(calendar_operator("https://evil.test/a.pool.opentimestamps.org"), "");
  EXPECT_EQ(calendar_operator("https://evila.pool.opentimestamps.org"), "");
  EXPECT_EQ(calendar_operator("a.pool.opentimestamps.org"), "");
  for (const std::string_view url : public_calendars()) EXPECT_NE(calendar_operator(url), "");
}

TEST_F(OtsReceiptTest, EveryFlippedBitOfAProofIsReported) {
  const std::string root = text_of(crypto::sha256(kDigest));
  const BlockHeader header = mine(root, receipt_.submitted_at.seconds);
  const std::string proof = wrap_timestamp(kDigest, bytes("08") + kBitcoin);
  for (std::size_t bit = 0; bit < proof.size() * 8; ++bit) {
    std::string flipped = proof;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto parsed = parse_ots(flipped);
    if (!parsed.ok()) {
      EXPECT_TRUE(parsed.error().token.starts_with("ots.")) << bit;
      continue;
    }
    const auto verdict = judge_ots(
        receipt_, *parsed,
        [&](std::uint64_t height) -> Result<std::optional<BlockHeader>> {
          if (height != 124'135) return std::optional<BlockHeader>();
          return std::optional<BlockHeader>(header);
        },
        kEasy);
    EXPECT_NE(verdict->state, OtsState::kFull) << bit;
    EXPECT_FALSE(verdict->token.empty()) << bit;
  }
}

// Block 125552 of the real chain.
constexpr std::string_view kRealHeader =
    "0100000081cd02ab7e569e8bcd9317e2fe99f2de44d49ab2b8851ba4a308000000000000"
    "e320b6c2fffc8d750423db8b1eb942ae710e951ed797f7affc8892b0f1fc122bc7f5d74df2b9441a42a14695";

BlockHeader real_header() {
  BlockHeader header;
  const std::string raw = bytes(kRealHeader);
  std::copy(raw.begin(), raw.end(), header.bytes.begin());
  return header;
}

TEST(Bitcoin, RealBlockHasItsHashAndItsWork) {
  const BlockHeader header = real_header();
  EXPECT_EQ(header.hash(), "00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d");
  EXPECT_EQ(header.time().seconds, 1'305'998'791);
  EXPECT_TRUE(check_work(header, mainnet_work()).ok());
}

TEST(Bitcoin, EveryFlippedBitOfAHeaderLosesItsWork) {
  for (std::size_t bit = 0; bit < kBlockHeaderBytes * 8; ++bit) {
    BlockHeader header = real_header();
    header.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_EQ(check_work(header, mainnet_work()).error().token, kNoWorkToken) << bit;
  }
}

TEST(Bitcoin, EasyTargetsOfLaterYearsAreNoWork) {
  // The same work would not have been a block in 2014, whatever its header says.
  const WorkFloor later[] = {{0, 32}, {1'305'998'791, 63}};
  EXPECT_EQ(check_work(real_header(), later).error().token, kNoWorkToken);
  BlockHeader zero;
  EXPECT_EQ(check_work(zero, mainnet_work()).error().token, kNoWorkToken) << "no target at all";
  zero.bytes[72] = 1;
  zero.bytes[75] = 0xFF;
  EXPECT_EQ(check_work(zero, mainnet_work()).error().token, kNoWorkToken) << "target out of range";
}

}  // namespace
}  // namespace cortex::ledger
