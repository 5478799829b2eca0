#include "ledger/signed_history.h"

#include <gmock/gmock.h>

#include <memory>

#include "ledger/boundary.h"
#include "ledger/counting_fixture.h"
#include "ledger/erasure.h"
#include "ledger/proven_prefix.h"
#include "ledger/signed_fixture.h"
#include "ledger/tlog/sidecar.h"

namespace cortex::ledger {
namespace {

using testing::HasSubstr;

class SignedHistoryTest : public LedgerTest {
 protected:
  static constexpr std::uint8_t kKey = 7, kOther = 8;

  std::unique_ptr<AppendLog> log(std::optional<std::uint8_t> key) {
    auto opened = AppendLog::open(fs::posix(), path_, system_clock(), system_random());
    EXPECT_TRUE(opened.ok());
    if (key) {
      EXPECT_TRUE((*opened)->sign_with(test_key(*key), system_clock()).ok());
    }
    return std::move(opened).value();
  }
  void append(core::Event event, std::optional<std::uint8_t> key = kKey) {
    const auto opened = log(key);
    ASSERT_TRUE(opened->append(event).ok() && opened->commit().ok());
  }
  void append_rows(std::uint64_t count, std::optional<std::uint8_t> key = kKey) {
    const auto opened = log(key);
    for (std::uint64_t i = 0; i < count; ++i) {
      core::Event event = sample_event(++rows_, 300);
      ASSERT_TRUE(opened->append(event).ok());
    }
    ASSERT_TRUE(opened->commit().ok());
  }
  void append_boundary() {
    const auto opened = log(std::nullopt);
    core::Event event = boundary_event({*opened->head(), ""}, system_clock(), system_random());
    ASSERT_TRUE(opened->append(event).ok() && opened->commit().ok());
  }
  void append_rotation() {
    core::Event event = sample_event(++rows_);
    event.payload =
        rotation_payload(test_key(kKey), test_key(kOther).public_key(), system_clock().now());
    append(std::move(event));
  }
  SignedHistory check(std::uint8_t key = kKey, const std::string& standing = "active") {
    const auto file = counting_.open(path_, fs::Open::kRead, 0600);
    counting_.bytes_read = 0;
    auto history = check_signed_history(counting_, **file, (*file)->info()->size_bytes,
                                        test_key(key), kTestLedgerId, standing, system_random());
    EXPECT_TRUE(history.ok());
    return history.ok() ? std::move(history).value() : SignedHistory{};
  }
  void expect_fresh(const SignedHistory& history) {
    EXPECT_FALSE(history.failure) << history.failure->reason;
    EXPECT_EQ(history.rows_known, 0U);
  }
  std::string proven() const { return proven_prefix_path(path_); }
  static std::string get(const std::string& path) {
    return fs::read_all(fs::posix(), path, 1U << 30U).value();
  }

