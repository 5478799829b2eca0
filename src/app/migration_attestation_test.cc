#include "app/migration_attestation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs/fs.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;

const AttestedBoundary kBoundary = {
    "33b000163f103c75bdc6dcca3092e8217d70de2133e8f79e059bb58fb57cdf1a",
    "blake3:95682d8214746c47038d7e0919afc012389ad34c9174454de4b2e49636db19a3",
    "blake3:3548ce1f82224267efbbe3cf89261e0eff90bdbd4063e4635278540ee2c3de6b"};

std::string recorded() {
  return fs::read_all(fs::posix(), CORTEX_TEST_DATA "/store/operator-attestation.json", 1U << 20U)
      .value();
}

crypto::SigningKey key(std::uint8_t byte) {
  crypto::Seed seed;
  seed.fill(byte);
  return crypto::SigningKey(seed);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(MigrationAttestation, RecordedOne_VerifiesAndIsMadeAgainByteForByte) {
  const auto read = verify_attestation(recorded(), kBoundary);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->operator_key_id, "golden-operator");
  EXPECT_EQ(attestation_text(sign_migration(key(7), "golden-operator", kBoundary, read->signed_at)),
            recorded());
}

TEST(MigrationAttestation, SignedAt_CountsInItsNormalForm) {
  EXPECT_TRUE(verify_attestation(replaced(recorded(), "805+00:00", "805Z"), kBoundary).ok());
}

struct Change {
  const char* from;
  const char* to;
  const char* says;
};
constexpr Change kChanges[] = {
    {"\"schema_version\": 1", "\"schema_version\": 2", "schema_version"},
    {"v1_to_v2\"", "v2_to_v3\"", "purpose"},
    {"33b00016", "33b00017", "previous_v1_head_hash"},
    {"95682d82", "95682d83", "migration_script_digest"},
    {"3548ce1f", "3548ce10", "fixture_verification_result_hash"},
    {"\"ea4a", "\"EA4A", "operator_verifying_key_hex"},
    {"\"ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c\"",
     "\"0100000000000000000000000000000000000000000000000000000000000000\"", "cannot be used"},
    {"eca46c05", "eca46c", "signature_hex"},
    {"eca46c05", "eca46c04", "signature does not match"},
    {"golden-operator", "other-operator", "signature does not match"},
    {"22:51:05", "22:51:06", "signature does not match"},
    {"\"boundary\"", "\"bound\"", "boundary"},
};

TEST(MigrationAttestation, EveryChange_IsRefusedWithItsReason) {
  for (const Change& change : kChanges) {
    const auto read = verify_attestation(replaced(recorded(), change.from, change.to), kBoundary);
    ASSERT_FALSE(read.ok()) << change.from;
    EXPECT_EQ(read.error().code, Code::kPrecondition);
    EXPECT_THAT(read.error().message, HasSubstr(change.says)) << change.from;
  }
  for (const char* text : {"", "[]", "{", "null", "{\"boundary\":{}}"}) {
    EXPECT_FALSE(verify_attestation(text, kBoundary).ok()) << text;
  }
}

TEST(MigrationAttestation, AnotherBoundary_IsRefused) {
  AttestedBoundary other = kBoundary;
  other.previous_v1_head_hash[0] = '4';
  EXPECT_FALSE(verify_attestation(recorded(), other).ok());
}

}  // namespace
}  // namespace cortex::app
