#include "ledger/tlog/note.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::ledger {
namespace {

// The example of the Go package that the format comes from.
constexpr std::string_view kKeyText =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr std::string_view kSignature =
    "\xE2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

std::string known_note() { return cat(kText, "\n", kSignature); }

crypto::SigningKey key_of(std::uint8_t fill) {
  crypto::Seed seed;
  seed.fill(fill);
  return crypto::SigningKey(seed);
}

TEST(Note, KnownAnswer_Verifies) {
  const auto key = parse_verifier_key(kKeyText);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "PeterNeumann");
  EXPECT_EQ(note_key_id(key->name, key->key), 0xC74F20A3U);
  EXPECT_EQ(verifier_key_text(*key), kKeyText);
  const auto note = parse_note(known_note());
  ASSERT_TRUE(note.ok()) << note.error().text();
  EXPECT_EQ(note->text, kText);
  EXPECT_TRUE(is_signed_by(*note, key->name, key->key));
  EXPECT_TRUE(is_signed_by(*note, "", key->key));
  EXPECT_FALSE(is_signed_by(*note, "other", key->key));
  EXPECT_FALSE(is_signed_by(*note, "", key_of(1).public_key()));
}

TEST(Note, EveryBitFlipAndTruncation_IsNoSignedNote) {
  const auto key = parse_verifier_key(kKeyText).value();
  const std::string good = known_note();
  const auto holds = [&key](std::string_view bytes) {
    const auto note = parse_note(bytes);
    return note.ok() && is_signed_by(*note, key.name, key.key);
  };
  ASSERT_TRUE(holds(good));
  for (std::size_t i = 0; i < good.size() * 8; ++i) {
    std::string changed = good;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(holds(changed)) << i;
  }
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(holds(good.substr(0, size)));
}

TEST(Note, EveryBitFlipOfAVerifierKey_IsNoKey) {
  for (std::size_t i = 0; i < kKeyText.size() * 8; ++i) {
    std::string changed(kKeyText);
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(parse_verifier_key(changed)) << changed;
  }
}

TEST(Note, WhatIsSigned_ReadsBackAndVerifies) {
  const auto key = key_of(7);
  const std::string bytes = sign_note("a\n\nb\n", "log.example/1", key);
  const auto note = parse_note(bytes);
  ASSERT_TRUE(note.ok()) << note.error().text();
  EXPECT_EQ(note->text, "a\n\nb\n");
  ASSERT_EQ(note->signatures.size(), 1U);
  EXPECT_TRUE(is_signed_by(*note, "log.example/1", key.public_key()));
}

TEST(Note, UnknownSignatures_AreIgnored_AWrongOneIsNot) {
  const auto key = key_of(7);
  const std::string good = sign_note("text\n", "me", key);
  const std::string other = sign_note("text\n", "witness", key_of(8)).substr(6);
  const auto both = parse_note(good + other);
  ASSERT_TRUE(both.ok()) << both.error().text();
  EXPECT_EQ(both->signatures.size(), 2U);
  EXPECT_TRUE(is_signed_by(*both, "me", key.public_key()));
  // Its own line over another text, besides a good one.
  const std::string wrong = sign_note("other\n", "me", key).substr(7);
  const auto mixed = parse_note(good + wrong);
  ASSERT_TRUE(mixed.ok()) << mixed.error().text();
  EXPECT_FALSE(is_signed_by(*mixed, "me", key.public_key()));
}

TEST(Note, OtherForms_AreRefused) {
  const std::string good = known_note();
  const std::string cases[] = {
      "",
      "\n",
      "text\n",
      "text\n\n",
      good + "\n",
      good + "x",
      "\xFF" + good,
      "a\tb" + good,
      cat(kText, kSignature),
      cat(kText, "\n- PeterNeumann AAAAAAA=\n"),
      cat(kText, "\n\xE2\x80\x94 PeterNeumann\n"),
      cat(kText, "\n\xE2\x80\x94 PeterNeumann AAAA\n"),
      cat(kText, "\n\xE2\x80\x94 Peter+Neumann AAAAAAA=\n"),
      cat(kText, "\n\xE2\x80\x94  AAAAAAA=\n"),
  };
  for (const std::string& bytes : cases) {
    const auto note = parse_note(bytes);
    ASSERT_FALSE(note.ok()) << quoted(bytes);
    EXPECT_EQ(note.error().code, Code::kQuarantined);
  }
  std::string many = known_note();
  for (int i = 0; i < 70; ++i) many += kSignature;
  EXPECT_FALSE(parse_note(many).ok());
}

TEST(Note, KeyNames) {
  for (const std::string_view name : {"a", "log.example/x", "\xC3\xA9", "a-b_c"}) {
    EXPECT_TRUE(is_key_name(name)) << name;
  }
  for (const std::string_view name :
       {"", "a b", "a+b", "a\nb", "a\xC2\xA0z", "\xE3\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_key_name(name)) << name;
  }
}

}  // namespace
}  // namespace cortex::ledger
