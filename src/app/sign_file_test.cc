#include "app/sign_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "base/text.h"
#include "crypto/ed25519.h"

namespace cortex::app {
namespace {

constexpr const char* kSeed07 = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

class SignFileTest : public AppTest {
 protected:
  SignFileTest() { put(payload_, "hello cortex\n"); }
  SignReport sign(std::string key) {
    SignRequest request;
    request.key_base64 = std::move(key);
    request.payload_path = payload_;
    request.output_path = signature_;
    return sign_file(services_, std::move(request));
  }
  std::string payload_ = folder_ / "p", signature_ = folder_ / "s";
};

TEST_F(SignFileTest, WritesTheGoldenSignature) {
  const SignReport report = sign(cat("  ", kSeed07, "\n"));
  ASSERT_EQ(report.code, Code::kOk) << report.error->text();
  EXPECT_EQ(get(signature_),
            fs::read_all(fs_, cat(CORTEX_TEST_DATA, "/ledger/sign/payload.sig"), 100).value());
  EXPECT_EQ(report.public_key, "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c");
  EXPECT_EQ(fs_.stat(signature_)->mode, 0644U);
}

TEST_F(SignFileTest, SeedFileSignsAsItsText) {
  put(folder_ / "seed", std::string(32, '\x07'));
  SignRequest request;
  request.key_file = folder_ / "seed";
  request.payload_path = payload_;
  request.output_path = signature_;
  EXPECT_EQ(sign_file(services_, request).code, Code::kOk);
  const std::string by_file = get(signature_);
  ASSERT_TRUE(fs_.remove_file(signature_).ok());
  EXPECT_EQ(sign(kSeed07).code, Code::kOk);
  EXPECT_EQ(get(signature_), by_file);
}

TEST_F(SignFileTest, NothingIsReplaced) {
  put(signature_, "older");
  const SignReport report = sign(kSeed07);
  EXPECT_EQ(report.code, Code::kPrecondition);
  EXPECT_EQ(report.error->token, "sign.output.already_exists");
  EXPECT_EQ(get(signature_), "older");
}

TEST_F(SignFileTest, EachRefusalHasItsToken) {
  for (const char* key :
       {"", "not base64!", "BwcHBw==", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}) {
    EXPECT_EQ(sign(key).error->token, "sign.signing_key_b64.malformed") << key;
  }
  ASSERT_TRUE(fs_.remove_file(payload_).ok());
  EXPECT_EQ(sign(kSeed07).error->token, "sign.payload.unreadable");
  put(payload_, "x");
  signature_ = folder_ / "none/s";
  const SignReport report = sign(kSeed07);
  EXPECT_EQ(report.error->token, "sign.output.write_failed");
  EXPECT_EQ(report.code, Code::kInternal);
}

}  // namespace
}  // namespace cortex::app