  CountingFs counting_;
  std::uint64_t rows_ = 0;
};

TEST_F(SignedHistoryTest, WhatWasProvenIsNotReadAgain_WhateverTheLength) {
  std::vector<std::uint64_t> read;
  for (const std::uint64_t more : {1000U, 7000U}) {
    append_rows(more);
    const std::uint64_t known = check().rows;
    EXPECT_EQ(known, rows_);
    EXPECT_GT(counting_.bytes_read, more * 300);
    append_rows(1);
    const SignedHistory again = check();
    EXPECT_FALSE(again.failure);
    EXPECT_EQ(again.rows, rows_);
    EXPECT_EQ(again.rows_known, known);
    read.push_back(counting_.bytes_read);
  }
  // Some rows and tiles: their number grows with the logarithm.
  EXPECT_LT(read[0], 700'000U);
  EXPECT_LT(read[1], 700'000U);
  EXPECT_EQ(fs::posix().stat(proven())->mode, 0600U);
}

TEST_F(SignedHistoryTest, WhatTheTailHoldsCounts) {
  append_rows(20);
  expect_fresh(check());
  append_rows(3);
  EXPECT_EQ(check().rows_known, 20U);
  append_rows(1, std::nullopt);
  const SignedHistory broken = check();
  ASSERT_TRUE(broken.failure);
  EXPECT_EQ(broken.failure->line, 24U);
  EXPECT_EQ(broken.failure->reason, "MissingSignature");
  append_rows(1);
  EXPECT_TRUE(check().failure);  // a failure is never left behind
}

TEST_F(SignedHistoryTest, AnotherStandingNameOrFile_IsProvenAnew) {
  append_rows(10);
  expect_fresh(check());
  EXPECT_EQ(check().rows_known, 10U);
  expect_fresh(check(kKey, "retired"));
  EXPECT_EQ(check(kKey, "retired").rows_known, 10U);
  expect_fresh(check());
  const std::string text = get(path_);
  ASSERT_TRUE(fs::posix().rename_no_replace(path_, path_ + ".old").ok());
  write(text);
  expect_fresh(check());
  ASSERT_TRUE(fs::remove_tree(fs::posix(), sidecar_path(path_)).ok());
  expect_fresh(check());
  append_rows(1);  // makes the tree again
  EXPECT_EQ(check().rows_known, 10U);
}

TEST_F(SignedHistoryTest, OnlyTheKeySaysWhatWasProven) {
  append_rows(10);
  expect_fresh(check());
  const std::string good = get(proven());
  const std::size_t end = good.find(",\"check\"");
  for (const auto& [from, to] :
       {std::pair{"\"rows\":10", "\"rows\":09"}, std::pair{"\"first_row\":1", "\"first_row\":2"},
        std::pair{"\"signature\":\"", "\"signature\":\"0"}}) {
    scribble(proven(), with_check(replaced(good.substr(0, end), from, to)));
    expect_fresh(check());
    scribble(proven(), good);
    EXPECT_EQ(check().rows_known, 10U);
  }
  for (std::size_t i = 0; i < good.size(); i += 7) {
    std::string flipped = good;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    scribble(proven(), flipped);
    expect_fresh(check());
  }
}

// The hashes are left as they were: the head does not tell.
TEST_F(SignedHistoryTest, APrefixThatWasRewrittenInPlace_IsMetBySpotChecks) {
  append_rows(10);
  expect_fresh(check());
  std::string text = get(path_);
  for (std::size_t at = 0; (at = text.find("xxxx\"", at)) != std::string::npos; ++at)
    text[at] = 'y';
  scribble(path_, text);
  const SignedHistory history = check();
  ASSERT_TRUE(history.failure);
  EXPECT_THAT(history.failure->reason, HasSubstr("PayloadHashMismatch"));
}

// A mark says which leaf the row had: without the operation that names it, that is nobody's word.
TEST_F(SignedHistoryTest, APrefixThatWasMarkedAsErased_IsMetBySpotChecks) {
  append_rows(10);
  expect_fresh(check());
  std::string text = get(path_);
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    const std::string_view entry =
        std::string_view(text).substr(begin, text.find('\n', begin) - begin);
    const std::string mark =
        cat(R"(","cortex_erased":{"id":"e","leaf":")", to_hex(leaf_hash(entry)), R"("}})");
    const std::size_t end = text.find("xxxx\"}", begin) + 6;
    text.replace(end - mark.size(), mark.size(), mark);
  }
  scribble(path_, text);
  const SignedHistory history = check();
  EXPECT_EQ(history.rows_known, 0U);
  ASSERT_TRUE(history.failure);
  EXPECT_EQ(history.failure->invariant, kErasureUnrecordedToken);
}

TEST_F(SignedHistoryTest, BeginsBehindTheRowOfTheMigration) {
  append_rows(5, std::nullopt);
  EXPECT_TRUE(check().failure);
  append_boundary();
  append_rows(4);
  const SignedHistory first = check();
  expect_fresh(first);
  EXPECT_EQ(first.first_row, 7U);
  EXPECT_EQ(first.rows, 10U);
  append_rows(1);
  const SignedHistory again = check();
  EXPECT_EQ(again.rows_known, 10U);
  EXPECT_EQ(again.first_row, 7U);
  append_rows(1, std::nullopt);
  const SignedHistory broken = check();
  ASSERT_TRUE(broken.failure);
  EXPECT_EQ(broken.failure->line, 12U);
}

TEST_F(SignedHistoryTest, BeginsBehindTheRotationThatMadeTheKeyActive) {
  append_rows(3);
  append_rows(1, std::nullopt);
  append_rows(1);
  EXPECT_TRUE(check().failure);
  append_rotation();
  append_rows(2, kOther);
  EXPECT_TRUE(check().failure);  // the old key's history did not get better by it
  const SignedHistory history = check(kOther);
  expect_fresh(history);
  EXPECT_EQ(history.first_row, 7U);
  EXPECT_EQ(check(kOther).rows_known, 8U);
  EXPECT_TRUE(check(9).failure);
}

TEST_F(SignedHistoryTest, ABrokenChainBeforeTheBoundary_IsNotForgiven) {
  append_rows(5, std::nullopt);
  append_boundary();
  append_rows(4);
  scribble(path_, replaced(get(path_), "{\"n\":2", "{\"n\":9"));
  const SignedHistory history = check();
  ASSERT_TRUE(history.failure);
  EXPECT_EQ(history.failure->line, 2U);
}

}  // namespace
}  // namespace cortex::ledger
