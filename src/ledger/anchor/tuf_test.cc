// TUF metadata: thresholds, the chain of roots, expiry, versions that go back, digests.
#include "ledger/anchor/tuf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/fs/fs.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "ledger/anchor/sigstore_root.h"

namespace cortex::ledger {
namespace {

using testing::HasSubstr;

constexpr Timestamp kNow{1'800'000'000, 0};

// Ed25519 keys by number.
struct Signer {
  explicit Signer(std::uint8_t n) : key(crypto::Seed{n}), id(cat("key", static_cast<int>(n))) {}
  crypto::SigningKey key;
  std::string id;
};

json::Object key_object(const Signer& signer) {
  return {{"keytype", "ed25519"},
          {"scheme", "ed25519"},
          {"keyval", json::Object{{"public", to_hex(signer.key.public_key())}}}};
}

std::string signed_text(json::Value part, const std::vector<const Signer*>& signers) {
  const std::string message = tuf_canonical(part).value();
  json::Array signatures;
  for (const Signer* signer : signers) {
    signatures.emplace_back(
        json::Object{{"keyid", signer->id}, {"sig", to_hex(signer->key.sign(message))}});
  }
  return json::write_compact(
      json::Object{{"signatures", std::move(signatures)}, {"signed", std::move(part)}});
}

class TufTest : public testing::Test {
 protected:
  json::Object root_part(std::uint64_t version, const std::vector<const Signer*>& holders,
                         std::uint64_t threshold) {
    json::Object keys{{online_.id, key_object(online_)}};
    json::Array ids;
    for (const Signer* holder : holders) {
      keys.set(holder->id, key_object(*holder));
      ids.emplace_back(holder->id);
    }
    const json::Object online{{"keyids", json::Array{online_.id}}, {"threshold", 1}};
    return {
        {"_type", "root"},
        {"consistent_snapshot", true},
        {"expires", "2030-01-01T00:00:00Z"},
        {"keys", std::move(keys)},
        {"roles",
         json::Object{{"root", json::Object{{"keyids", std::move(ids)}, {"threshold", threshold}}},
                      {"timestamp", online},
                      {"snapshot", online},
                      {"targets", online}}},
        {"version", version}};
  }
  TufRoot trusted() {
    return parse_tuf_root(signed_text(root_part(1, {&a_, &b_, &c_}, 2), {&a_, &b_})).value();
  }
  json::Object timestamp_part(std::uint64_t version) {
    return {{"_type", "timestamp"},
            {"expires", "2028-01-01T00:00:00Z"},
            {"meta", json::Object{{"snapshot.json", json::Object{{"version", 7}}}}},
            {"version", version}};
  }
  template <class T>
  static std::string why(const Result<T>& result) {
    if (result.ok()) return "";
    EXPECT_EQ(result.error().token, kTufToken);
    return result.error().message;
  }

  Signer a_{1}, b_{2}, c_{3}, online_{4}, stranger_{5};
};

TEST_F(TufTest, CanonicalForm_EscapesTwoCharactersOnly) {
  const auto parsed = json::parse(R"({"b":[1,true,null],"a":"line\nend \"q\" \\"})").value();
  EXPECT_EQ(tuf_canonical(parsed).value(),
            "{\"a\":\"line\nend \\\"q\\\" \\\\\",\"b\":[1,true,null]}");
  EXPECT_FALSE(tuf_canonical(json::parse("{\"a\":1.5}").value()).ok());
}

TEST_F(TufTest, RootBelowItsThresholdIsRefused) {
  const json::Object part = root_part(1, {&a_, &b_, &c_}, 2);
  EXPECT_TRUE(parse_tuf_root(signed_text(part, {&a_, &c_})).ok());
  EXPECT_THAT(why(parse_tuf_root(signed_text(part, {&a_}))), HasSubstr("1 of the 2 keys"));
  EXPECT_THAT(why(parse_tuf_root(signed_text(part, {&a_, &a_}))), HasSubstr("1 of the 2 keys"));
  EXPECT_THAT(why(parse_tuf_root(signed_text(part, {&a_, &stranger_}))), HasSubstr("1 of the 2"));
}

// One key under two names is one key.
TEST_F(TufTest, SameKeyTwice_CountsOnce) {
  json::Object part = root_part(1, {&a_}, 2);
  Signer twin(1);
  twin.id = "twin";
  part.find("keys")->as_object()->set("twin", key_object(twin));
  *part.find("roles")->as_object()->find("root")->as_object()->find("keyids") =
      json::Array{a_.id, "twin"};
  EXPECT_THAT(why(parse_tuf_root(signed_text(part, {&a_, &twin}))), HasSubstr("1 of the 2 keys"));
}

TEST_F(TufTest, RootsFollowEachOther_SignedByBoth) {
  const TufRoot first = trusted();
  const json::Object next = root_part(2, {&c_}, 1);
  EXPECT_TRUE(next_tuf_root(first, signed_text(next, {&a_, &b_, &c_})).ok());
  EXPECT_NE(why(next_tuf_root(first, signed_text(next, {&c_}))), "")
      << "the old keys did not agree";
  EXPECT_NE(why(next_tuf_root(first, signed_text(next, {&a_, &b_}))), "") << "nor the new ones";
  EXPECT_THAT(why(next_tuf_root(first, signed_text(root_part(3, {&a_}, 1), {&a_, &b_}))),
              HasSubstr("followed by version 3"));
  EXPECT_NE(why(next_tuf_root(first, signed_text(root_part(1, {&a_}, 1), {&a_, &b_}))), "");
}

TEST_F(TufTest, ExpiredRoot_IsTold) {
  const TufRoot root = trusted();
  EXPECT_TRUE(check_tuf_root_age(root, kNow).ok());
  EXPECT_FALSE(check_tuf_root_age(root, {1'900'000'000, 0}).ok());
}

TEST_F(TufTest, MetadataThatExpiredWentBackOrAreSignedByOthers) {
  const TufRoot root = trusted();
  const auto parse = [&](const json::Object& part, const Signer& signer, Timestamp now = kNow,
                         std::uint64_t seen = 5) {
    return parse_tuf_metadata(root, "timestamp", signed_text(part, {&signer}), now, seen);
  };
  const auto good = parse(timestamp_part(5), online_);
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_EQ(good->files.at("snapshot.json").version, 7U);
  EXPECT_THAT(why(parse(timestamp_part(4), online_)), HasSubstr("go back from version 5 to 4"));
  EXPECT_THAT(why(parse(timestamp_part(6), a_)), HasSubstr("0 of the 1"));
  EXPECT_THAT(why(parse(timestamp_part(6), online_, {1'850'000'000, 0})), HasSubstr("expired"));
  json::Object other = timestamp_part(6);
  other.set("_type", "snapshot");
  EXPECT_THAT(why(parse(other, online_)), HasSubstr("no timestamp metadata"));
  EXPECT_NE(why(parse_tuf_metadata(root, "timestamp", "{}", kNow, 0)), "");
  EXPECT_NE(why(parse_tuf_metadata(root, "timestamp", "not JSON", kNow, 0)), "");
}

// A flipped bit of what is signed, or of the signature, is refused; in the rest it changes nothing.
TEST_F(TufTest, EveryFlippedBitIsRefusedOrMeansNothing) {
  const TufRoot root = trusted();
  const std::string text = signed_text(timestamp_part(5), {&online_});
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto parsed = parse_tuf_metadata(root, "timestamp", flipped, kNow, 5);
    EXPECT_FALSE(parsed.ok()) << flipped;
  }
}

// The root in the program is what docs/formats.md says, and holds by itself: 3 of 5 people.
TEST_F(TufTest, RootOfSigstore) {
  const std::string text(sigstore_tuf_root());
  EXPECT_EQ(crypto::sha256_hex(text),
            "73747011d0857ada15479a16c4cae0f3ed03aac698b523b97e1de314ac9d9ca8");
  const auto root = parse_tuf_root(text);
  ASSERT_TRUE(root.ok()) << root.error().message;
  EXPECT_EQ(root->version, 15U);
  EXPECT_EQ(root->roles.at("root").threshold, 3U);
  EXPECT_EQ(root->roles.at("root").key_ids.size(), 5U);
  EXPECT_EQ(root->keys.size(), 6U);
  EXPECT_TRUE(root->consistent_snapshot);
  for (const char* name : {"root", "timestamp", "snapshot", "targets"}) {
    for (const std::string& id : root->roles.at(name).key_ids) {
      EXPECT_TRUE(root->keys.contains(id)) << name;
    }
  }
  json::Value document = json::parse(text).value();
  json::Value fewer = document;
  fewer.as_object()->find("signatures")->as_array()->resize(2);
  EXPECT_THAT(why(parse_tuf_root(json::write_compact(fewer))), HasSubstr("2 of the 3 keys"));
  document.as_object()->find("signed")->as_object()->set("version", 16);
  EXPECT_THAT(why(parse_tuf_root(json::write_compact(document))), HasSubstr("0 of the 3 keys"));
}

// As the people behind it signed it: ECDSA, and one of them not at all in the root before.
TEST_F(TufTest, RootOfSigstore_FollowsTheOneBefore) {
  const auto text = fs::read_all(fs::posix(), CORTEX_TEST_DATA "/sigstore/14.root.json", 1U << 20U);
  const auto before = parse_tuf_root(text.value());
  ASSERT_TRUE(before.ok()) << before.error().message;
  EXPECT_EQ(before->version, 14U);
  const auto next = next_tuf_root(*before, sigstore_tuf_root());
  ASSERT_TRUE(next.ok()) << next.error().message;
  EXPECT_THAT(why(next_tuf_root(*next, *text)), HasSubstr("root 15 is followed by version 14"));
}

TEST_F(TufTest, FileOfAnotherLengthOrDigest) {
  const TufFile file{.version = 0, .length = 3, .sha256 = crypto::sha256_hex("abc")};
  EXPECT_TRUE(check_tuf_file(file, "t", "abc").ok());
  EXPECT_FALSE(check_tuf_file(file, "t", "abd").ok());
  EXPECT_FALSE(check_tuf_file(file, "t", "abcd").ok());
}

}  // namespace
}  // namespace cortex::ledger
