#include "ledger/tlog/checkpoint.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::ledger {
namespace {

constexpr std::string_view kPublished =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "\xE2\x80\x94 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN"
    "7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

crypto::SigningKey checkpoint_key() {
  crypto::Seed seed;
  seed.fill(7);
  return crypto::SigningKey(seed);
}

TEST(Checkpoint, ExampleOfTheFormat_IsRead) {
  const auto read = parse_checkpoint(kPublished);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->checkpoint.origin, "example.com/behind-the-sofa");
  EXPECT_EQ(read->checkpoint.size, 20852163U);
  EXPECT_EQ(to_base64(read->checkpoint.root), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
  EXPECT_EQ(checkpoint_text(read->checkpoint), read->note.text);
}

TEST(Checkpoint, WhatIsSigned_ReadsBackAndVerifies) {
  const auto key = checkpoint_key();
  const Checkpoint checkpoint{"log.example/1", 3, leaf_hash("x"), {}};
  const auto read = parse_checkpoint(sign_checkpoint(checkpoint, key));
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->checkpoint, checkpoint);
  EXPECT_TRUE(is_signed_by(read->note, "log.example/1", key.public_key()));
}

TEST(Checkpoint, ExtensionLines_AreKept) {
  const Checkpoint checkpoint{"o", 0, empty_tree_root(), {"one", "two"}};
  const auto read = parse_checkpoint(sign_checkpoint(checkpoint, checkpoint_key()));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->checkpoint, checkpoint);
}

TEST(Checkpoint, OtherForms_AreRefused) {
  const std::string root = to_base64(leaf_hash("x"));
  const std::string texts[] = {"o\n",
                               "o\n1\n",
                               cat("o\n01\n", root, "\n"),
                               cat("o\n-1\n", root, "\n"),
                               cat("\n1\n", root, "\n"),
                               cat("o\n18446744073709551616\n", root, "\n"),
                               cat("o\n1 \n", root, "\n"),
                               "o\n1\nAAAA\n",
                               cat("o\n1\n", root.substr(0, 43), "B\n"),
                               cat("o\n1\n", root, "\next\n\nmore\n")};
  for (const std::string& text : texts) {
    const auto read = parse_checkpoint(sign_note(text, "o", checkpoint_key()));
    ASSERT_FALSE(read.ok()) << quoted(text);
    EXPECT_EQ(read.error().code, Code::kQuarantined);
  }
}

TEST(TreeProofFile, WhatIsWritten_ReadsBack) {
  for (const bool with_extra : {false, true}) {
    TreeProof proof{std::nullopt, 73894, {leaf_hash("a"), leaf_hash("b")}, std::string(kPublished)};
    if (with_extra) proof.extra = std::string("row \0 bytes", 11);
    const std::string text = proof_text(proof);
    const auto read = parse_proof(text);
    ASSERT_TRUE(read.ok()) << read.error().text();
    EXPECT_EQ(read->extra, proof.extra);
    EXPECT_EQ(read->index, proof.index);
    EXPECT_EQ(read->hashes, proof.hashes);
    EXPECT_EQ(read->checkpoint, kPublished);
    EXPECT_EQ(proof_text(*read), text);
  }
}

TEST(TreeProofFile, OtherForms_AreRefused) {
  const std::string hash = to_base64(leaf_hash("a"));
  const std::string cases[] = {"",
                               "c2sp.org/tlog-proof@v1",
                               "c2sp.org/tlog-proof@v2\nindex 0\n\nx",
                               "c2sp.org/tlog-proof@v1\nindex 00\n\nx",
                               "c2sp.org/tlog-proof@v1\nindex\n\nx",
                               "c2sp.org/tlog-proof@v1\nextra *\nindex 0\n\nx",
                               "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx",
                               cat("c2sp.org/tlog-proof@v1\nindex 0\n", hash),
                               cat("c2sp.org/tlog-proof@v1\nindex 0\n", hash, "\n"),
                               cat("c2sp.org/tlog-proof@v1\r\nindex 0\n\nx")};
  for (const std::string& bytes : cases) {
    const auto read = parse_proof(bytes);
    ASSERT_FALSE(read.ok()) << quoted(bytes);
    EXPECT_EQ(read.error().code, Code::kQuarantined);
  }
  std::string many = "c2sp.org/tlog-proof@v1\nindex 0\n";
  for (int i = 0; i < 64; ++i) many += hash + "\n";
  EXPECT_FALSE(parse_proof(many + "\nx").ok());
}

}  // namespace
}  // namespace cortex::ledger
