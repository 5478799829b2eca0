#include "ledger/anchor/rekor.h"

#include <gtest/gtest.h>

#include <iterator>
#include <string>
#include <vector>

#include "base/fs/test_dir.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "crypto/p256.h"
#include "crypto/sha256.h"
#include "ledger/tlog/merkle.h"

namespace cortex::ledger {
namespace {

std::string base64(std::string_view bytes) {
  return to_base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

// A log of three entries, the second of which is ours.
class RekorTest : public testing::Test {
 protected:
  RekorTest() {
    receipt_.event_count = 3;
    receipt_.head = std::string(64, 'a');
    receipt_.submitted_at = {1'767'323'045, 0};
    receipt_.endpoint = "https://log.example.test";
    receipt_.anchor_text_sha256 = crypto::sha256_hex(anchor_text(receipt_.anchor()));
    const auto spki = log_key_.public_key().spki();
    key_hash_ = crypto::sha256({reinterpret_cast<const char*>(spki.data()), spki.size()});
    TransparencyLog log;
    log.base_url = receipt_.endpoint;
    log.key_id = to_base64(key_hash_);
    log.key_details = "PKIX_ECDSA_P256_SHA_256";
    log.raw_key = to_base64(spki);
    log.valid_from = {1'700'000'000, 0};
    root_.logs.push_back(log);
    body_ = rekor_proposal(anchor_text(receipt_.anchor())).value();
  }
  void SetUp() override { fill(); }

  virtual std::string signed_text(std::string_view text) {
    const auto der = log_key_.sign(text).value();
    return {der.begin(), der.end()};
  }
  std::string sign(std::string_view text) { return base64(signed_text(text)); }

  // What the log answers for `body_`.
  void fill() {
    const TreeHash other = leaf_hash("another entry");
    const TreeHash root = node_hash(node_hash(other, leaf_hash(body_)), other);
    const json::Object promised{{"body", base64(body_)},
                                {"integratedTime", integrated_},
                                {"logID", to_hex(key_hash_)},
                                {"logIndex", 41}};
    const std::string text = cat("log.example.test - 1\n3\n", to_base64(root), "\n");
    std::string line(reinterpret_cast<const char*>(key_hash_.data()), 4);
    line += signed_text(text);
    receipt_.receipt = promised;
    receipt_.receipt.set("uuid", cat("0000000000000001", to_hex(leaf_hash(body_))));
    receipt_.receipt.set("signedEntryTimestamp", sign(json::write_compact(promised)));
    receipt_.receipt.set("inclusionProof",
                         json::Object{{"checkpoint", cat(text, "\n\xe2\x80\x94 log.example.test ",
                                                         base64(line), "\n")},
                                      {"hashes", json::Array{to_hex(other), to_hex(other)}},
                                      {"logIndex", 1},
                                      {"rootHash", to_hex(root)},
                                      {"treeSize", 3}});
  }
  std::string token() {
    const auto entry = verify_rekor(receipt_, root_);
    if (entry.ok()) return "";
    EXPECT_EQ(entry.error().code, Code::kIntegrity);
    return entry.error().token;
  }
  json::Object& proof() { return *receipt_.receipt.find("inclusionProof")->as_object(); }

  crypto::P256SigningKey log_key_ = crypto::P256SigningKey::generate().value();
  crypto::Sha256Digest key_hash_{};
  TrustedRoot root_;
  Receipt receipt_;
  std::string body_;
  std::int64_t integrated_ = 1'767'323'046;
};

TEST_F(RekorTest, EntryOfThisAnchorInAKnownLogHolds) {
  EXPECT_EQ(token(), "");
  EXPECT_TRUE(has_rekor_entry(receipt_));
  proof().erase("checkpoint");
  EXPECT_EQ(token(), "") << "logs of old gave no checkpoint";
}

// The key as logs publish it. Not inlined: gcc 12 takes it for shorter than it is.
[[gnu::noinline]] std::vector<std::uint8_t> spki_of(const crypto::PublicKey& key) {
  std::array<std::uint8_t, 44> spki{0x30, 0x2A, 0x30, 0x05, 0x06, 0x03,
                                    0x2B, 0x65, 0x70, 0x03, 0x21, 0x00};
  std::ranges::copy(key, spki.begin() + 12);
  return {spki.begin(), spki.end()};
}

// As the public log of 2025: its id is the hash of its name and key, as notes have it.
class Ed25519RekorTest : public RekorTest {
 protected:
  Ed25519RekorTest() {
    const crypto::PublicKey& key = ed25519_.public_key();
    spki_ = spki_of(key);
    std::string named = "log.example.test\n\x01";
    named.append(reinterpret_cast<const char*>(key.data()), key.size());
    key_hash_ = crypto::sha256(named);
    TransparencyLog& log = root_.logs.front();
    log.key_id = to_base64(key_hash_);
    log.key_details = "PKIX_ED25519";
    log.raw_key = to_base64(spki_);
  }
  std::string signed_text(std::string_view text) override {
    const crypto::Signature bytes = ed25519_.sign(text);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  crypto::SigningKey ed25519_ = crypto::SigningKey(crypto::Seed{7});
  std::vector<std::uint8_t> spki_;
};

TEST_F(Ed25519RekorTest, EntryAndCheckpointOfSuchALogHold) { EXPECT_EQ(token(), ""); }

TEST_F(Ed25519RekorTest, WhatAnotherKeySignedIsRefused) {
  receipt_.receipt.set("signedEntryTimestamp", base64(RekorTest::signed_text("anything")));
  EXPECT_EQ(token(), kRekorSetToken) << "a signature of the other scheme";
  ed25519_ = crypto::SigningKey(crypto::Seed{8});
  fill();
  EXPECT_EQ(token(), kRekorSetToken);
}

TEST_F(Ed25519RekorTest, CheckpointOfAnotherKeyIsRefused) {
  const std::string good = *proof().find("checkpoint")->as_string();
  ed25519_ = crypto::SigningKey(crypto::Seed{8});
  fill();
  const std::string other = *proof().find("checkpoint")->as_string();
  ed25519_ = crypto::SigningKey(crypto::Seed{7});
  fill();
  EXPECT_EQ(*proof().find("checkpoint")->as_string(), good);
  proof().set("checkpoint", other);
  EXPECT_EQ(token(), kRekorCheckpointToken);
}

TEST_F(Ed25519RekorTest, KeysThatCannotBeUsedAreRefused) {
  std::vector<std::uint8_t> low_order = spki_;
  for (std::size_t i = low_order.size() - 32; i < low_order.size(); ++i) low_order[i] = 0;
  std::vector<std::uint8_t> wrong_prefix = spki_;
  wrong_prefix[8] = 0x6E;
  for (const auto& bytes :
       {low_order, wrong_prefix, std::vector<std::uint8_t>(spki_.begin(), spki_.end() - 1)}) {
    root_.logs.front().raw_key = to_base64(bytes);
    EXPECT_EQ(token(), kRekorNoLogToken);
  }
  root_.logs.front().key_details = "PKIX_RSA_PKCS1V15_2048_SHA256";
  EXPECT_EQ(token(), kRekorNoLogToken);
}

TEST_F(RekorTest, EntryOfAnotherLogIsRefused) {
  root_.logs.front().key_id = to_base64(crypto::sha256("another log"));
  EXPECT_EQ(token(), kRekorNoLogToken);
}

TEST_F(RekorTest, PromiseOfAnotherKeyIsRefused) {
  log_key_ = crypto::P256SigningKey::generate().value();
  receipt_.receipt.set("signedEntryTimestamp", sign("anything"));
  EXPECT_EQ(token(), kRekorSetToken);
}

TEST_F(RekorTest, KeyOutsideItsWindowIsRefused) {
  integrated_ = 1'600'000'000;
  fill();
  EXPECT_EQ(token(), kRekorWindowToken);
  integrated_ = 1'767'323'046;
  fill();
  root_.logs.front().valid_to = Timestamp{1'750'000'000, 0};
  EXPECT_EQ(token(), kRekorWindowToken);
}

TEST_F(RekorTest, EntryForAnotherAnchorIsRefused) {
  body_ = rekor_proposal("another text").value();
  fill();
  EXPECT_EQ(token(), kRekorOtherEntryToken);
}

TEST_F(RekorTest, EntrySignedByAnotherKeyIsRefused) {
  const auto document = json::parse(rekor_proposal("another text").value());
  auto mine = json::parse(body_).value();
  *mine.as_object()->find("spec")->as_object()->find("signature") =
      *document->find("spec")->find("signature");
  body_ = json::write_compact(mine);
  fill();
  EXPECT_EQ(token(), kRekorEntrySignatureToken);
}

TEST_F(RekorTest, ProofThatDoesNotLeadToTheRootIsRefused) {
  proof().set("logIndex", 0);
  EXPECT_EQ(token(), kRekorInclusionToken);
  fill();
  proof().set("treeSize", 0);
  EXPECT_EQ(token(), kRekorInclusionToken);
  fill();
  proof().set("rootHash", std::string(64, 'A'));
  EXPECT_EQ(token(), kRekorInclusionToken);
  fill();
  receipt_.receipt.set("uuid", std::string(80, '0'));
  EXPECT_EQ(token(), kRekorOtherEntryToken);
}

TEST_F(RekorTest, CheckpointOfAnotherTreeOrKeyIsRefused) {
  std::string note = *proof().find("checkpoint")->as_string();
  note[note.find("\n3\n") + 1] = '4';
  proof().set("checkpoint", note);
  EXPECT_EQ(token(), kRekorCheckpointToken);
  fill();
  note = *proof().find("checkpoint")->as_string();
  note.replace(0, 3, "LOG");
  proof().set("checkpoint", note);
  EXPECT_EQ(token(), kRekorCheckpointToken);
  proof().set("checkpoint", "no note");
  EXPECT_EQ(token(), kRekorCheckpointToken);
}

TEST_F(RekorTest, BodiesThatAreNoSuchEntryAreRefused) {
  for (const char* body : {"[]", "{}", "{\"kind\":\"intoto\",\"apiVersion\":\"0.0.1\"}", "{"}) {
    body_ = body;
    fill();
    EXPECT_EQ(token(), kRekorVerifyToken) << body;
  }
  receipt_.receipt.set("body", "~");
  EXPECT_EQ(token(), kRekorVerifyToken);
  receipt_.receipt.erase("logIndex");
  EXPECT_EQ(token(), kRekorVerifyToken);
}

TEST_F(RekorTest, AnswerOfALogBecomesAReceiptOrIsRefused) {
  const json::Object entry{
      {"body", *receipt_.receipt.find("body")},
      {"integratedTime", *receipt_.receipt.find("integratedTime")},
      {"logID", *receipt_.receipt.find("logID")},
      {"logIndex", 41},
      {"verification",
       json::Object{{"inclusionProof", *receipt_.receipt.find("inclusionProof")},
                    {"signedEntryTimestamp", *receipt_.receipt.find("signedEntryTimestamp")}}}};
  const std::string uuid = *receipt_.receipt.find("uuid")->as_string();
  const auto receipt = rekor_receipt(json::write_compact(json::Object{{uuid, entry}}));
  ASSERT_TRUE(receipt.ok());
  receipt_.receipt = *receipt;
  EXPECT_EQ(token(), "");
  for (const char* answer : {"", "[]", "{}", "{\"u\":{}}", "{\"u\":3}"}) {
    const auto refused = rekor_receipt(answer);
    ASSERT_FALSE(refused.ok()) << answer;
    EXPECT_EQ(refused.error().token, kRekorSubmitToken);
    EXPECT_EQ(refused.error().code, Code::kPrecondition);
  }
}

class TrustedRootTest : public testing::Test {
 protected:
  static std::string golden(std::string_view name) {
    return fs::read_all(fs::posix(), cat(CORTEX_TEST_DATA "/ledger/trusted-root/", name), 1U << 20)
        .value();
  }
  fs::TestDir folder_;
  std::string path_ = folder_ / "trusted_root.json";
};

TEST_F(TrustedRootTest, GoldenRootsAreReadOrRefused) {
  for (const char* name : {"root_bad", "root_empty", "root_media", "root_nobase", "root_nostart"}) {
    const auto root = parse_trusted_root(golden(cat(name, ".json")));
    ASSERT_FALSE(root.ok()) << name;
    EXPECT_EQ(root.error().token, "trusted_root.malformed");
  }
  const auto root = parse_trusted_root(golden("root_new.json"));
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(trusted_root_text(*root), golden("installed-from-root_new.json"));
}

TEST_F(TrustedRootTest, SnapshotNamesTheTwoPublicLogs) {
  const TrustedRoot& root = embedded_trusted_root();
  ASSERT_EQ(root.logs.size(), 2U);
  EXPECT_EQ(format_rfc3339(root.signed_at, Offset::kZ), "2025-09-23T00:00:00Z");
  // The id of a log of the first generation is the hash of its key.
  const TransparencyLog& log = root.logs.front();
  const auto key = from_base64(log.raw_key).value();
  const auto hash = crypto::sha256({reinterpret_cast<const char*>(key.data()), key.size()});
  EXPECT_EQ(to_base64(hash), log.key_id);
}

TEST_F(TrustedRootTest, StoredRootReplacesTheOldOneAndAgesFromThen) {
  const auto root = parse_trusted_root(golden("root_new.json"));
  ASSERT_TRUE(store_trusted_root(fs::posix(), path_, embedded_trusted_root()).ok());
  ASSERT_TRUE(fs::write_new(fs::posix(), path_ + ".tmp", "left over", 0600).ok());
  ASSERT_TRUE(store_trusted_root(fs::posix(), path_, *root).ok());
  const Timestamp made = fs::posix().stat(path_)->modified;
  const auto state = [&](std::int64_t later) {
    return load_trusted_root(fs::posix(), path_, {made.seconds + later, 0}).state;
  };
  EXPECT_EQ(state(0), RootState::kCached);
  EXPECT_EQ(state(30 * 86'400), RootState::kCached);
  EXPECT_EQ(state(30 * 86'400 + 1), RootState::kCachedStale);
  EXPECT_EQ(state(-60), RootState::kCached);
  EXPECT_EQ(state(-61), RootState::kCachedFuture);
  EXPECT_EQ(fs::posix().list(folder_.path())->size(), 1U);
}

TEST_F(TrustedRootTest, WithoutACacheTheSnapshotCountsWithItsOwnAge) {
  EXPECT_EQ(load_trusted_root(fs::posix(), path_, {1'778'544'000, 0}).state, RootState::kEmbedded);
  EXPECT_EQ(load_trusted_root(fs::posix(), path_, {1'790'000'000, 0}).state,
            RootState::kEmbeddedStale);
  ASSERT_TRUE(fs::write_new(fs::posix(), path_, "{}", 0600).ok());
  const LoadedRoot loaded = load_trusted_root(fs::posix(), path_, {1'778'544'000, 0});
  EXPECT_EQ(loaded.state, RootState::kCachedInvalid);
  EXPECT_FALSE(loaded.root.has_value());
}

}  // namespace
}  // namespace cortex::ledger
